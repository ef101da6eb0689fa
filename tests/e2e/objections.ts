/** @file What axe objects to on a page. */
import AxeBuilder from '@axe-core/playwright';
import type { Page } from '@playwright/test';

/** The rules that depend on the appearance, light or dark; nothing else of the page does. */
const COLOUR_RULES = ['color-contrast', 'link-in-text-block'];

/** One line for each rule that is broken: the rule and the first elements. Of `colours` alone, or by every rule. */
export async function objectionsTo(page: Page, asked: 'everything' | 'colours'): Promise<string[]> {
  await page.evaluate(animationsEnded);
  const axe = new AxeBuilder({ page });
  const { violations } = await (asked === 'colours' ? axe.withRules(COLOUR_RULES) : axe).analyze();
  return violations.map(
    ({ id, help, nodes }) =>
      `${id}: ${help}: ${nodes
        .slice(0, 4)
        .map((n) => `${n.html.slice(0, 160)} — ${n.failureSummary?.split('\n').slice(1, 3).join(' ')}`)
        .join(' | ')}`,
  );
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
