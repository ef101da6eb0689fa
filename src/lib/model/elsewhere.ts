/**
 * @file Where the model runs, a method's own graph may not: its gradient has an operator that is missing there, or fails. Then
 * another device answers that question, and the answer says so.
 */
import { deviceOf, idOf, type DeviceId } from '../runtime/devices.ts';
import { CannotRun, type Runtime } from '../runtime/runtime.ts';
import { listed, titleOf } from './automatic.ts';
import { measureBatch } from './batch.ts';
import { createEngine, type ModelEngine } from './engine.ts';
import type { Setting } from './explain.ts';
import { isOutOfMemory } from './say.ts';

export interface Inquiry {
  /** Names all that the graphs of the question depend on. */
  readonly key: string;
  /** What a person calls it, such as the title of a method. */
  readonly title: string;
  /** Devices to turn to, in this order; none where the person has chosen the device. */
  readonly next: readonly DeviceId[];
}

export interface Answered<T> {
  readonly value: T;
  /** Which device was not used and why; '' where the model's own was. */
  readonly note: string;
}

/** The device that answers a question, and why not the model's own. */
interface Route {
  readonly id: DeviceId;
  readonly note: string;
}

/** Of one model: which questions are answered elsewhere, and by which engines. */
export class Elsewhere {
  readonly #runtimeOn: (id: DeviceId) => Promise<Runtime>;
  readonly #routes = new Map<string, Route>();
  readonly #engines = new Map<Runtime, ModelEngine>();

  constructor(runtimeOn: (id: DeviceId) => Promise<Runtime>) {
    this.#runtimeOn = runtimeOn;
  }

  /**
   * Does `work` on the model's own device, and where its graphs cannot run there, on the first of `next` that can. Throws what
   * `work` threw first where none can, and at once what has nothing to do with the device.
   */
  async ask<T>(
    setting: Setting,
    { key, title, next }: Inquiry,
    work: (on: Setting) => Promise<T>,
  ): Promise<Answered<T>> {
    const route = this.#routes.get(key);
    if (route) return { value: await work(await this.#on(setting, route.id)), note: route.note };
    try {
      return { value: await work(setting), note: '' };
    } catch (error) {
      if (!isOfTheDevice(error)) throw error;
      const own = idOf(setting.device);
      for (const id of next) {
        if (id === own) continue;
        const value = await this.#try(setting, id, work);
        if (!value) continue;
        const note = `${titleOf(own)} is not used for ${title}: ${reasonOf(error)}. ${deviceOf(id).title} does that work.`;
        this.#routes.set(key, { id, note });
        return { ...value, note };
      }
      throw error;
    }
  }

  /** The setting in which a question was answered that was asked before. */
  async settingOf(setting: Setting, key: string): Promise<Setting> {
    const route = this.#routes.get(key);
    return route ? this.#on(setting, route.id) : setting;
  }

  /** Call when the model is closed. */
  async forget(): Promise<void> {
    const engines = [...this.#engines.values()];
    this.#engines.clear();
    this.#routes.clear();
    for (const engine of engines) await engine.dispose();
  }

  /** null where this device cannot be had, or cannot do it either. */
  async #try<T>(setting: Setting, id: DeviceId, work: (on: Setting) => Promise<T>): Promise<{ value: T } | null> {
    const there = await this.#on(setting, id).catch(() => null);
    if (!there) return null;
    try {
      return { value: await work(there) };
    } catch (error) {
      if (isOfTheDevice(error)) return null;
      throw error;
    }
  }

  async #on(setting: Setting, id: DeviceId): Promise<Setting> {
    const { loaded } = setting;
    const runtime = await this.#runtimeOn(id);
    const engine =
      this.#engines.get(runtime) ??
      createEngine(runtime, {
        weightBytes: 4 * loaded.info.parameters,
        measure: () => measureBatch(runtime, loaded.model),
      });
    this.#engines.set(runtime, engine);
    return { ...setting, device: runtime.device, loaded: { ...loaded, runtime, engine } };
  }
}

/** What fails for want of memory fails on the others, too. */
const isOfTheDevice = (error: unknown): error is CannotRun => error instanceof CannotRun && !isOutOfMemory(error);

/** Native messages run over lines. */
const reasonOf = ({ nodes, message }: CannotRun): string =>
  nodes.length > 0 ? listed(nodes) : `it failed there (${message.split('\n')[0].slice(0, 300).replace(/\.$/, '')})`;
