/** @file Which Chromium the tests use, how they start it, and how one is installed where there is none. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { run, say } from './steps.mjs';

/**
 * WebGPU runs on SwiftShader, a software adapter: the tests need no GPU and give the same numbers everywhere. The rest keeps
 * the browser from talking to anything but the page.
 */
export const CHROMIUM_ARGS = [
  '--no-sandbox',
  '--enable-unsafe-webgpu',
  '--use-webgpu-adapter=swiftshader',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-first-run',
  '--disable-quic',
];

const PATHS = /** @type {Partial<Record<NodeJS.Platform, string[]>>} */ ({
  linux: ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'].map((name) => `/usr/bin/${name}`),
  darwin: ['Chromium', 'Google Chrome'].map((name) => `/Applications/${name}.app/Contents/MacOS/${name}`),
  win32: ['PROGRAMFILES', 'PROGRAMFILES(X86)', 'LOCALAPPDATA'].flatMap((name) =>
    process.env[name] ? [join(process.env[name], 'Google', 'Chrome', 'Application', 'chrome.exe')] : [],
  ),
});

/**
 * The executable named by CHROMIUM_PATH, the system's, or Playwright's own, in this order.
 *
 * @returns {Promise<string | undefined>}
 */
export async function findChromium() {
  const named = process.env.CHROMIUM_PATH;
  if (named) {
    if (existsSync(named)) return named;
    throw new Error(`CHROMIUM_PATH names "${named}", which does not exist. Correct or unset it.`);
  }
  const { chromium } = await import('playwright');
  return [...(PATHS[process.platform] ?? []), chromium.executablePath()].find((path) => existsSync(path));
}

/** How Playwright is to launch it; without an executable it looks for its own and says how to get it. */
export async function launchOptions() {
  return { executablePath: await findChromium(), args: CHROMIUM_ARGS };
}

/**
 * The same for tests, with WebAssembly by V8's quick compiler, each function at its first call: a test calls few of
 * onnxruntime's, few times. Only what runs long, as the inner loops do, is worth the thorough one; V8 by itself takes it far
 * sooner (docs/decisions/0008-tests.md).
 */
export async function testLaunchOptions() {
  const { args, ...options } = await launchOptions();
  return { ...options, args: [...args, '--js-flags=--wasm-lazy-compilation --wasm-tiering-budget=1000000000'] };
}

/** Finds a Chromium or installs one, and says which. */
export async function ensureChromium() {
  let path = await findChromium();
  for (const attempt of path ? [] : installers()) {
    say(`No Chromium found: ${attempt.title} …`);
    await attempt.install();
    path = await findChromium();
    if (path) break;
  }
  if (!path)
    throw new Error('No Chromium could be installed. Install Chrome or Chromium, or set CHROMIUM_PATH to one.');
  say(`Tests run in ${path}`);
}

/** Debian's package comes first for its root: it brings the libraries that Playwright's download needs and may lack. */
function installers() {
  const isRoot = process.getuid?.() === 0;
  const playwright = {
    title: 'installing the one that Playwright offers',
    install: () =>
      run('npx', ['playwright', 'install', '--no-shell', ...(isRoot ? ['--with-deps'] : []), 'chromium'], {
        timeoutMs: 300_000,
      }),
  };
  const debian = {
    title: "installing Debian's package chromium",
    install: async () => {
      const env = { DEBIAN_FRONTEND: 'noninteractive' };
      await run('apt-get', ['update', '-qq'], { env });
      await run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', 'chromium'], { env });
    },
  };
  return isRoot && isDebian() ? [debian, playwright] : [playwright];
}

/** Ubuntu is not meant: its package chromium only points to a snap. */
function isDebian() {
  return existsSync('/etc/os-release') && /^ID=debian$/m.test(readFileSync('/etc/os-release', 'utf8'));
}
