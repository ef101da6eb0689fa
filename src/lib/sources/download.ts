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

export interface Downloaded {
  readonly name: string;
  /** Where it came from in the end. */
  readonly url: string;
  readonly bytes: Blob;
}

/**
 * The file that `typed` stands for (see fileAddress); the large file where a Git LFS pointer lies in its place. Throws the
 * signal's reason when stopped, and an Error that names the address and the way out when the file cannot be had, is
 * larger than `limit`, is a web page, or has another digest than the one expected.
 */
export async function download(typed: string, options: DownloadOptions): Promise<Downloaded> {
  const url = fileAddress(typed);
  const bytes = await receive(url, options);
  const pointer = bytes.size <= LONGEST_POINTER ? readPointer(await bytes.text()) : null;
  const whole = pointer ? await receivePointed(url, pointer, options) : { url, bytes };
  const expected = options.sha256 ?? pointer?.sha256;
  if (expected) await checkDigest(whole.url, whole.bytes, expected);
  return { name: fileName(url), url: whole.url.href, bytes: whole.bytes };
}

async function receivePointed(url: URL, pointer: Pointer, options: DownloadOptions) {
  const behind = behindPointer(url);
  if (!behind)
    throw new Error(
      `${url.href}: holds a Git LFS pointer to a file of ${megabytes(pointer.bytes)}, not the file. Download the file with Git LFS and drop it here.`,
    );
  const bytes = await receive(behind, options);
  if (bytes.size <= LONGEST_POINTER && readPointer(await bytes.text()))
    throw new Error(`${behind.href}: holds a Git LFS pointer again. Download the file with Git LFS and drop it here.`);
  return { url: behind, bytes };
}

async function checkDigest(url: URL, bytes: Blob, expected: string): Promise<void> {
  const found = await hexDigest(bytes);
  if (found !== '' && found !== expected)
    throw new Error(
      `${url.href}: its SHA-256 is ${found}, not the expected ${expected}. The file was changed or damaged; it was not opened.`,
    );
}

async function receive(url: URL, options: DownloadOptions): Promise<Blob> {
  const response = await ask(url, options.signal);
  const type = response.headers.get('content-type') ?? '';
  if (!response.ok) throw new Error(refusal(url, response.status));
  if (/^text\/html\b/i.test(type))
    throw new Error(`${url.href}: is a web page, not a file. Copy the address of the file itself ("raw", "download").`);
  const total = announced(response);
  if (total !== null && total > options.limit) throw new Error(tooLarge(url, total, options.limit));
  return new Blob(await chunks(response, url, total, options), { type });
}

async function ask(url: URL, signal: AbortSignal): Promise<Response> {
  try {
    return await fetch(url, { signal, credentials: 'omit', referrerPolicy: 'no-referrer' });
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof TypeError)) throw error;
    throw new Error(await whyUnreachable(url, signal), { cause: error });
  }
}

/** Browsers do not say why a request failed; asking again without wanting to read the answer tells the two cases apart. */
async function whyUnreachable(url: URL, signal: AbortSignal): Promise<string> {
  const wayOut = 'Download the file with the browser and drop it here.';
  try {
    await fetch(url, { method: 'HEAD', mode: 'no-cors', credentials: 'omit', referrerPolicy: 'no-referrer', signal });
  } catch {
    signal.throwIfAborted();
    return `${url.href}: could not be reached, or its server does not let other sites read it. Check the address and the connection. ${wayOut}`;
  }
  return `${url.href}: its server answers, but does not let other sites read the file (it sends no Access-Control-Allow-Origin header). ${wayOut}`;
}

const refusal = (url: URL, status: number): string =>
  status === 404
    ? `${url.href}: there is no such file (404). Check the address.`
    : status === 401 || status === 403
      ? `${url.href}: the server wants a login (${status}). Download the file there and drop it here.`
      : `${url.href}: the server answered ${status}. Try again later, or download the file and drop it here.`;

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
      throw new Error(`${url.href}: the connection broke after ${megabytes(bytes)}. Try again.`, { cause: error });
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
  `${url.href}: has ${megabytes(bytes)} or more; at most ${megabytes(limit)} are fetched. Choose a smaller file.`;

const megabytes = (bytes: number): string =>
  bytes < 1e5 ? `${bytes} bytes` : `${(bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0)} MB`;
