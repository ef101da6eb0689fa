/**
 * @file Forward pass and gradient of one network on every runtime that Node has, and on TensorFlow.js by itself (`predict` and
 * `grads`), which is the peer: one layers model, drawn from a seed, read as a person's file would be.
 *
 *     node bench/runtimes.ts [--rounds 10]
 *
 * Each runtime runs in a process of its own, on one thread; what is compared takes turns.
 */
import { execFileSync } from 'node:child_process';
import os from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import * as tf from '@tensorflow/tfjs-core';
import * as layers from '@tensorflow/tfjs-layers';
import { readModel } from '../src/lib/formats/read.ts';
import type { Graph } from '../src/lib/graph/graph.ts';
import { createRuntime } from '../src/lib/runtime/device.ts';
import type { DeviceId } from '../src/lib/runtime/devices.ts';
import type { Feed, Program } from '../src/lib/runtime/runtime.ts';
import { gradientGraph, image, oneHot } from './models.ts';
import { interleave, ratio, spread, type Spread } from './timing.ts';

const DEVICES = ['ort-wasm', 'tfjs-wasm', 'tfjs-cpu'] as const satisfies readonly DeviceId[];
const SIDE = 96;
const CLASSES = 16;

interface Measured {
  readonly device: string;
  readonly forward: Spread;
  readonly gradient: Spread;
  /** TensorFlow.js by itself on the same backend; null where it has none, or no gradient of an operator. */
  readonly peer: { readonly forward: Spread; readonly gradient: Spread | null; readonly why: string } | null;
  /** Peer's gradient / ours; above 1 ours is faster. */
  readonly gain: Spread | null;
}

/** Convolutions, poolings and a dense layer, as small classifiers in pages have them. */
function network(): layers.Sequential {
  const kernelInitializer = layers.initializers.heNormal({ seed: 1 });
  const conv = (filters: number, more: object = {}) =>
    layers.layers.conv2d({ filters, kernelSize: 3, padding: 'same', activation: 'relu', kernelInitializer, ...more });
  const pool = () => layers.layers.maxPooling2d({ poolSize: 2 });
  return layers.sequential({
    layers: [
      conv(16, { inputShape: [SIDE, SIDE, 3] }),
      conv(16),
      pool(),
      conv(32),
      conv(32),
      pool(),
      conv(64),
      layers.layers.globalAveragePooling2d({}),
      layers.layers.dense({ units: CLASSES, kernelInitializer }),
    ],
  });
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
  for (const result of results) {
    await result.read();
    result.dispose();
  }
};

/** Asked of TensorFlow.js itself, on its current backend. */
function peerOf(model: layers.LayersModel, data: Float32Array) {
  const x = tf.tensor4d(data, [1, SIDE, SIDE, 3]);
  const score = (input: tf.Tensor) => tf.sum(tf.slice(model.apply(input) as tf.Tensor2D, [0, 0], [1, 1])) as tf.Scalar;
  const gradient = tf.grad((input: tf.Tensor) => score(input));
  const read = async (make: () => tf.Tensor) => {
    const result = tf.tidy(make);
    await result.data();
    result.dispose();
  };
  return { forward: () => read(() => model.predict(x) as tf.Tensor), gradient: () => read(() => gradient(x)) };
}

async function measure(device: DeviceId, rounds: number): Promise<Measured> {
  const runtime = await createRuntime(device, { threads: 1 });
  if (runtime.device.runtime !== 'tfjs') await tf.setBackend('cpu').catch(() => import('@tensorflow/tfjs-backend-cpu'));
  const model = network();
  const graph = await graphOf(model);
  const x = image([1, SIDE, SIDE, 3]);
  const [forward, gradient] = [await runtime.compile(graph), await runtime.compile(gradientGraph(graph))];
  const ours = { forward: run(forward, [x]), gradient: run(gradient, [x, oneHot(CLASSES)]) };
  const peer = runtime.device.runtime === 'tfjs' ? peerOf(model, x.data) : null;
  const why = peer
    ? await peer.gradient().then(
        () => '',
        (error: unknown) => (error instanceof Error ? error.message : String(error)),
      )
    : '';
  const tasks: Record<string, () => Promise<unknown>> = {
    ...ours,
    ...(peer && { peerForward: peer.forward }),
    ...(peer && !why && { peerGradient: peer.gradient }),
  };
  const times = await interleave(tasks, rounds);
  const wall = (name: string) => spread(times[name].map((turn) => turn.wall));
  return {
    device,
    forward: wall('forward'),
    gradient: wall('gradient'),
    peer: peer && { forward: wall('peerForward'), gradient: why ? null : wall('peerGradient'), why },
    gain: peer && !why ? ratio(times.peerGradient, times.gradient, 'cpu') : null,
  };
}

const both = (value: Spread | null | undefined, digits = 1): string =>
  value ? `${value.min.toFixed(digits)} / ${value.median.toFixed(digits)}` : '–';

function table(rows: readonly Measured[]): string {
  const head = ['device', 'forward', 'gradient', 'TF.js predict', 'TF.js grad', 'TF.js grad / ours'];
  const lines = rows.map((r) => [
    r.device,
    both(r.forward),
    both(r.gradient),
    both(r.peer?.forward),
    r.peer?.why || both(r.peer?.gradient),
    both(r.gain, 2),
  ]);
  return [head, head.map(() => '---'), ...lines].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

if (process.argv[2] === '--child') {
  console.log(JSON.stringify(await measure(process.argv[3] as DeviceId, Number(process.argv[4]))));
  process.exit(0);
} else {
  const { values } = parseArgs({ options: { rounds: { type: 'string', default: '10' } } });
  const self = fileURLToPath(import.meta.url);
  const rows = DEVICES.map((device) => {
    const output = execFileSync(process.execPath, [self, '--child', device, values.rounds], { encoding: 'utf8' });
    return JSON.parse(output.trim().split('\n').at(-1)!) as Measured;
  });
  console.log(
    `${new Date().toISOString().slice(0, 10)} · ${os.cpus()[0].model}, ${os.cpus().length} cores · Node ${process.versions.node}`,
  );
  console.log(`\nMinimum / median of ${values.rounds} rounds; times in milliseconds.\n\n${table(rows)}`);
}
