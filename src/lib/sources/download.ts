/** @file Fetches a file from another site: watched, limited in size, stoppable, and explained where it fails. */
import { behindPointer, fileAddress, fileName, LONGEST_POINTER, readPointer, type Pointer } from './address.ts';
import { hexDigest } from './digest.ts';

export interface Received {
  readonly bytes: number;
  /** What the server said the whole has; null where it did not. */
  readonly total: number | null;
}

export interface DownloadOptions {
  readonly signal: AbortSignal;
  readonly onProgress: (received: Received) => void;
  /** More bytes than this are refused. */
  readonly limit: number;
  /** Lower-case hex that the file must have. */
  readonly sha256?: string;
}

/** What a server says of a file's version; '' and null where it says nothing, or nothing that other sites may read. */
export interface Version {
  readonly etag: string;
  readonly modified: string;
  readonly bytes: number | null;
}

/** A copy of the file that is here already. */
export interface Known {
  readonly version: Version;
  /** Lower-case hex, '' where it is not known. */
  readonly sha256: string;
}

export interface Downloaded {
  readonly name: string;
  /** Where it came from in the end. */
  readonly url: string;
  readonly bytes: Blob;
  /** Of what lies at the typed address. */
  readonly version: Version;
}

/** Nobody answered: the network is cut, the server gone, or it does not let other sites read. */
export class Unreachable extends Error {
  override name = 'Unreachable';
}

/**
 * The file that `typed` stands for (see fileAddress); the large file where a Git LFS pointer lies in its place. Throws the
 * signal's reason when stopped, and an Error that names the address and the way out when the file cannot be had, is
 * larger than `limit`, is a web page, or has another digest than the one expected.
 */
export async function download(typed: string, options: DownloadOptions): Promise<Downloaded> {
  return (await downloadIfChanged(typed, null, options))!;
}

/** As `download`; null where the file is still the `known` one, of which then nothing is fetched but the answer's head. */
export async function downloadIfChanged(
  typed: string,
  known: Known | null,
  options: DownloadOptions,
): Promise<Downloaded | null> {
  const url = fileAddress(typed);
  const received = await receive(url, options, known);
  if (!received) return null;
  const { bytes, version } = received;
  const pointer = bytes.size <= LONGEST_POINTER ? readPointer(await bytes.text()) : null;
  if (pointer && pointer.sha256 === known?.sha256) return null;
  const whole = pointer ? await receivePointed(url, pointer, options) : { url, bytes };
  const expected = options.sha256 ?? pointer?.sha256;
  if (expected) await checkDigest(whole.url, whole.bytes, expected);
  return { name: fileName(url), url: whole.url.href, bytes: whole.bytes, version };
}

async function receivePointed(url: URL, pointer: Pointer, options: DownloadOptions) {
  const behind = behindPointer(url);
  if (!behind)
    throw new Error(
      `${shown(url)}: holds a Git LFS pointer to a file of ${megabytes(pointer.bytes)}, not the file. Download the file with Git LFS and drop it here.`,
    );
  const { bytes } = (await receive(behind, options, null))!;
  if (bytes.size <= LONGEST_POINTER && readPointer(await bytes.text()))
    throw new Error(
      `${shown(behind)}: holds a Git LFS pointer again. Download the file with Git LFS and drop it here.`,
    );
  return { url: behind, bytes };
}

async function checkDigest(url: URL, bytes: Blob, expected: string): Promise<void> {
  const found = await hexDigest(bytes);
  if (found !== '' && found !== expected)
    throw new Error(
      `${shown(url)}: its SHA-256 is ${found}, not the expected ${expected}. The file was changed or damaged; it was not opened.`,
    );
}

/** The bytes at `url`; null where they are those of the `known` copy. */
async function receive(
  url: URL,
  options: DownloadOptions,
  known: Known | null,
): Promise<{ bytes: Blob; version: Version } | null> {
  const response = await ask(url, options.signal);
  const type = response.headers.get('content-type') ?? '';
  if (!response.ok) throw new Error(refusal(url, response.status));
  if (/^text\/html\b/i.test(type)) throw new Error(webPage(url));
  const total = announced(response);
  if (total !== null && total > options.limit) throw new Error(tooLarge(url, total, options.limit));
  const version = versionOf(response, total);
  if (known && isSame(known.version, version)) {
    await response.body?.cancel();
    return null;
  }
  const bytes = new Blob(await chunks(response, url, total, options), { type });
  if (await looksLikePage(bytes)) throw new Error(webPage(url));
  return { bytes, version };
}

