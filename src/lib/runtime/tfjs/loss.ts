/** @file Hearing of a graphics processor that is gone, or that has refused a command: what follows would be computed from nothing. */
import type { TensorFlow } from '../../ops/tensorflow.ts';
import type { TfjsBackend } from '../runtime.ts';

export interface Loss {
  /** Settles, with the reason, when it happens; never on the processor. */
  readonly lost: Promise<string>;
  /** Throws an Error with the reason when it has happened. */
  readonly check: () => void;
}

type Tell = (reason: string) => void;

/** TensorFlow.js itself listens to none of this, and would hand out whatever was in the memory before. */
const watches: Readonly<Record<TfjsBackend, (tf: TensorFlow, tell: Tell) => void>> = {
  cpu: () => undefined,
  wasm: () => undefined,
  webgpu: (tf, tell) => {
    const { device } = tf.backend() as unknown as { readonly device: GPUDevice };
    device.addEventListener('uncapturederror', ({ error }) =>
      tell(error instanceof GPUOutOfMemoryError ? 'its memory is used up' : `it refused a command: ${error.message}`),
    );
    void device.lost.then(({ reason, message }) => tell(gone(message || reason)));
  },
  webgl: (tf, tell) => {
    const { gpgpu } = tf.backend() as unknown as { readonly gpgpu: { readonly gl: WebGL2RenderingContext } };
    gpgpu.gl.canvas.addEventListener('webglcontextlost', () => tell(gone('its context is lost')));
  },
};

const gone = (why: string): string => `the browser lost the graphics processor: ${why}`;

/** Begins to listen. Call with the backend made the current one. */
export function watchLoss(tf: TensorFlow, backend: TfjsBackend): Loss {
  let known: string | null = null;
  const lost = new Promise<string>((resolve) =>
    watches[backend](tf, (reason) => {
      known ??= reason;
      resolve(known);
    }),
  );
  const check = () => {
    if (known !== null) throw new Error(`TensorFlow.js: ${known}. Choose another device.`);
  };
  return { lost, check };
}
