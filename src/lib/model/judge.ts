/** @file How good an explanation is: metrics, as the page asks for them, of one map after the other. */
import { findMetric, metrics } from '../metrics/registry.ts';
import { groups, type Measured, type Metric, type Subject } from '../metrics/types.ts';
import { askedBy, type Setting } from './explain.ts';
import { baselineOf, scoresOfInputs } from './feed.ts';
import { paced } from './pace.ts';
import type { AttributionRequest, OptionSchema, ProgressReport } from './types.ts';

export interface MetricInfo extends Pick<
  Metric,
  'id' | 'title' | 'description' | 'citation' | 'better' | 'cost' | 'needsMask' | 'needsClass'
> {
  /** The heading that lists show it under. */
  readonly group: string;
  readonly options: OptionSchema;
}

/** Every metric, the cheap ones first. */
export const metricInfos = (): MetricInfo[] =>
  metrics.map(({ measure: _, group, options, ...rest }) => ({
    ...rest,
    group: groups[group],
    // What a schema's library keeps beside the schema does not survive the way to the page.
    options: JSON.parse(JSON.stringify(options)) as OptionSchema,
  }));

/** A metric, and the options that differ from its own. */
export interface MetricChoice {
  readonly metric: string;
  readonly options: Readonly<Record<string, unknown>>;
}

export interface JudgeRequest {
  /** The explanation that is judged. */
  readonly request: AttributionRequest;
  readonly choices: readonly MetricChoice[];
  /** One number for each place of the model's input, row by row, not 0 on the object; null without one. */
  readonly mask: Uint8Array | null;
}

export interface Judgement extends Measured, MetricChoice {
  readonly milliseconds: number;
}

export interface JudgeReport {
  readonly progress: ProgressReport;
  /** The metric that has just been done; missing in between. */
  readonly judgement?: Judgement;
}

/** The explanation of a request, as metrics see it. Explains once. Throws a RangeError where the model has several images. */
export async function subjectOf(
  setting: Setting,
  request: AttributionRequest,
  mask: Uint8Array | null,
): Promise<Subject> {
  const { loaded, image } = setting;
  if (loaded.images.length > 1)
    throw new RangeError(
      `${loaded.info.name}: it has ${loaded.images.length} image inputs; metrics judge models with one. Open such a model.`,
    );
  const { method, feeds, layer, question } = await askedBy(setting, request);
  const { width, height } = feeds[0].preprocessing;
  if (mask && mask.length !== width * height)
    throw new RangeError(
      `Mask: it has ${mask.length} places, the model sees ${width} × ${height}. Paint it again, or take it away.`,
    );
  const explain: Subject['explain'] = (again) => method.explain(again, request.options);
  return {
    question,
    explanation: await explain(question),
    explain,
    mapOf: (scores) => scoresOfInputs(loaded.model, feeds, scores, layer)[0].map,
    without: (kind) => baselineOf(feeds, { kind }, request.seed, image),
    mask,
  };
}

/**
 * Judges a request's explanation by each metric in turn, and reports on the way and after each. Throws the signal's reason when cancelled, and
 * a RangeError for metrics or options that do not exist.
 */
export async function judge(
  setting: Setting,
  { request, choices, mask }: JudgeRequest,
  onReport: (report: JudgeReport) => void,
): Promise<readonly Judgement[]> {
  const chosen = choices.map(({ metric }) => findMetric(metric));
  const judgements: Judgement[] = [];
  const progressOf = (doing: string, share = 0): ProgressReport => {
    const fraction = chosen.length === 0 ? 1 : (judgements.length + share) / chosen.length;
    return { doing, fraction, secondsLeft: null };
  };
  onReport({ progress: progressOf('explaining') });
  const subject = await subjectOf(setting, request, mask);
  for (const [i, metric] of chosen.entries()) {
    onReport({ progress: progressOf(metric.title) });
    const onProgress = paced(({ done, total }: { done: number; total: number }) =>
      onReport({ progress: progressOf(`${metric.title}: ${Math.floor(done)} of ${total}`, done / total) }),
    );
    const start = performance.now();
    const asked = { ...subject, question: { ...subject.question, onProgress } };
    const measured = await metric.measure(asked, choices[i].options);
    const judgement = { ...choices[i], ...measured, milliseconds: performance.now() - start };
    judgements.push(judgement);
    onReport({ progress: progressOf(metric.title), judgement });
  }
  return judgements;
}
