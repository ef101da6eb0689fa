/**
 * @file Breaks the browser around the engine's worker, whose name says how. Faults that come later are provoked through a
 * BroadcastChannel of the name `faults`.
 */
const fault = self.name;
const channel = new BroadcastChannel('faults');
const patch = (target: object, key: string, value: unknown) =>
  Object.defineProperty(target, key, { value, configurable: true, writable: true });

if (fault === 'no-webgpu') patch(Object.getPrototypeOf(navigator), 'gpu', undefined);
if (fault === 'no-adapter') patch(GPU.prototype, 'requestAdapter', async () => null);
if (fault === 'no-simd') patch(WebAssembly, 'validate', () => false);
if (fault === 'no-wasm') patch(globalThis, 'WebAssembly', undefined);
if (fault === 'no-isolation') patch(globalThis, 'crossOriginIsolated', false);
if (fault === 'no-memory')
  patch(WebAssembly, 'Memory', function () {
    throw new RangeError('WebAssembly.Memory(): could not allocate memory');
  });

/** Bytes of heap beyond which this browser refuses. */
const LITTLE = 40 * 2 ** 20;
if (fault === 'little-memory') {
  const { grow } = WebAssembly.Memory.prototype;
  patch(WebAssembly.Memory.prototype, 'grow', function (this: WebAssembly.Memory, pages: number) {
    if (this.buffer.byteLength + pages * 65536 > LITTLE)
      throw new RangeError('WebAssembly.Memory.grow(): Maximum memory size exceeded');
    return grow.call(this, pages);
  });
}

const requestDevice = GPUAdapter.prototype.requestDevice;
const devices: GPUDevice[] = [];
GPUAdapter.prototype.requestDevice = async function (...descriptor) {
  const device = await requestDevice.apply(this, descriptor);
  devices.push(device);
  return device;
};

const getContext = OffscreenCanvas.prototype.getContext as (...request: unknown[]) => unknown;
const contexts = new Set<WebGL2RenderingContext>();
patch(OffscreenCanvas.prototype, 'getContext', function (this: OffscreenCanvas, ...request: unknown[]) {
  const context = getContext.apply(this, request);
  if (context instanceof WebGL2RenderingContext) contexts.add(context);
  return context;
});

function loseAll(): void {
  devices.forEach((device) => device.destroy());
  contexts.forEach((context) => context.getExtension('WEBGL_lose_context')?.loseContext());
}

/** From now on the browser says of every buffer that there is no memory for it. */
function useUpMemory() {
  const { createBuffer } = GPUDevice.prototype;
  GPUDevice.prototype.createBuffer = function (descriptor) {
    if (!descriptor.mappedAtCreation) this.dispatchEvent(noMemory());
    return createBuffer.call(this, descriptor);
  };
}

const noMemory = () =>
  new GPUUncapturedErrorEvent('uncapturederror', { error: new GPUOutOfMemoryError('Not enough memory left.') });

channel.onmessage = ({ data }) => {
  if (data === 'use up the GPU’s memory') useUpMemory();
  if (data === 'lose the device') loseAll();
  if (data === 'refuse a command') devices.forEach((device) => device.createBuffer({ size: 4, usage: 0 }));
  if (data === 'die')
    setTimeout(() => {
      throw new Error('the worker was killed');
    });
  if (data === 'close') self.close();
  if (data === 'hang') hang();
};

/** Says so first: what is asked before it hangs would still be answered. */
function hang(): never {
  channel.postMessage('hangs');
  for (;;);
}

export {};
