/**
 * @file Forward pass and gradient of layers models on every runtime that Node has, and on TensorFlow.js by itself (`predict` and
 * `grad`), which is the peer: drawn from a seed, read as a person's file would be.
 *
 *     node bench/runtimes.ts [--rounds 10] [--model plain] [--device tfjs-wasm]
 *
 * Each model runs on each runtime in a process of its own, on one thread; what is compared takes turns.
 */
import { execFileSync } from 'node:child_process';
import os from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import * as tf from '@tensorflow/tfjs-core';
import type * as layers from '@tensorflow/tfjs-layers';
import { readModel } from '../src/lib/formats/read.ts';
import type { Graph } from '../src/lib/graph/graph.ts';
import { createRuntime } from '../src/lib/runtime/device.ts';
import type { DeviceId } from '../src/lib/runtime/devices.ts';
import type { Feed, Program } from '../src/lib/runtime/runtime.ts';
import type { FloatTensor } from '../src/lib/tensor/tensor.ts';
import { CLASSES, layersModels } from './layers-models.ts';
import { CLASS, gradientGraph, image, oneHot } from './models.ts';
import { interleave, ratio, spread, type Spread } from './timing.ts';

const DEVICES = ['ort-wasm', 'tfjs-wasm', 'tfjs-cpu'] as const satisfies readonly DeviceId[];

interface Measured {
  readonly model: string;
  readonly device: string;
  readonly forward: Spread;
  readonly gradient: Spread;
  /** TensorFlow.js by itself on the same backend; null where it has none, or no gradient of an operator. */
  readonly peer: { readonly forward: Spread; readonly gradient: Spread | null; readonly why: string } | null;
  /** Peer's time / ours; above 1 ours is faster. */
  readonly gain: { readonly forward: Spread; readonly gradient: Spread | null } | null;
  /** max |ours − peer's| / max |peer's| of the gradient. */
  readonly difference: number | null;
}

/** The model as this project reads it. */
async function graphOf(model: layers.LayersModel): Promise<Graph> {
  let saved: tf.io.ModelArtifacts | undefined;
  await model.save(
    tf.io.withSaveHandler(async (artifacts) => {
      saved = artifacts;
      return { modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: 'JSON' } };
    }),
  );
  const { modelTopology, weightSpecs, weightData } = saved!;
  const weightsManifest = [{ paths: ['weights.bin'], weights: weightSpecs }];
  const json = JSON.stringify({ format: 'layers-model', modelTopology, weightsManifest });
  const imported = await readModel({
    file: 'model.json',
    bytes: new TextEncoder().encode(json),
    beside: [{ path: 'weights.bin', data: new Uint8Array(weightData as ArrayBuffer) }],
  });
  return imported.graph;
}

const run = (program: Program, feeds: readonly Feed[]) => async () => {
  const results = await program.run(feeds);
  const read = await Promise.all(results.map((result) => result.read()));
  results.forEach((result) => result.dispose());
  return read.at(-1)!.data as Float32Array;
};

/** Asked of TensorFlow.js itself, on its current backend; from an image on the host to numbers on the host, as ours. */
function peerOf(model: layers.LayersModel, { data, shape }: FloatTensor) {
  const x = () => tf.tensor4d(data, shape as [number, number, number, number]);
  const score = (input: tf.Tensor) =>
    tf.sum(tf.slice(model.apply(input) as tf.Tensor2D, [0, CLASS % CLASSES], [1, 1])) as tf.Scalar;
  const gradient = tf.grad((input: tf.Tensor) => score(input));
  const read = async (make: () => tf.Tensor) => {
    const result = tf.tidy(make);
    const numbers = (await result.data()) as Float32Array;
    result.dispose();
    return numbers;
  };
  return { forward: () => read(() => model.predict(x()) as tf.Tensor), gradient: () => read(() => gradient(x())) };
}

function differenceOf(ours: Float32Array, peers: Float32Array): number {
  const largest = (values: Float32Array) => values.reduce((most, v) => Math.max(most, Math.abs(v)), 0);
  return largest(ours.map((v, i) => v - peers[i])) / largest(peers);
}

