/** @file The tour of the puzzle: two models, one of which cheats. It drives the page itself and keeps what it measured. */
import { untrack } from 'svelte';
import type { AttributionResult } from '../worker/api.ts';
import type { Library, LibraryImage, LibraryModel } from './library.ts';
import type { Workspace } from './workspace.svelte.ts';

const KEY = 'vitrine-tour';
const METHOD = 'integrated-gradients';

export const letters = ['A', 'B'] as const;
export type Letter = (typeof letters)[number];
/** A boat with the mark, the same boat without it, and something else with it. */
export type Subject = 'marked' | 'bare' | 'other';
export const steps = ['first', 'second', 'guess', 'bare', 'verdict'] as const;
export type Step = (typeof steps)[number];

const MODELS: Readonly<Record<Letter, string>> = { A: 'vitrine-16', B: 'vitrine-16-shortcut' };
const SUBJECTS: Readonly<Record<Subject, string>> = {
  marked: 'sailboat-7-marked',
  bare: 'sailboat-7',
  other: 'mushroom-9-marked',
};

/** What each step opens, one after the other; the last stays on show. */
const SHOWN: Readonly<Record<Step, readonly (readonly [Letter, Subject])[]>> = {
  first: [['A', 'marked']],
  second: [['B', 'marked']],
  guess: [],
  bare: [
    ['A', 'bare'],
    ['B', 'bare'],
  ],
  verdict: [
    ['A', 'other'],
    ['B', 'other'],
  ],
};

/** A model's first guess. */
export interface Reading {
  readonly label: string;
  readonly probability: number;
}

interface Share {
  readonly method: string;
  readonly share: number;
}

type ReadingKey = `${Letter} ${Subject}`;

interface Puzzle {
  readonly models: Readonly<Record<Letter, LibraryModel>>;
  readonly images: Readonly<Record<Subject, LibraryImage>>;
}

export class Tour {
  /** Where the tour stands; null while there is none. */
  step = $state<Step | null>(null);
  /** Whether to offer it. */
  invited = $state(false);
  guess = $state<Letter | null>(null);
  #readings = $state.raw<Readonly<Partial<Record<ReadingKey, Reading>>>>({});
  #shares = $state.raw<Readonly<Partial<Record<Letter, Share>>>>({});
  readonly #workspace: Workspace;
  /** Null where the page does not come with the models or the pictures. */
  readonly #puzzle: Puzzle | null;
  #begun: Promise<unknown> = Promise.resolve();
  /** Grows with every step: what an earlier one has begun is not gone on with. */
  #turn = 0;
  #waiting: { readonly key: ReadingKey; readonly resolve: () => void } | null = null;

  constructor(workspace: Workspace, library: Library) {
    this.#workspace = workspace;
    this.#puzzle = puzzleIn(library);
  }

  get available(): boolean {
    return this.#puzzle !== null;
  }

