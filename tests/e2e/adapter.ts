/** A graphics adapter that calls itself hardware: one that is known to be emulated is not tried unasked. */
import type { Page } from '@playwright/test';

export const AS_HARDWARE = `
  const { get } = Object.getOwnPropertyDescriptor(GPUAdapter.prototype, 'info');
  Object.defineProperty(GPUAdapter.prototype, 'info', {
    get() {
      const named = { architecture: 'as-hardware', description: '', isFallbackAdapter: false };
      return new Proxy(get.call(this), { get: (info, key) => named[key] ?? info[key] });
    },
  });
`;

/** Runs code in the engine's workers before anything else of theirs, and changes what they are made of. */
export async function inWorkers(page: Page, code: string, change: (script: string) => string = (script) => script) {
  await page.route('**/workers/lab.worker*.js', async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, body: `{${code}}\n${change(await response.text())}` });
  });
}

/**
 * What WebGPU lacks in three dimensions it is made to lack of more than three channels as well: the gradient of a strided
 * convolution. The one in the runtime's self-test has three.
 */
export function withoutTransposed(script: string): string {
  const limit = /(\w+)=>(\w+)\(\1\)>4(,reason:[`"']WebGPU has no transposed convolution)/;
  if (!limit.test(script)) throw new Error('the limit of ConvTranspose is not in the script of the worker');
  return script.replace(limit, '$1=>$2($1)>4||$1.inputs[1].shape[0]>3$3');
}
