/** @file ONNX's node tests on a runtime of the browser, inside a module worker. */
import { expose } from 'comlink';
import { unzipSync } from 'fflate';
import { createOrtRuntime } from '../../src/lib/runtime/ort.ts';
import { createTfjsRuntime } from '../../src/lib/runtime/tfjs/runtime.ts';
import { caseOf, judgeOurs, namesOf, onRuntime, skipped, type Verdict } from '../formats/node-cases.ts';

const at = (path: string) => new URL(path, self.location.origin).href;

const runtimes = {
  onnxruntime: () => createOrtRuntime({ device: 'webgpu', wasmPaths: at('/ort/') }),
  async tfjs() {
    const runtime = await createTfjsRuntime({ backend: 'webgpu', wasmPaths: at('/tfjs/') });
    // Small tensors, as all of these are, would be computed on the processor, and the shaders left untested.
    (await import('@tensorflow/tfjs-core')).env().set('WEBGPU_CPU_FORWARD', false);
    return runtime;
  },
};

/** The verdict of each case of the archive at `url`; of every `stride`-th one where that is more than 1. */
async function judgeAll(name: keyof typeof runtimes, url: string, stride: number): Promise<Record<string, Verdict>> {
  const files = new Map(Object.entries(unzipSync(new Uint8Array(await (await fetch(url)).arrayBuffer()))));
  const run = onRuntime(await runtimes[name]());
  const verdicts: Record<string, Verdict> = {};
  for (const title of namesOf(files).filter((_, i) => i % stride === 0)) {
    const test = caseOf(title, files);
    verdicts[title] = typeof test === 'string' ? skipped(test) : await judgeOurs(test, run);
  }
  return verdicts;
}

export type NodeTests = typeof judgeAll;
expose(judgeAll);
