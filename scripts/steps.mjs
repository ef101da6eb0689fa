/**
 * @file What `npm start` and `npm test` share: saying what happens, running commands, installing and building.
 * Plain JavaScript without dependencies: it runs on Node 20, before anything is installed.
 */
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = join(dirname(fileURLToPath(import.meta.url)), '..');

/** @param {string} text */
export function say(text) {
  console.log(`\n▸ ${text}`);
}

/**
 * `onOutput` takes what the command says in place of the terminal.
 *
 * @typedef {{ env?: Record<string, string>, timeoutMs?: number, onOutput?: (chunk: Buffer) => void }} RunOptions
 */

/**
 * Runs a command in the project folder with its output shown. Resolves to the exit code (1 if it could not be started or
 * ran past `timeoutMs`).
 *
 * @param {string} command
 * @param {string[]} args
 * @param {RunOptions} [options]
 * @returns {Promise<number>}
 */
export function run(command, args, { env = {}, timeoutMs, onOutput } = {}) {
  return new Promise((resolve) => {
    const output = onOutput ? 'pipe' : 'inherit';
    const child = spawn(command, args, {
      cwd: root,
      env: { ...process.env, ...env },
      stdio: ['ignore', output, output],
      timeout: timeoutMs,
      shell: process.platform === 'win32',
    });
    if (onOutput) for (const stream of [child.stdout, child.stderr]) stream?.on('data', onOutput);
    child.on('error', (error) => {
      console.error(`${command}: ${error.message}`);
      resolve(1);
    });
    child.on('close', (code) => resolve(code ?? 1));
  });
}

/**
 * Runs a script of package.json; its `node` is the one in node_modules.
 *
 * @param {string} script
 * @param {string[]} [args]
 * @param {RunOptions} [options]
 */
export function npmRun(script, args = [], options = {}) {
  return run('npm', ['run', '--silent', script, ...(args.length ? ['--', ...args] : [])], options);
}

/** Installs the packages that package-lock.json names, unless exactly these are there. */
export async function install() {
  if (isInstalled()) return say('Packages are installed.');
  say('Installing packages (npm ci) …');
  // NODE_ENV=production would leave the build tools out; engine warnings concern the Node that runs npm, not ours.
  const code = await run('npm', ['ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error']);
  if (code !== 0) throw new Error(`npm ci failed with exit code ${code}. Is the package registry reachable?`);
  requireNode();
}

/** Compares the lock file with npm's own record of what it put into node_modules. */
function isInstalled() {
  const record = join(root, 'node_modules', '.package-lock.json');
  if (!existsSync(record)) return false;
  const wanted = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')).packages;
  const present = JSON.parse(readFileSync(record, 'utf8')).packages;
  return Object.keys(wanted).every(
    (path) =>
      path === '' || present[path]?.version === wanted[path].version || (wanted[path].optional && !present[path]),
  );
}

/** The tools need Node ≥ 22.12; the package `node` brings one, unless install scripts are forbidden. */
function requireNode() {
  const { stdout } = spawnSync('npm', ['exec', '--offline', '--', 'node', '--version'], {
    cwd: root,
    encoding: 'utf8',
    shell: process.platform === 'win32',
  });
  const version = /v(\d+)\.\d+\.\d+/.exec(stdout ?? '');
  if (version && Number(version[1]) >= 24) return;
  throw new Error(
    `Node 24 is needed, npm scripts find ${version?.[0] ?? 'none'}. The package "node" should have brought it: ` +
      'allow its install script (npm config set ignore-scripts false) and run npm ci.',
  );
}

/** Builds the site into build/, unless it was built from exactly these files. */
export async function build() {
  const stamp = join(root, '.svelte-kit', 'built.json');
  const inputs = fingerprint();
  if (existsSync(join(root, 'build', 'index.html')) && existsSync(stamp) && readFileSync(stamp, 'utf8') === inputs) {
    return say('The build is up to date.');
  }
  say('Building the site …');
  const code = await npmRun('build');
  if (code !== 0) throw new Error(`The build failed with exit code ${code}.`);
  mkdirSync(dirname(stamp), { recursive: true });
  writeFileSync(stamp, inputs);
}

/** Changes whenever a file that the build reads is added, removed or written. */
function fingerprint() {
  const hash = createHash('sha256').update(process.env.BASE_PATH ?? '');
  const sources = [
    'src',
    'static',
    'package-lock.json',
    'svelte.config.js',
    'tsconfig.json',
    'vite.config.ts',
    'scripts',
  ];
  for (const path of sources.flatMap((source) => files(join(root, source))).sort()) {
    const { size, mtimeMs } = statSync(path);
    hash.update(`\n${path} ${size} ${mtimeMs}`);
  }
  return hash.digest('hex');
}

/**
 * @param {string} path
 * @returns {string[]}
 */
function files(path) {
  if (!existsSync(path)) return [];
  if (!statSync(path).isDirectory()) return [path];
  // onnxruntime's files are copied there by the build itself.
  if (path === join(root, 'static', 'ort')) return [];
  return readdirSync(path).flatMap((name) => files(join(path, name)));
}
