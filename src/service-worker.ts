/// <reference types="@sveltejs/kit" />
/// <reference lib="webworker" />
/**
 * @file The site's service worker: keeps the page for when the network is gone, and isolates it where the host cannot.
 *
 * Everything kept belongs to one deployment: its cache is named by the version, and a new deployment waits until a
 * person lets it in. What tabs of the one before may still ask for stays until the last of them is gone. Isolation is off until the page asks for it (state/isolation.svelte.ts).
 */
import { base, build, files, prerendered, version } from '$service-worker';
import { type Embedding, type WorkerMessage, isEmbedding, isolated } from './lib/state/embedding.ts';

const worker = self as unknown as ServiceWorkerGlobalScope;

const PREFIX = 'vitrine-site-';
const CACHE = PREFIX + version;
/** Survives deployments. */
const SETTINGS = 'vitrine-settings';
const EMBEDDING = `${base}/embedding`;
/** What was there when a deployment took over. */
const FORMER = `${base}/former-tabs`;

interface Former {
  /** Of the deployment that took over. */
  readonly version: string;
  /** Ids of the tabs that show an earlier one. */
  readonly tabs: readonly string[];
  /** Names of the caches of earlier ones. */
  readonly caches: readonly string[];
}

/**
 * Models and onnxruntime's files are large, and a browser needs one of two sets of the latter: the page names what it
 * wants kept once it knows.
 */
const wantedLater = (path: string): boolean =>
  ['ort', 'tfjs', 'models'].some((folder) => path.startsWith(`${base}/${folder}/`));
/** Parts of the engine that few people need are kept when they are first loaded: vite.config.ts puts them there. */
const keptWhenLoaded = (path: string): boolean => path.startsWith(`${base}/_app/immutable/workers/late/`);

const later = new Set(files.filter(wantedLater));
const shell = [
  ...prerendered,
  ...build.filter((file) => !keptWhenLoaded(file)),
  ...files.filter((file) => !wantedLater(file) && !file.endsWith('.mask.png')),
];

worker.addEventListener('install', (event) => event.waitUntil(keep(shell)));

worker.addEventListener('activate', (event) => event.waitUntil(openTabs().then(noteFormer).then(dropFormer)));

const openTabs = async (): Promise<string[]> =>
  (await worker.clients.matchAll({ includeUncontrolled: true, type: 'window' })).map(({ id }) => id);

/** Whatever is open while this deployment takes over shows an earlier one, until it is loaded anew under another id. */
async function noteFormer(tabs: readonly string[]): Promise<void> {
  const earlier = (await caches.keys()).filter((name) => name.startsWith(PREFIX) && name !== CACHE);
  const former: Former = { version, tabs, caches: earlier };
  await (await caches.open(SETTINGS)).put(FORMER, Response.json(former));
}

/**
 * Deletes what earlier deployments kept, once no tab shows them any more. Only what this one found when it took over: before,
 * other tabs may need it, and what has come since belongs to a deployment that waits.
 */
async function dropFormer(): Promise<void> {
  const noted = await (await caches.open(SETTINGS)).match(FORMER);
  const former = (await noted?.json()) as Former | undefined;
  if (former?.version !== version) return;
  if ((await openTabs()).some((tab) => former.tabs.includes(tab))) return;
  await Promise.all(former.caches.map((name) => caches.delete(name)));
}

worker.addEventListener('message', (event) => {
  event.waitUntil(
    obey(event.data as WorkerMessage).then(
      () => event.ports[0]?.postMessage(''),
      (error: unknown) => event.ports[0]?.postMessage(error instanceof Error ? error.message : String(error)),
    ),
  );
});

async function obey(message: WorkerMessage): Promise<void> {
  if (message.kind === 'keep') {
    await keep(
      message.paths.map((path) => `${base}/${path}`).filter((path) => later.has(path) || keptWhenLoaded(path)),
    );
    await dropFormer();
  } else if (message.kind === 'embed') await remember(message.embedding);
  else await worker.skipWaiting();
}

