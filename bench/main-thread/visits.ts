/** @file The browser of a scene: one that has never seen the site, or one that has been there before. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, type BrowserContext, type LaunchOptions, chromium } from '@playwright/test';
import { SCENES, done } from './scenes.ts';

const VIEW = { viewport: { width: 1440, height: 900 } };
/** In the first there is no service worker, in the second it is new to the browser, and the third finds what both kept. */
const VISITS = 3;
/** Machine code is put away a while after the compiler has come to rest. */
const REST_MS = 4000;

export interface Visit {
  readonly browser: Browser;
  readonly context: BrowserContext;
  close(): Promise<void>;
}

export interface Visitor {
  /** Of the browser. */
  readonly version: string;
  visit(): Promise<Visit>;
  close(): Promise<void>;
}

/** Each visit is the first. */
export async function stranger(options: LaunchOptions): Promise<Visitor> {
  const browser = await chromium.launch(options);
  return {
    version: browser.version(),
    visit: async () => {
      const context = await browser.newContext(VIEW);
      return { browser, context, close: () => context.close() };
    },
    close: () => browser.close(),
  };
}

/** Has explained and compared in earlier visits; the browser is started anew for each. */
export async function regular(options: LaunchOptions, url: string): Promise<Visitor> {
  const profile = mkdtempSync(join(tmpdir(), 'vitrine-profile-'));
  const visit = async (): Promise<Visit> => {
    const context = await chromium.launchPersistentContext(profile, { ...options, ...VIEW });
    return { browser: context.browser()!, context, close: () => context.close() };
  };
  const comparison = SCENES.find(({ name }) => name.includes('compared'))!;
  let version = '';
  for (let i = 0; i < VISITS; i++) {
    const { browser, context, close } = await visit();
    version = browser.version();
    const page = await context.newPage();
    await page.goto(url);
    await done(page);
    await comparison.play(page);
    await page.waitForTimeout(REST_MS);
    await close();
  }
  return { version, visit, close: async () => rmSync(profile, { recursive: true }) };
}
