/** @file The caption's facts in words, for the page and for the clipboard. */
import { layerTitle } from '../state/layer-title.ts';
import { followedThrough, titleOfNeuron, titleOfThrough } from '../state/neuron.ts';
import type { AttributionResult, ModelInfo } from '../state/workspace.svelte.ts';
import { counted, duration, number, percent } from './format.ts';

export interface Fact {
  readonly name: string;
  readonly value: string;
  /** What it means, in plain words. */
  readonly meaning?: string;
}

export const labelOf = (model: ModelInfo | null, index: number): string => model?.labels[index] ?? `class ${index}`;

/**
 * The class or the neuron that is explained: "tabby", "channel 12 at row 3, column 4 of conv5"; and the neuron through which it is
 * followed.
 */
export const explainedText = (
  { target, neuron, through }: Pick<AttributionResult['request'], 'target' | 'neuron' | 'through'>,
  model: ModelInfo | null,
): string => followedThrough(neuron ? titleOfNeuron(neuron) : labelOf(model, target.index), through);

/** F, as it is written: "logit of tabby", "activation of channel 12 at row 3, column 4 of conv5". */
export function targetText({ target, neuron }: AttributionResult['request'], model: ModelInfo | null): string {
  if (neuron) return `activation of ${titleOfNeuron(neuron)}`;
  const label = labelOf(model, target.index);
  switch (target.kind) {
    case 'logit':
      return `logit of ${label}`;
    case 'probability':
      return `probability of ${label}`;
    case 'logit-minus-mean':
      return `logit of ${label} − mean logit`;
    case 'difference':
      return `logit of ${label} − logit of ${labelOf(model, target.other)}`;
  }
}

const KIND: Readonly<Record<AttributionResult['device']['kind'], string>> = {
  webgpu: 'WebGPU',
  wasm: 'WASM',
  webgl: 'WebGL',
  cpu: 'JavaScript',
};

type Device = AttributionResult['device'];

/** The device as a person names it. */
export const deviceName = ({ runtime, kind }: Pick<Device, 'runtime' | 'kind'>): string =>
  runtime === 'tfjs' ? `TensorFlow.js, ${KIND[kind]}` : KIND[kind];

export const deviceText = (device: Device): string =>
  device.kind === 'wasm'
    ? `${deviceName(device)}, ${counted(device.threads, 'thread', 'threads')}`
    : deviceName(device);

/** Whether random numbers went into the result. */
export function draws({ request }: AttributionResult, model: ModelInfo | null): boolean {
  const needs = model?.methods.find(({ id }) => id === request.method)?.needs;
  return needs?.seed === true || (needs?.baseline === true && request.baseline.kind === 'noise');
}

type Estimate = NonNullable<NonNullable<AttributionResult['check']>['estimate']>;

/** "≈ 0.98 % of 1 % allowed, by gradients". */
export const errorText = ({ error, target, rule }: Estimate): string =>
  `≈ ${percent(error)}${error > target ? ', over the' : ' of'} ${percent(target)} allowed, by ${rule}`;

export function factsOf(result: AttributionResult, model: ModelInfo | null): Fact[] {
  const { request, check } = result;
  const method = model?.methods.find(({ id }) => id === request.method);
  const facts: Fact[] = [
    { name: 'F(x)', value: number(result.value, { signed: true }), meaning: `F is the ${targetText(request, model)}.` },
  ];
  if (result.baselineValue !== null) {
    facts.push({
      name: 'F(x′)',
      value: number(result.baselineValue, { signed: true }),
      meaning: 'The same number for the baseline, the input that stands for “nothing there”.',
    });
  }
  facts.push(
    check
      ? {
          name: 'Δ',
          value: `${number(check.delta, { signed: true, digits: 3 })} (${percent(check.relative)})`,
          meaning: `The method promises ${check.claim}. Δ is by how much the numbers miss it; the share is of what is to be explained. Below a few percent it is of no concern.`,
        }
      : { name: 'Δ', value: 'none', meaning: 'This method promises no sum that could be checked.' },
  );
  if (check?.estimate) {
    facts.push({
      name: 'Error',
      value: errorText(check.estimate),
      meaning:
        'How much of all attribution is wrong: Σ |score − IG| over Σ |IG|, where IG is the exact integral. An estimate from how the gradient jumps between the points, not a proven bound.',
    });
  }
  const through = titleOfThrough(request.through);
  if (through) facts.push({ name: 'Through', value: through });
  if (request.layer !== null) facts.push({ name: 'Layer', value: layerTitle(request.layer) });
  facts.push({
    name: 'Method',
    value: `${method?.title ?? request.method}, ${counted(result.passes, 'pass', 'passes')}`,
  });
  facts.push(
    draws(result, model)
      ? { name: 'Seed', value: String(request.seed), meaning: 'The same seed gives the same random numbers.' }
      : { name: 'Seed', value: 'none', meaning: 'Nothing here is drawn at random.' },
    { name: 'Device', value: deviceText(result.device) },
    { name: 'Time', value: duration(result.milliseconds) },
  );
  return facts;
}

/** Everything needed to name the result, as lines of text. */
export function asText(result: AttributionResult, model: ModelInfo | null, imageName: string): string {
  const { request } = result;
  return [
    ['Model', `${model?.name ?? ''} (sha256 ${result.modelSha256})`],
    ['Image', `${imageName} (sha256 ${result.imageSha256})`],
    ['Target', targetText(request, model)],
    ...(request.neuron ? [['Neuron', JSON.stringify(request.neuron)]] : []),
    ...(request.through ? [['Through', JSON.stringify(request.through)]] : []),
    ...(result.probability === null ? [] : [['Probability', String(result.probability)]]),
    ...factsOf(result, model)
      // The whole names of layers stand beside them.
      .filter(({ name }) => name !== 'Layer' && name !== 'Through')
      .map(({ name, value }) => [name, value]),
    ['Options', JSON.stringify(request.options)],
    ['Baseline', JSON.stringify(request.baseline)],
    ...(request.layer === null ? [] : [['Layer', request.layer]]),
    ['Preprocessing', JSON.stringify(request.preprocessing)],
    ['Version', result.version],
  ]
    .map(([name, value]) => `${name}: ${value}`)
    .join('\n');
}