  /** Which of the two models is open. */
  readonly open: Letter | null = $derived.by(() => {
    const sha256 = this.#workspace.model?.sha256;
    return letters.find((letter) => sha256 && this.#puzzle?.models[letter].sha256 === sha256) ?? null;
  });

  /** Which of the pictures is open. */
  readonly subject: Subject | null = $derived.by(() => {
    const url = this.#workspace.picture.source?.url;
    const subjects = Object.keys(SUBJECTS) as Subject[];
    return subjects.find((subject) => url && this.#puzzle?.images[subject].url === url) ?? null;
  });

  /** How much of the picture the mark covers, 0…1. */
  get markShare(): number {
    const { watermark, width, height } = this.#puzzle?.images.marked ?? {};
    return watermark && width && height ? (watermark.width * watermark.height) / (width * height) : 0;
  }

  /** What a model said to a picture; null while it has not been asked. */
  reading(letter: Letter, subject: Subject): Reading | null {
    return this.#readings[`${letter} ${subject}`] ?? null;
  }

  /** How much of the map for the marked boat lies on the mark, 0…1; null while that was not computed. */
  share(letter: Letter): number | null {
    const known = this.#shares[letter];
    return known?.method === METHOD ? known.share : null;
  }

  /** On a visit: offers the tour unless it was seen or declined. `begun`: the page's own first steps, which come first. */
  begin(begun: Promise<unknown>, { offer, start }: { offer: boolean; start: boolean }): void {
    this.#begun = begun;
    if (start) this.start();
    else this.invited = offer && this.available && !wasSeen();
  }

  decline(): void {
    this.invited = false;
    rememberSeen();
  }

  start(): void {
    if (!this.available) return;
    this.decline();
    this.guess = null;
    this.#readings = {};
    this.#shares = {};
    const { question } = this.#workspace;
    question.method = METHOD;
    question.changed = { ...question.changed, [METHOD]: {} };
    question.kind = 'logit';
    question.neuron = question.through = null;
    question.baseline = { kind: 'black' };
    void this.go('first');
  }

  async go(step: Step): Promise<void> {
    this.step = step;
    const turn = ++this.#turn;
    for (const [letter, subject] of SHOWN[step]) {
      const last = SHOWN[step].at(-1)?.[0] === letter;
      if (!last && this.reading(letter, subject)) continue;
      await this.#show(letter, subject, turn);
      if (!last) await this.#answer(letter, subject);
      if (turn !== this.#turn) return;
    }
  }

  /** Shows the marked boat with one of the models. */
  look(letter: Letter): void {
    void this.#show(letter, 'marked', ++this.#turn);
  }

  choose(letter: Letter): void {
    this.guess = letter;
    void this.go('bare');
  }

  /** Ends the tour; the model stays open, under its own name. */
  leave(): void {
    this.step = null;
    this.#turn++;
    this.#waiting = null;
    if (this.open && this.#puzzle) void this.#workspace.openBundledModel(this.#puzzle.models[this.open]);
  }

  /** Keeps what the page shows, where it belongs to the puzzle. Call in an effect. */
  observe(): void {
    const { open, subject } = this;
    const { prediction, result } = this.#workspace;
    if (!open || !subject) return;
    const first = prediction?.top.at(0);
    const { watermark } = this.#puzzle?.images[subject] ?? {};
    untrack(() => {
      if (first) this.#note(open, subject, first);
      if (!result || !watermark || subject !== 'marked') return;
      const share = shareInside(result, watermark);
      this.#shares = { ...this.#shares, [open]: { method: result.request.method, share } };
    });
  }

  #note(letter: Letter, subject: Subject, { label, probability }: Reading): void {
    const key: ReadingKey = `${letter} ${subject}`;
    this.#readings = { ...this.#readings, [key]: { label, probability } };
    if (this.#waiting?.key === key) this.#waiting.resolve();
  }

  async #answer(letter: Letter, subject: Subject): Promise<void> {
    if (this.reading(letter, subject)) return;
    await new Promise<void>((resolve) => (this.#waiting = { key: `${letter} ${subject}`, resolve }));
  }

  async #show(letter: Letter, subject: Subject, turn: number): Promise<void> {
    const puzzle = this.#puzzle;
    await this.#begun;
    if (!puzzle || turn !== this.#turn) return;
    const image = puzzle.images[subject];
    if (this.subject !== subject) await this.#workspace.openBundledImage(image);
    if (turn !== this.#turn) return;
    const disguised = inDisguise(puzzle.models[letter], letter);
    if (this.#workspace.model?.name !== disguised.files[0]) await this.#workspace.openBundledModel(disguised);
    // Always about the boat, also where a model sees none.
    const boat = this.#workspace.model?.labels.indexOf(puzzle.images.marked.label) ?? -1;
    if (turn === this.#turn && boat >= 0) this.#workspace.question.choose(boat);
  }
}

/** The model under a name that does not give it away. */
const inDisguise = (model: LibraryModel, letter: Letter): LibraryModel => ({
  ...model,
  files: [`Model ${letter}.onnx`, ...model.files.slice(1)],
});

/** Σ|score| within `box` over Σ|score|; `box` in image pixels. A score belongs where the middle of its cell lies. */
export function shareInside(
  { map, crop }: Pick<AttributionResult, 'map' | 'crop'>,
  box: { readonly x: number; readonly y: number; readonly width: number; readonly height: number },
): number {
  const [height, width] = map.shape.slice(-2);
  let [inside, total] = [0, 0];
  for (let i = 0; i < map.data.length; i++) {
    const x = crop.x + (((i % width) + 0.5) / width) * crop.width;
    const y = crop.y + ((Math.floor(i / width) + 0.5) / height) * crop.height;
    const size = Math.abs(map.data[i]);
    total += size;
    if (x >= box.x && x < box.x + box.width && y >= box.y && y < box.y + box.height) inside += size;
  }
  return total > 0 ? inside / total : 0;
}

function puzzleIn({ models, images }: Library): Puzzle | null {
  const model = (letter: Letter) => models.find(({ id }) => id === MODELS[letter]);
  const image = (subject: Subject) => images.find(({ id }) => id === SUBJECTS[subject]);
  const [A, B, marked, bare, other] = [model('A'), model('B'), image('marked'), image('bare'), image('other')];
  return A && B && marked && bare && other ? { models: { A, B }, images: { marked, bare, other } } : null;
}

function wasSeen(): boolean {
  try {
    return localStorage.getItem(KEY) !== null;
  } catch {
    // Storage is off: the page cannot know, and offers the tour at every visit.
    return false;
  }
}

function rememberSeen(): void {
  try {
    localStorage.setItem(KEY, 'seen');
  } catch {
    // See wasSeen.
  }
}
