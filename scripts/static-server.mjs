/**
 * @file A static file server for the built site. It can play the two kinds of host that matter: one that sends the headers
 * for cross-origin isolation (WASM threads), and a plain one such as GitHub Pages; at the root or under a sub-path.
 */
import { createReadStream, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { extname, join, normalize, sep } from 'node:path';

const TYPES = /** @type {Record<string, string>} */ ({
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.txt': 'text/plain; charset=utf-8',
  '.webmanifest': 'application/manifest+json',
  '.wasm': 'application/wasm',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.jpg': 'image/jpeg',
  '.webp': 'image/webp',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
});

/** With these a page may use SharedArrayBuffer, so that onnxruntime can run WASM threads. */
export const ISOLATION_HEADERS = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
  'Cross-Origin-Resource-Policy': 'same-origin',
};

/**
 * Serves the folder `directory` under the path `base`, to this machine alone.
 *
 * @param {object} options
 * @param {string} options.directory
 * @param {string} [options.base] begins and ends with a slash
 * @param {boolean} [options.isolated] send the headers for cross-origin isolation
 * @param {number} [options.port] 0 takes any free one; a taken one gives way to the next
 * @returns {Promise<{ url: string, close: () => Promise<void> }>} `url` ends with a slash
 */
export async function serveFolder({ directory, base = '/', isolated = true, port = 0 }) {
  const server = createServer((request, response) => {
    const pathname = decodePath(request.url);
    const found = pathname === undefined ? undefined : locate(directory, base, pathname);
    if (isolated) response.setHeaders(new Map(Object.entries(ISOLATION_HEADERS)));
    if (request.method !== 'GET' && request.method !== 'HEAD') return void response.writeHead(405).end();
    if (found === undefined) return void response.writeHead(404, { 'Content-Type': 'text/plain' }).end('Not found\n');
    if ('redirect' in found) return void response.writeHead(308, { Location: found.redirect }).end();
    send(request, response, found.file);
  });
  const taken = await listen(server, port);
  return { url: `http://localhost:${taken}${base}`, close: () => close(server) };
}

/** @param {string | undefined} url */
function decodePath(url) {
  try {
    return decodeURIComponent(new URL(url ?? '/', 'http://localhost').pathname);
  } catch {
    return undefined; // a malformed escape
  }
}

/**
 * @param {string} directory
 * @param {string} base
 * @param {string} pathname
 * @returns {{ file: string } | { redirect: string } | undefined}
 */
function locate(directory, base, pathname) {
  if (pathname === base.slice(0, -1)) return { redirect: base };
  if (!pathname.startsWith(base) || pathname.includes('\0')) return undefined;
  const folder = normalize(directory + sep);
  const path = join(folder, pathname.slice(base.length));
  if (!path.startsWith(folder)) return undefined;
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats?.isFile()) return { file: path };
  if (!stats?.isDirectory()) return undefined;
  if (!pathname.endsWith('/')) return { redirect: `${encodeURI(pathname)}/` };
  const index = join(path, 'index.html');
  return statSync(index, { throwIfNoEntry: false })?.isFile() ? { file: index } : undefined;
}

/**
 * @param {import('node:http').IncomingMessage} request
 * @param {import('node:http').ServerResponse} response
 * @param {string} file
 */
function send(request, response, file) {
  const { size, mtimeMs } = statSync(file);
  const etag = `"${size.toString(36)}-${Math.round(mtimeMs).toString(36)}"`;
  const headers = { 'Cache-Control': 'no-cache', ETag: etag };
  if (request.headers['if-none-match'] === etag) return void response.writeHead(304, headers).end();
  response.writeHead(200, {
    ...headers,
    'Content-Type': TYPES[extname(file)] ?? 'application/octet-stream',
    'Content-Length': size,
  });
  if (request.method === 'HEAD') return void response.end();
  createReadStream(file)
    .on('error', () => response.destroy())
    .pipe(response);
}

/**
 * Listens on `port`, or on the first free one of the twenty after it. Resolves to the one taken.
 *
 * @param {import('node:http').Server} server
 * @param {number} port
 * @param {number} [attempts]
 * @returns {Promise<number>}
 */
function listen(server, port, attempts = 20) {
  return new Promise((resolve, reject) => {
    server.once('error', (/** @type {NodeJS.ErrnoException} */ error) => {
      const next = port !== 0 && attempts > 0 && (error.code === 'EADDRINUSE' || error.code === 'EACCES');
      if (next) resolve(listen(server, port + 1, attempts - 1));
      else reject(error);
    });
    server.listen(port, 'localhost', () => {
      server.removeAllListeners('error');
      const address = /** @type {import('node:net').AddressInfo} */ (server.address());
      resolve(address.port);
    });
  });
}

/**
 * @param {import('node:http').Server} server
 * @returns {Promise<void>}
 */
function close(server) {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