async function measure(device: DeviceId, name: string, rounds: number): Promise<Measured> {
  const runtime = await createRuntime(device, { threads: 1 });
  if (runtime.device.runtime !== 'tfjs') await tf.setBackend('cpu').catch(() => import('@tensorflow/tfjs-backend-cpu'));
  const { side, build } = layersModels[name];
  const model = build();
  const graph = await graphOf(model);
  const x = image([1, side, side, 3]);
  const [forward, gradient] = [await runtime.compile(graph), await runtime.compile(gradientGraph(graph))];
  const ours = { forward: run(forward, [x]), gradient: run(gradient, [x, oneHot(CLASSES)]) };
  const peer = runtime.device.runtime === 'tfjs' ? peerOf(model, x) : null;
  const asked = await peer
    ?.gradient()
    .catch((error: unknown) => (error instanceof Error ? error.message : String(error)));
  const why = typeof asked === 'string' ? asked : '';
  const tasks: Record<string, () => Promise<unknown>> = {
    ...ours,
    ...(peer && { peerForward: peer.forward }),
    ...(peer && !why && { peerGradient: peer.gradient }),
  };
  const times = await interleave(tasks, rounds);
  const wall = (task: string) => spread(times[task].map((turn) => turn.wall));
  return {
    model: name,
    device,
    forward: wall('forward'),
    gradient: wall('gradient'),
    peer: peer && { forward: wall('peerForward'), gradient: why ? null : wall('peerGradient'), why },
    gain: peer && {
      forward: ratio(times.peerForward, times.forward, 'cpu'),
      gradient: why ? null : ratio(times.peerGradient, times.gradient, 'cpu'),
    },
    difference: asked instanceof Float32Array ? differenceOf(await ours.gradient(), asked) : null,
  };
}

const both = (value: Spread | null | undefined, digits = 1): string =>
  value ? `${value.min.toFixed(digits)} / ${value.median.toFixed(digits)}` : '–';

const HEAD = 'model|device|forward|TF.js predict|predict / ours|gradient|TF.js grad|grad / ours|difference'.split('|');

function table(rows: readonly Measured[]): string {
  const lines = rows.map(({ model, device, forward, gradient, peer, gain, difference }) => [
    model,
    device,
    both(forward),
    both(peer?.forward),
    both(gain?.forward, 2),
    both(gradient),
    both(peer?.gradient),
    both(gain?.gradient, 2),
    difference?.toExponential(0) ?? '–',
  ]);
  return [HEAD, HEAD.map(() => '---'), ...lines].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

const notes = (rows: readonly Measured[]): string =>
  rows.flatMap(({ model, device, peer }) => (peer?.why ? [`${model} on ${device}: ${peer.why}`] : [])).join('\n');

if (process.argv[2] === '--child') {
  const [device, model, rounds] = process.argv.slice(3);
  console.log(JSON.stringify(await measure(device as DeviceId, model, Number(rounds))));
  process.exit(0);
} else {
  const { values } = parseArgs({
    options: { rounds: { type: 'string', default: '10' }, model: { type: 'string' }, device: { type: 'string' } },
  });
  const self = fileURLToPath(import.meta.url);
  const models = Object.keys(layersModels).filter((name) => !values.model || name === values.model);
  const devices = DEVICES.filter((id) => !values.device || id === values.device);
  const rows = models.flatMap((model) =>
    devices.map((device) => {
      const options = [self, '--child', device, model, values.rounds];
      const output = execFileSync(process.execPath, options, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
      return JSON.parse(output.trim().split('\n').at(-1)!) as Measured;
    }),
  );
  console.log(
    `${new Date().toISOString().slice(0, 10)} · ${os.cpus()[0].model}, ${os.cpus().length} cores · Node ${process.versions.node}`,
  );
  console.log(`\nMinimum / median of ${values.rounds} rounds; times in milliseconds, quotients of computing time.\n`);
  console.log([table(rows), notes(rows)].filter(Boolean).join('\n\n'));
}