function versionOf({ headers }: Response, bytes: number | null): Version {
  return { etag: headers.get('etag') ?? '', modified: headers.get('last-modified') ?? '', bytes };
}

/** Whether a server's words say that nothing has changed. Without any, a file counts as changed. */
function isSame(a: Version, b: Version): boolean {
  const strong = (etag: string) => etag.replace(/^W\//, '');
  if (a.etag !== '' && b.etag !== '') return strong(a.etag) === strong(b.etag);
  return a.modified !== '' && a.modified === b.modified && a.bytes === b.bytes;
}

/** Pages of logins, previews and errors often come under another type. */
const looksLikePage = async (bytes: Blob): Promise<boolean> =>
  /^\s*<(!doctype html|html|head)\b/i.test(await bytes.slice(0, 200).text());

const webPage = (url: URL): string =>
  `${shown(url)}: is a web page, not a file. Copy the address of the file itself ("raw", "download").`;

async function ask(url: URL, signal: AbortSignal): Promise<Response> {
  try {
    // A kept answer of the browser's own cache is only taken after asking whether it still holds.
    return await fetch(url, { signal, credentials: 'omit', referrerPolicy: 'no-referrer', cache: 'no-cache' });
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof TypeError)) throw error;
    if (!/^https?:$/.test(url.protocol))
      throw new Error(`${shown(url)}: cannot be read here. Save the file and drop it here.`, { cause: error });
    throw new Unreachable(await whyUnreachable(url, signal), { cause: error });
  }
}

/** An address as errors show it: data: addresses are whole files. */
const shown = ({ href }: URL): string => (href.length > 300 ? `${href.slice(0, 300)}…` : href);

/** Browsers do not say why a request failed; asking again without wanting to read the answer tells the two cases apart. */
async function whyUnreachable(url: URL, signal: AbortSignal): Promise<string> {
  const wayOut = 'Download the file with the browser and drop it here.';
  try {
    await fetch(url, { method: 'HEAD', mode: 'no-cors', credentials: 'omit', referrerPolicy: 'no-referrer', signal });
  } catch {
    signal.throwIfAborted();
    return `${shown(url)}: could not be reached, or its server does not let other sites read it. Check the address and the connection. ${wayOut}`;
  }
  return `${shown(url)}: its server answers, but does not let other sites read the file (it sends no Access-Control-Allow-Origin header). ${wayOut}`;
}

const refusal = (url: URL, status: number): string =>
  status === 404
    ? `${shown(url)}: there is no such file (404). Check the address.`
    : status === 401 || status === 403
      ? `${shown(url)}: the server wants a login (${status}). Download the file there and drop it here.`
      : `${shown(url)}: the server answered ${status}. Try again later, or download the file and drop it here.`;

/** The length that was announced, where it is that of the file itself: a compressed answer announces another. */
function announced({ headers }: Response): number | null {
  const length = headers.get('content-length');
  return length !== null && /^\d+$/.test(length) && !headers.get('content-encoding') ? Number(length) : null;
}

async function chunks(response: Response, url: URL, total: number | null, options: DownloadOptions) {
  const { signal, onProgress, limit } = options;
  const parts: Uint8Array<ArrayBuffer>[] = [];
  let bytes = 0;
  onProgress({ bytes, total });
  const reader = response.body?.getReader();
  if (!reader) return parts;
  for (;;) {
    const { done, value } = await reader.read().catch((error: unknown) => {
      signal.throwIfAborted();
      throw new Error(`${shown(url)}: the connection broke after ${megabytes(bytes)}. Try again.`, { cause: error });
    });
    if (done) return parts;
    bytes += value.byteLength;
    if (bytes > limit) {
      await reader.cancel();
      throw new Error(tooLarge(url, bytes, limit));
    }
    parts.push(value);
    // A server may hide that it compresses: then more comes than was announced.
    onProgress({ bytes, total: total !== null && bytes <= total ? total : null });
  }
}

const tooLarge = (url: URL, bytes: number, limit: number): string =>
  `${shown(url)}: has ${megabytes(bytes)} or more; at most ${megabytes(limit)} are fetched. Choose a smaller file.`;

const megabytes = (bytes: number): string =>
  bytes < 1e5 ? `${bytes} bytes` : `${(bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0)} MB`;
