import { beforeEach, describe, expect, it, vi } from 'vitest';
import { Speeds, fastestOf, type Measured } from '../../src/lib/state/speeds.svelte.ts';
import type { LabClient } from '../../src/lib/worker/client.ts';
import { FakeLab, modelInfo } from './fake-lab.ts';

const devices = [{ automatic: true }, { automatic: true }];
const measured = (more: Partial<Measured> = {}): Measured => ({
  model: modelInfo('m.onnx', { sha256: 'm' }),
  status: 'done',
  device: 'auto',
  result: { milliseconds: 900, passes: 32 },
  report: { id: 'ort-webgpu', devices },
  ...more,
});

let stored: Record<string, string>;
beforeEach(() => {
  stored = {};
  vi.stubGlobal('localStorage', {
    getItem: (key: string) => stored[key] ?? null,
    setItem: (key: string, value: string) => void (stored[key] = value),
  });
});

const speedsOn = (lab: FakeLab, more?: Partial<Measured>) => {
  const speeds = new Speeds(lab as unknown as LabClient, measured(more));
  speeds.restore();
  return speeds;
};

describe('a measurement of devices', () => {
  it('is due once the first explanation is there, and not where there is nothing to choose', () => {
    expect(speedsOn(new FakeLab()).due).toBe(true);
    expect(speedsOn(new FakeLab(), { status: 'running' }).due).toBe(false);
    expect(speedsOn(new FakeLab(), { device: 'ort-wasm' }).due).toBe(false);
    expect(speedsOn(new FakeLab(), { model: null }).due).toBe(false);
    expect(speedsOn(new FakeLab(), { result: null }).due).toBe(false);
  });

  it('is never made of a model so slow or so large that it would get in the way', () => {
    expect(speedsOn(new FakeLab(), { result: { milliseconds: 900, passes: 1 } }).due).toBe(false);
    expect(speedsOn(new FakeLab(), { model: modelInfo('l.onnx', { bytes: 2e8 }) }).due).toBe(false);
  });

  it('is not made where there is one device', () => {
    expect(speedsOn(new FakeLab(), { report: { id: 'ort-wasm', devices: devices.slice(1) } }).due).toBe(false);
  });

  it('is made once and remembered for the next visit', async () => {
    const lab = new FakeLab();
    lab.times = { 'ort-webgpu': 30, 'ort-wasm': 12 };
    const speeds = speedsOn(lab);
    await speeds.measure();
    expect(speeds.times).toEqual(lab.times);
    expect(speeds.due).toBe(false);
    expect(lab.preferred).toEqual({ m: 'ort-wasm' });
    const next = new FakeLab();
    expect(speedsOn(next).due).toBe(false);
    expect(next.preferred).toEqual({ m: 'ort-wasm' });
  });

  it('prefers none where neither is clearly faster, or only one was measured', () => {
    expect(fastestOf({ a: { 'ort-webgpu': 10, 'ort-wasm': 11 }, b: { 'ort-wasm': 5 } })).toEqual({});
  });

  it('begins anew where something else was stored', () => {
    for (const odd of ['no JSON', '[]', '{"m":7}', '{"m":{"ort-wasm":"fast"}}']) {
      stored['vitrine-speeds'] = odd;
      expect(speedsOn(new FakeLab()).due).toBe(true);
    }
  });
});
