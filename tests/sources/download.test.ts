import { createHash } from 'node:crypto';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import {
  download,
  downloadIfChanged,
  type DownloadOptions,
  type Known,
  type Received,
} from '../../src/lib/sources/download.ts';

const body = Buffer.from(Uint8Array.from({ length: 100_000 }, (_, i) => (i * 31) % 251));
const digest = createHash('sha256').update(body).digest('hex');
const pointer = `version https://git-lfs.github.com/spec/v1\noid sha256:${digest}\nsize ${body.length}\n`;

const answers: Record<string, RequestListener> = {
  '/m.onnx': (_, response) => response.writeHead(200, { 'Content-Length': body.length }).end(body),
  '/chunked': (_, response) => response.writeHead(200).end(body),
  '/page': (_, response) => response.writeHead(200, { 'Content-Type': 'text/html; charset=utf-8' }).end('<p>hello'),
  '/disguised': (_, response) =>
    response.writeHead(200, { 'Content-Type': 'application/octet-stream' }).end('\n<!DOCTYPE html><title>Sign in'),
  '/moved': (_, response) => response.writeHead(302, { Location: '/m.onnx' }).end(),
  '/moved-to-page': (_, response) => response.writeHead(302, { Location: '/page' }).end(),
  '/circle': (_, response) => response.writeHead(302, { Location: '/circle' }).end(),
  '/private': (_, response) => response.writeHead(403).end(),
  '/busy': (_, response) => response.writeHead(503).end(),
  '/pointer': (_, response) => response.writeHead(200).end(pointer),
  '/endless': (_, response) => void response.writeHead(200).write(body),
  '/broken': (_, response) => {
    response.writeHead(200, { 'Content-Length': 2 * body.length }).write(body, () => response.destroy());
  },
};

let server: Server;
let base: string;

beforeAll(async () => {
  server = createServer((request, response) => {
    const answer = answers[request.url ?? ''];
    if (answer) answer(request, response);
    else response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve));
  base = `http://localhost:${(server.address() as AddressInfo).port}`;
});

afterAll(() => {
  server.closeAllConnections();
  server.close();
});

afterEach(() => vi.unstubAllGlobals());

const get = (path: string, options: Partial<DownloadOptions> = {}) =>
  download(path.startsWith('/') ? base + path : path, {
    signal: new AbortController().signal,
    onProgress: () => undefined,
    limit: 1e6,
    ...options,
  });

