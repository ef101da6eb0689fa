/** @file Light or dark: as the system says, unless the person chose. */

export const themes = ['system', 'light', 'dark'] as const;
export type ThemeChoice = (typeof themes)[number];

const KEY = 'vitrine-theme';

const isChoice = (value: unknown): value is ThemeChoice => themes.includes(value as ThemeChoice);

export class Theme {
  choice = $state<ThemeChoice>('system');

  /** Reads what was chosen before; where the browser keeps nothing, the system decides. */
  restore(): void {
    try {
      const stored = localStorage.getItem(KEY);
      if (isChoice(stored)) this.choice = stored;
    } catch {
      // Storage is off (private mode, blocked cookies): the choice lasts as long as the page.
    }
  }

  choose(choice: ThemeChoice): void {
    this.choice = choice;
    if (choice === 'system') delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = choice;
    try {
      localStorage.setItem(KEY, choice);
    } catch {
      // See restore.
    }
  }
}
