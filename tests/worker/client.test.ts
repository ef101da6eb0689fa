/** The page's client of the engine, where the engine's answers and its reports overtake each other. */
import * as Comlink from 'comlink';
import { afterEach, describe, expect, it } from 'vitest';
import type { JudgeReport, JudgeRequest, ProgressReport } from '../../src/lib/worker/api.ts';
import { LabClient } from '../../src/lib/worker/client.ts';

const judged = {} as JudgeRequest;
const report = (doing: string): JudgeReport => ({ progress: { doing, fraction: 0, secondsLeft: null } });
const soon = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** A worker's stead: it reports, answers, and reports once more when the answer is in. */
function unordered(answered: Promise<void>): { worker: Worker; late: Promise<void>; end: () => void } {
  const { port1, port2 } = new MessageChannel();
  let said = () => undefined as void;
  const late = new Promise<void>((resolve) => (said = resolve));
  const lab = {
    start: () => ({ ok: true, value: {} }),
    judge: async (_job: number, _request: JudgeRequest, onReport: (r: JudgeReport) => Promise<void>) => {
      await onReport(report('early'));
      void answered.then(() => onReport(report('late'))).then(said);
      return { ok: true, value: [] };
    },
    cancel: () => undefined,
  };
  Comlink.expose(lab, port2);
  const worker = Object.assign(port1, { terminate: () => port1.close() }) as unknown as Worker;
  return { worker, late, end: () => port2.close() };
}

let end = () => undefined as void;
afterEach(() => end());

describe('reports of the engine', () => {
  it('are heard until the job is answered, and not after', async () => {
    let answer = () => undefined as void;
    const engine = unordered(new Promise((resolve) => (answer = resolve)));
    const client = new LabClient('', () => engine.worker);
    end = () => {
      client.dispose();
      engine.end();
    };
    const heard: string[] = [];
    const hear = ({ progress }: { progress: ProgressReport }) => heard.push(progress.doing);
    expect(await client.judge(judged, hear)).toEqual({ ok: true, value: [] });
    expect(heard).toEqual(['early']);
    answer();
    await engine.late;
    await soon(20);
    expect(heard).toEqual(['early']);
  });
});
