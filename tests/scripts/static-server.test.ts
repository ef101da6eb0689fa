import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { serveFolder } from '../../scripts/static-server.mjs';

type Server = Awaited<ReturnType<typeof serveFolder>>;

let folder: string;
let plain: Server;
let isolated: Server;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'vitrine-'));
  mkdirSync(join(folder, 'site', 'about'), { recursive: true });
  mkdirSync(join(folder, 'site', 'empty'));
  writeFileSync(join(folder, 'secret.txt'), 'secret');
  writeFileSync(join(folder, 'site', 'index.html'), '<p>home</p>');
  writeFileSync(join(folder, 'site', 'about', 'index.html'), '<p>about</p>');
  writeFileSync(join(folder, 'site', 'a.wasm'), Uint8Array.of(0, 1, 2));
  const directory = join(folder, 'site');
  plain = await serveFolder({ directory, base: '/vitrine/', isolated: false });
  isolated = await serveFolder({ directory });
});

afterAll(async () => {
  await plain.close();
  await isolated.close();
  rmSync(folder, { recursive: true });
});

/** The status of a path that is sent as it is: fetch would tidy `..` away. */
function rawStatus(server: Server, path: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    request(new URL(server.url), { path }, (response) => resolve(response.resume().statusCode))
      .on('error', reject)
      .end();
  });
}

describe('the static server', () => {
  it('serves the index of a folder and files with their types', async () => {
    expect(await (await fetch(plain.url)).text()).toBe('<p>home</p>');
    const wasm = await fetch(`${plain.url}a.wasm`);
    expect(wasm.headers.get('content-type')).toBe('application/wasm');
    expect(new Uint8Array(await wasm.arrayBuffer())).toEqual(Uint8Array.of(0, 1, 2));
  });

  it('sends a folder without its slash to the one with it', async () => {
    const response = await fetch(`${plain.url}about`, { redirect: 'manual' });
    expect(response.status).toBe(308);
    expect(response.headers.get('location')).toBe('/vitrine/about/');
    expect((await fetch(plain.url.slice(0, -1))).url).toBe(plain.url);
  });

  it('sends isolation headers only when asked', async () => {
    const names = ['cross-origin-opener-policy', 'cross-origin-embedder-policy'];
    const sent = async (server: Server) => {
      const { headers } = await fetch(server.url);
      return names.map((name) => headers.get(name));
    };
    expect(await sent(isolated)).toEqual(['same-origin', 'require-corp']);
    expect(await sent(plain)).toEqual([null, null]);
  });

  it.each(['/vitrine/none.js', '/vitrine/empty/', '/', '/vitrinex/', '/vitrine/%', '/vitrine/%00'])(
    'answers 404 to %s',
    async (path) => expect(await rawStatus(plain, path)).toBe(404),
  );

  it.each(['/../secret.txt', '/%2e%2e/secret.txt', '/%2e%2e%2fsecret.txt', '//../secret.txt'])(
    'does not leave its folder for %s',
    async (path) => expect(await rawStatus(isolated, path)).toBe(404),
  );

  it('does not send a file again that the browser has', async () => {
    const etag = (await fetch(plain.url)).headers.get('etag')!;
    expect((await fetch(plain.url, { headers: { 'If-None-Match': etag } })).status).toBe(304);
  });

  it('takes the next port where one is taken', async () => {
    const port = Number(new URL(plain.url).port);
    const other = await serveFolder({ directory: join(folder, 'site'), port });
    expect(Number(new URL(other.url).port)).toBeGreaterThan(port);
    await other.close();
  });
});
