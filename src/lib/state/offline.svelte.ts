/** @file Keeping the site for when the network is gone, and hearing of new deployments: the page's side of the service worker. */
import type { DeviceInfo, DeviceKind, RuntimeName } from '../worker/api.ts';
import type { Departure } from './departure.svelte.ts';
import type { WorkerMessage } from './embedding.ts';
import { isStorageDenied } from './storage.ts';

const filesAt = (path: string): string[] => [`${path}.mjs`, `${path}.wasm`];

/** Files that an engine loads late, by device: onnxruntime's WebGPU comes with a build of its own, TensorFlow.js has few. */
const ENGINE: Readonly<Record<RuntimeName, Readonly<Partial<Record<DeviceKind, readonly string[]>>>>> = {
  'onnxruntime-web': {
    wasm: filesAt('ort/ort-wasm-simd-threaded'),
    webgpu: filesAt('ort/ort-wasm-simd-threaded.asyncify'),
  },
  tfjs: { wasm: ['tfjs/tfjs-backend-wasm-simd.wasm', 'tfjs/tfjs-backend-wasm.wasm'] },
};

export class Offline {
  /** Whether the site with the engine in use works without a network. */
  kept = $state(false);
  /** A new deployment waits for a reload. */
  updated = $state(false);
  /** Why the site is not kept; '' when it is or may yet be. */
  problem = $state('');
  readonly departure: Departure;
  #registration: ServiceWorkerRegistration | null = null;

  constructor(departure: Departure) {
    this.departure = departure;
  }

  /**
   * Keeps the site, the engine of the device and `paths`, which are relative to the site. May be called again. `late`: what the
   * engine has loaded late, by its path on the host; the first visit's own requests do not go through the service worker.
   */
  async keep({ runtime, kind }: DeviceInfo, paths: readonly string[], late: readonly string[]): Promise<void> {
    const site = location.pathname.replace(/[^/]*$/, '');
    const parts = late.map((path) => path.slice(site.length));
    try {
      await this.tell({ kind: 'keep', paths: [...(ENGINE[runtime][kind] ?? []), ...paths, ...parts] });
      this.kept = true;
    } catch (error) {
      const why = isStorageDenied() ? 'the browser’s settings let it keep nothing' : messageOf(error);
      this.problem = `The page is not kept for use without a network: ${why}.`;
    }
  }

  /** Sends a message to the service worker, registering it first if need be. Throws an Error that says why it cannot. */
  async tell(message: WorkerMessage): Promise<void> {
    const worker = await this.#worker();
    const { port1, port2 } = new MessageChannel();
    const answer = await new Promise<string>((resolve) => {
      port1.onmessage = (event: MessageEvent<string>) => resolve(event.data);
      worker.postMessage(message, [port2]);
    });
    port1.close();
    if (answer) throw new Error(answer);
  }

  /** Loads the new deployment, where what is open can come along or the person has been told that it cannot. */
  async reload(): Promise<void> {
    if (!(await this.departure.prepare())) return;
    const waiting = this.#registration?.waiting;
    if (!waiting) return location.reload();
    waiting.addEventListener('statechange', () => {
      if (waiting.state === 'activated') location.reload();
    });
    waiting.postMessage({ kind: 'activate' } satisfies WorkerMessage);
  }

  async #worker(): Promise<ServiceWorker> {
    if (!('serviceWorker' in navigator))
      throw new Error('this browser, or a page without https, offers no service worker');
    const registration = await navigator.serviceWorker.register('./service-worker.js', { updateViaCache: 'none' });
    if (!registration) throw new Error('the browser blocks service workers here');
    if (!this.#registration) this.#watch(registration);
    this.#registration = registration;
    return registration.active ?? activated(registration);
  }

  #watch(registration: ServiceWorkerRegistration): void {
    const check = () => {
      if (registration.waiting && registration.active) this.updated = true;
    };
    check();
    registration.addEventListener('updatefound', () => registration.installing?.addEventListener('statechange', check));
    // Another tab has let the new deployment in; this one still shows the old page.
    navigator.serviceWorker.addEventListener('controllerchange', () => (this.updated = true));
  }
}

/** The worker once it is in charge. Throws an Error when it could not be installed. */
function activated(registration: ServiceWorkerRegistration): Promise<ServiceWorker> {
  const worker = registration.installing ?? registration.waiting;
  if (!worker) return Promise.reject(new Error('the service worker did not start'));
  return new Promise((resolve, reject) => {
    const look = () => {
      if (worker.state === 'activated') resolve(worker);
      if (worker.state === 'redundant') reject(new Error('the browser could not store the files of the site'));
    };
    worker.addEventListener('statechange', look);
    look();
  });
}

const messageOf = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).replace(/\.$/, '');