describe('a download', () => {
  it('brings the same bytes, its name, and its size from the first report on', async () => {
    const reports: Received[] = [];
    const { name, bytes } = await get('/m.onnx', { onProgress: (received) => reports.push(received) });
    expect(name).toBe('m.onnx');
    expect(Buffer.from(await bytes.arrayBuffer())).toEqual(body);
    expect(reports[0]).toEqual({ bytes: 0, total: body.length });
    expect(reports.at(-1)).toEqual({ bytes: body.length, total: body.length });
    expect(reports.every(({ bytes }, i) => i === 0 || bytes > reports[i - 1].bytes)).toBe(true);
  });

  it('checks the digest it was told', async () => {
    await expect(get('/m.onnx', { sha256: digest })).resolves.toMatchObject({ name: 'm.onnx' });
    const other = 'b'.repeat(64);
    await expect(get('/m.onnx', { sha256: other })).rejects.toThrow(new RegExp(`${digest}, not the expected ${other}`));
  });

  it.each<[what: string, path: string, options: Partial<DownloadOptions>, sentence: RegExp]>([
    ['a missing file', '/nothing', {}, /no such file \(404\)\. Check/],
    ['a login', '/private', {}, /wants a login \(403\)/],
    ['a busy server', '/busy', {}, /answered 503/],
    ['a web page', '/page', {}, /is a web page, not a file/],
    ['a web page that calls itself a file', '/disguised', {}, /is a web page, not a file/],
    ['an address that leads to a web page', '/moved-to-page', {}, /is a web page, not a file/],
    ['an address that leads to itself', '/circle', {}, /could not be reached|does not let other sites/],
    ['a blob: address of another page', 'blob:https://example.org/6a1b', {}, /^blob:.*cannot be read here\. Save/],
    ['a file that is announced as too large', '/m.onnx', { limit: 99_999 }, /has 0\.1 MB or more; at most 99999 bytes/],
    ['a file that turns out too large', '/chunked', { limit: 5_000 }, /at most 5000 bytes are fetched/],
    ['an endless file', '/endless', { limit: 50_000 }, /at most 50000 bytes are fetched/],
    ['a connection that breaks', '/broken', {}, /the connection broke after/],
    ['a pointer on an unknown host', '/pointer', {}, /Git LFS pointer to a file of 0\.1 MB/],
  ])('says what to do about %s', async (_, path, options, sentence) => {
    await expect(get(path, options)).rejects.toThrow(sentence);
  });

  it('that reaches nobody says so', async () => {
    await expect(get('http://localhost:1/m.onnx')).rejects.toThrow(/could not be reached.*drop it here/);
  });

  it('follows a redirection and keeps the name that was asked for', async () => {
    const { name, bytes } = await get('/moved');
    expect([name, bytes.size]).toEqual(['moved', body.length]);
  });

  it('reads a data: address', async () => {
    const { name, bytes } = await get(`data:image/png;base64,${body.subarray(0, 300).toString('base64')}`);
    expect([name, bytes.type]).toEqual(['pasted.png', 'image/png']);
    expect(Buffer.from(await bytes.arrayBuffer())).toEqual(body.subarray(0, 300));
  });

  it('stops when it is told to', async () => {
    const controller = new AbortController();
    const stopped = get('/endless', {
      signal: controller.signal,
      onProgress: ({ bytes }) => bytes > 0 && controller.abort(),
    });
    await expect(stopped).rejects.toMatchObject({ name: 'AbortError' });
  });

  it('follows a Git LFS pointer on GitHub, and holds the file to the digest in it', async () => {
    let served = body;
    const asked: string[] = [];
    vi.stubGlobal('fetch', async (url: URL) => {
      asked.push(url.href);
      return new Response(url.hostname === 'media.githubusercontent.com' ? served : pointer);
    });
    const { bytes, name } = await get('https://github.com/o/r/blob/main/m.onnx');
    expect(asked).toEqual([
      'https://raw.githubusercontent.com/o/r/main/m.onnx',
      'https://media.githubusercontent.com/media/o/r/main/m.onnx',
    ]);
    expect([name, bytes.size]).toEqual(['m.onnx', body.length]);
    served = Buffer.concat([body, body]);
    await expect(get('https://github.com/o/r/blob/main/m.onnx')).rejects.toThrow(/not the expected/);
    served = Buffer.from(pointer);
    await expect(get('https://github.com/o/r/blob/main/m.onnx')).rejects.toThrow(/a Git LFS pointer again/);
  });
});

describe('a file that is here already', () => {
  const day = 'Mon, 23 Nov 2026 10:00:00 GMT';
  const known = (version: Partial<Known['version']>, sha256 = ''): Known => ({
    version: { etag: '', modified: '', bytes: null, ...version },
    sha256,
  });
  const ifChanged = (answer: Response, copy: Known) => {
    vi.stubGlobal('fetch', async () => answer);
    const options = { signal: new AbortController().signal, onProgress: () => undefined, limit: 1e6 };
    return downloadIfChanged('https://github.com/o/r/blob/main/m.onnx', copy, options);
  };
  const answer = (headers: Record<string, string>, content: BodyInit = body) => new Response(content, { headers });

  it.each([
    ['ETag', { etag: '"1"' }, { etag: 'W/"1"' }],
    ['date and length', { 'last-modified': day, 'content-length': '100000' }, { modified: day, bytes: 100_000 }],
    ['date where no length is told', { 'last-modified': day }, { modified: day }],
  ])('is not fetched again where its server tells the same %s', async (_, headers, version) => {
    expect(await ifChanged(answer(headers), known(version))).toBeNull();
  });

  it.each([
    ['another ETag', { etag: '"2"', 'last-modified': day }, { etag: '"1"', modified: day }],
    ['another date', { 'last-modified': 'Tue, 24 Nov 2026 10:00:00 GMT' }, { modified: day }],
    ['another length', { 'last-modified': day, 'content-length': '100000' }, { modified: day, bytes: 99_999 }],
    ['nothing', {}, {}],
  ])('is fetched again where its server tells %s', async (_, headers, version) => {
    const found = await ifChanged(answer(headers), known(version));
    expect(found?.bytes.size).toBe(body.length);
  });

  it('is not fetched again where the Git LFS pointer in its place has its digest', async () => {
    expect(await ifChanged(answer({}, pointer), known({}, digest))).toBeNull();
  });
});