async function keep(paths: readonly string[], asked: Set<string> = new Set()): Promise<void> {
  const cache = await caches.open(CACHE);
  const present = new Set((await cache.keys()).map(({ url }) => new URL(url).pathname));
  await Promise.all(
    paths.map(async (path) => {
      const { pathname } = new URL(path, location.origin);
      if (present.has(pathname) || asked.has(pathname)) return;
      asked.add(pathname);
      const response = await fetch(path);
      if (!response.ok) throw new Error(`${path}: the site answered ${response.status}`);
      const parts = path.includes('/immutable/workers/') ? await partsOf(path, response.clone()) : [];
      await Promise.all([cache.put(path, response), keep(parts, asked)]);
    }),
  );
}

/** What the engine's scripts load, at once or when they need it: the only files of the build that its manifest does not name. */
async function partsOf(path: string, script: Response): Promise<string[]> {
  const names = (await script.text()).matchAll(/(?:from|import)\s*\(?\s*["'`](\.{1,2}\/[^"'`]+\.js)["'`]/g);
  const paths = Array.from(names, ([, name]) => new URL(name, new URL(path, location.origin)).pathname);
  return paths.filter((part) => !keptWhenLoaded(part));
}

async function remember(embedding: Embedding | null): Promise<void> {
  const settings = await caches.open(SETTINGS);
  if (embedding) await settings.put(EMBEDDING, new Response(embedding));
  else await settings.delete(EMBEDDING);
  wanted = Promise.resolve(embedding);
}

/** What the page asked for last; read again whenever the browser has stopped and restarted this worker. */
let wanted: Promise<Embedding | null> | null = null;

async function recall(): Promise<Embedding | null> {
  try {
    const stored = await (await caches.open(SETTINGS)).match(EMBEDDING);
    const value = await stored?.text();
    return isEmbedding(value) ? value : null;
  } catch {
    return null; // storage is denied: the page stays as the host sends it
  }
}

const WORKERS: readonly RequestDestination[] = ['worker', 'sharedworker'];

worker.addEventListener('fetch', (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== 'GET' || url.origin !== location.origin || !url.pathname.startsWith(`${base}/`)) return;
  // Chromium asks so from its developer tools, and refuses it to a worker.
  if (request.cache === 'only-if-cached' && request.mode !== 'same-origin') return;
  event.respondWith(respond(request, url));
});

async function respond(request: Request, url: URL): Promise<Response> {
  const response = (await fromCache(url)) ?? (await fromSite(request, url));
  // An isolated page takes only scripts of workers that are isolated as well, also after a person has turned it off; to
  // any other page these headers mean nothing.
  if (WORKERS.includes(request.destination)) return isolated(response, 'require-corp');
  // As it is: of a response that is made anew, browsers do not keep the machine code.
  if (request.mode !== 'navigate') return response;
  const embedding = await (wanted ??= recall());
  return embedding ? isolated(response, embedding) : response;
}

async function fromSite(request: Request, { pathname }: URL): Promise<Response> {
  const response = await fetch(request);
  if (!response.ok || !keptWhenLoaded(pathname)) return response;
  try {
    await (await caches.open(CACHE)).put(pathname, response.clone());
  } catch {
    // Storage is denied or full: the file is loaded again the next time.
  }
  return response;
}

/**
 * Holds the site's files alone: what a person fetches besides is not ours to keep. The host may have only the newest
 * deployment's, and a tab that shows an earlier one asks for what it loads late; such files have their content in their name.
 */
async function fromCache({ pathname }: URL): Promise<Response | undefined> {
  const path = pathname === `${base}/index.html` ? `${base}/` : pathname;
  try {
    const present = await (await caches.open(CACHE)).match(path);
    return present ?? (path.startsWith(`${base}/_app/immutable/`) ? await caches.match(path) : undefined);
  } catch {
    return undefined;
  }
}
