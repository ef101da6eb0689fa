/** @file The Engine of the attribution methods over a Runtime: compiles, remembers, cancels and lets events through. */
import type { Compiled, Engine, Resident } from '../attribution/types.ts';
import type { Graph } from '../graph/graph.ts';
import type { CompileOptions, Feed, Program, Runtime } from '../runtime/runtime.ts';

/** Each program holds its own copy of the prepared weights: this much of them is kept ready per model. */
const KEPT_BYTES = 600 * 2 ** 20;

/** A method and a prediction beside it use three programs; more than six are not asked for in turn. */
const keptPrograms = (weightBytes: number): number =>
  Math.max(3, Math.min(6, Math.floor(KEPT_BYTES / Math.max(1, weightBytes))));

/** Longest stretch of passes after which waiting messages, such as a cancel, are let in. */
const YIELD_AFTER_MS = 12;

export interface ModelEngine extends Engine {
  dispose(): Promise<void>;
}

/** Examples to run at once before anything is measured: one on WASM; a GPU needs several to be filled. */
export const preferredBatch = (runtime: Runtime): number => (runtime.device.kind === 'webgpu' ? 8 : 1);

/** Measuring takes as long as a hundred passes or more; who has asked for some hundreds is likely to ask for more. */
const WORTH_MEASURING = 256;

interface EngineOptions {
  /** Examples per run, whatever a measurement would say. */
  readonly batch?: number;
  /** Finds the best batch once enough examples are asked for; without it, or where it finds none, the device's usual one stays. */
  readonly measure?: () => Promise<number | null>;
  /** Size of the model's weights, which decides how many programs are kept. */
  readonly weightBytes?: number;
}

export function createEngine(runtime: Runtime, { batch, measure, weightBytes = 0 }: EngineOptions = {}): ModelEngine {
  const usual = preferredBatch(runtime);
  let asked = 0;
  let measured: Promise<number> | null = null;
  const kept = keptPrograms(weightBytes);
  const programs = new Map<string, Promise<Program>>();
  let lastYield = performance.now();

  const compiled = (program: Program): Compiled => ({
    batch: program.batch,
    run: async (feeds) => {
      if (performance.now() - lastYield > YIELD_AFTER_MS) {
        await nextTask();
        lastYield = performance.now();
      }
      return (await program.run(feeds as readonly Feed[])) as readonly Resident[] as Resident[];
    },
  });

  return {
    preferredBatch(total) {
      asked += total;
      if (batch !== undefined || !measure || asked < WORTH_MEASURING) return Promise.resolve(batch ?? usual);
      // Where it fails, say for want of memory, the usual batch is left.
      return (measured ??= measure().then(
        (found) => found ?? usual,
        () => usual,
      ));
    },
    async program(key: string, build: () => Graph, options: CompileOptions & { batch: number }) {
      const full = `${key} ×${options.batch}`;
      let program = programs.get(full);
      programs.delete(full);
      if (!program) {
        await makeRoom(programs, kept);
        program = runtime.compile(build(), options);
        program.catch(() => programs.delete(full));
      }
      programs.set(full, program);
      return compiled(await program);
    },
    async dispose() {
      const all = [...programs.values()];
      programs.clear();
      for (const program of all) await program.then((p) => p.dispose()).catch(() => undefined);
    },
  };
}

/** Drops the programs that were used longest ago; a Map keeps its order of insertion. */
async function makeRoom(programs: Map<string, Promise<Program>>, kept: number): Promise<void> {
  while (programs.size >= kept) {
    const [key, program] = programs.entries().next().value!;
    programs.delete(key);
    await program.then((p) => p.dispose()).catch(() => undefined);
  }
}

/** Resolves after the messages that are already waiting have been handled. setTimeout would wait 4 ms when nested. */
export function nextTask(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(null);
  });
}
