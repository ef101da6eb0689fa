/**
 * @file Serves build/: `npm run serve -- [--port 4173] [--base /vitrine/] [--plain]`.
 * `--plain` leaves the headers for cross-origin isolation out, as GitHub Pages does.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { serveFolder } from './static-server.mjs';
import { root, say } from './steps.mjs';

/** @param {string[]} args */
export async function serve(args) {
  const { values } = parseArgs({
    args,
    options: {
      port: { type: 'string', default: '4173' },
      base: { type: 'string', default: '/' },
      plain: { type: 'boolean', default: false },
    },
  });
  const directory = join(root, 'build');
  if (!existsSync(directory)) throw new Error('build/ does not exist. Run npm start, or npm run build.');
  const port = Number(values.port);
  if (!Number.isInteger(port) || port < 0 || port > 65535) throw new Error(`--port: "${values.port}" is no port.`);
  const base = `/${values.base}/`.replaceAll(/\/+/g, '/');
  const { url } = await serveFolder({ directory, base, isolated: !values.plain, port });
  say(`Vitrine is served at ${url} (Ctrl+C stops it).`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await serve(process.argv.slice(2));
