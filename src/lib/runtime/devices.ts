/** @file The devices that graphs run on: a runtime on a kind of hardware. Menus, tables and the cross-check are made from this. */
import type { DeviceInfo, DeviceKind } from './runtime.ts';

export interface Device {
  /** Runtime and kind, as links, stored choices and tests name it. */
  readonly id: string;
  readonly title: string;
  readonly runtime: DeviceInfo['runtime'];
  readonly kind: DeviceKind;
}

/** Those that exist, the one to begin with first. */
export const devices = [
  { id: 'ort-webgpu', title: 'WebGPU', runtime: 'onnxruntime-web', kind: 'webgpu' },
  { id: 'ort-wasm', title: 'WASM', runtime: 'onnxruntime-web', kind: 'wasm' },
  { id: 'tfjs-wasm', title: 'TF.js WASM', runtime: 'tfjs', kind: 'wasm' },
  { id: 'tfjs-webgpu', title: 'TF.js WebGPU', runtime: 'tfjs', kind: 'webgpu' },
  { id: 'tfjs-webgl', title: 'TF.js WebGL', runtime: 'tfjs', kind: 'webgl' },
  { id: 'tfjs-cpu', title: 'TF.js JavaScript', runtime: 'tfjs', kind: 'cpu' },
] as const satisfies readonly Device[];

export type DeviceId = (typeof devices)[number]['id'];

export const deviceIds: readonly DeviceId[] = devices.map(({ id }) => id);

/** Throws an Error naming the known ones where there is no such device. */
export function deviceOf(id: string): Device & { readonly id: DeviceId } {
  const device = devices.find((one) => one.id === id);
  if (!device) throw new Error(`Device: "${id}" is not known. Choose one of ${deviceIds.join(', ')}.`);
  return device;
}

export const idOf = ({ runtime, kind }: Pick<DeviceInfo, 'runtime' | 'kind'>): DeviceId =>
  devices.find((one) => one.runtime === runtime && one.kind === kind)!.id;

/** Whether it computes on a graphics processor, which the browser may lose. */
export const isGpu = ({ kind }: Pick<DeviceInfo, 'kind'>): boolean => kind === 'webgpu' || kind === 'webgl';
