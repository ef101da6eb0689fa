/** @file What axe objects to on a page. */
import { expect, type Page } from '@playwright/test';
import axe, { type Result } from 'axe-core';

/** The rules that depend on the appearance, light or dark; nothing else of the page does. */
const COLOUR_RULES = ['color-contrast', 'link-in-text-block'];

/** `colours`: only the rules that depend on the appearance. `within`: a selector of the parts looked at, for the whole page. */
interface Look {
  readonly asked?: 'everything' | 'colours';
  readonly within?: string;
}

/**
 * One line for each rule that is broken: the rule and the first elements.
 *
 * axe is read once by each document and runs in it: a page of the site has no frames, whose results would have to be put
 * together in a page of their own. Of rules that are kept it says nothing more (docs/decisions/0008-tests.md).
 */
export async function objectionsTo(page: Page, { asked = 'everything', within }: Look = {}): Promise<string[]> {
  await page.evaluate(animationsEnded);
  if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(axe.source);
  expect(await page.locator('iframe, frame').count(), 'frames, which are not looked into').toBe(0);
  const found = await page.evaluate(look, { within, rules: asked === 'colours' ? COLOUR_RULES : undefined });
  return found.map(
    ({ id, help, nodes }) =>
      `${id}: ${help}: ${nodes
        .slice(0, 4)
        .map((n) => `${n.html.slice(0, 160)} — ${n.failureSummary?.split('\n').slice(1, 3).join(' ')}`)
        .join(' | ')}`,
  );
}

/** Runs in the page. */
async function look({ within, rules }: { within?: string; rules?: readonly string[] }): Promise<Result[]> {
  const { axe: looking } = window as unknown as { axe: typeof axe };
  const { violations } = await looking.run(within ?? document, {
    resultTypes: ['violations'],
    ...(rules && { runOnly: { type: 'rule', values: [...rules] } }),
  });
  return violations;
}

/** Runs in the page. An animation that has no end (a progress bar of unknown length) or rests would be waited for in vain. */
async function animationsEnded(): Promise<void> {
  const ending = document
    .getAnimations()
    .filter((a) => a.playState === 'running' && a.effect?.getComputedTiming().endTime !== Infinity);
  // One that starts over again and again, as that of a busy page does, is not waited for longer than any lasts.
  const longest = new Promise((tell) => setTimeout(tell, 2000));
  await Promise.race([Promise.allSettled(ending.map((a) => a.finished)), longest]);
}
