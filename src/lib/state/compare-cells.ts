/** @file What stands in the cells of a comparison: one request each, alike but for the one thing that varies. */
import type { AttributionRequest, BaselineChoice, MethodInfo, ModelInfo, Prediction } from '../worker/api.ts';
import type { Library, LibraryImage, LibraryModel } from './library.ts';
import type { Question } from './question.svelte.ts';

export const axes = ['methods', 'targets', 'baselines', 'layers', 'images', 'models'] as const;
export type Axis = (typeof axes)[number];

/** Something that can be ticked. */
export interface Candidate {
  readonly id: string;
  readonly title: string;
  /** Why it cannot be, or what it is. */
  readonly note?: string;
  readonly unavailable?: boolean;
}

export interface Cell {
  /** Names everything that the result depends on. */
  readonly key: string;
  readonly id: string;
  readonly title: string;
  /** With another image or model its image number and target are found when its turn comes. */
  readonly request: AttributionRequest;
  readonly image: LibraryImage | null;
  readonly model: LibraryModel | null;
}

/** The pictures and models that come with the page. */
export type Shelf = Pick<Library, 'images' | 'models'>;

/** What a comparison starts from. */
export interface Ground {
  readonly model: ModelInfo;
  readonly prediction: Prediction;
  /** What the present image would be asked, with a method that suits the axis. */
  readonly request: AttributionRequest;
  readonly library: Shelf;
}

const FIRST_METHODS = ['integrated-gradients', 'deeplift', 'grad-cam', 'occlusion'];
const FIRST = 4;

const BASELINES: readonly { readonly kind: BaselineChoice['kind']; readonly title: string }[] = [
  { kind: 'black', title: 'Black' },
  { kind: 'white', title: 'White' },
  { kind: 'mean', title: 'Mean colour' },
  { kind: 'blur', title: 'Blurred picture' },
  { kind: 'noise', title: 'Noise' },
];

/** Whether a method can be held fast while `axis` varies. */
export function suits(axis: Axis, { needs, unavailable }: MethodInfo): boolean {
  if (unavailable !== null) return false;
  return axis === 'layers' ? needs.layer : axis === 'baselines' ? needs.baseline : true;
}

/** Everything that could vary, in the order in which it is shown. */
export function candidates(axis: Axis, { model, prediction, library }: Omit<Ground, 'request'>): Candidate[] {
  switch (axis) {
    case 'methods':
      return model.methods.map(({ id, title, unavailable }) => ({
        id,
        title,
        ...(unavailable !== null && { note: unavailable, unavailable: true }),
      }));
    case 'targets':
      return prediction.top.map(({ index, label, probability }) => ({
        id: String(index),
        title: model.labels[index] ?? label,
        note: `${(probability * 100).toFixed(1)} %`,
      }));
    case 'baselines':
      return BASELINES.map(({ kind, title }) => ({ id: kind, title }));
    case 'layers':
      return model.layers.map(({ id, op, shape }) => ({ id, title: id, note: `${op}, ${shape.join(' × ')}` }));
    case 'images':
      return library.images.map(({ id, title }) => ({ id, title }));
    case 'models':
      return library.models.map(({ id, title }) => ({ id, title }));
  }
}

/** Which are ticked before the person has ticked any. */
export function firstPicks(axis: Axis, from: readonly Candidate[]): string[] {
  const usable = from.filter(({ unavailable }) => !unavailable).map(({ id }) => id);
  if (axis === 'methods') {
    const known = FIRST_METHODS.filter((id) => usable.includes(id));
    return [...known, ...usable.filter((id) => !known.includes(id))].slice(0, FIRST);
  }
  if (axis === 'layers' && usable.length > FIRST) {
    // From early to late, the last one among them.
    return Array.from({ length: FIRST }, (_, i) => usable[Math.round(((i + 1) / FIRST) * usable.length) - 1]);
  }
  return usable.slice(0, FIRST);
}

/** One cell for each of `picks`. `own`: each image is asked for its own first guess. */
export function cellsFor(
  axis: Axis,
  ground: Ground,
  question: Question,
  picks: readonly Candidate[],
  run: string,
): Cell[] {
  const own = axis === 'images' && question.chosen === null;
  return picks.map(({ id, title }) => {
    const request = { ...ground.request, ...change(axis, id, ground, question) };
    const image = (axis === 'images' && ground.library.images.find((one) => one.id === id)) || null;
    const model = (axis === 'models' && ground.library.models.find((one) => one.id === id)) || null;
    const key = JSON.stringify([run, ground.model.sha256, request, own, image?.id, model?.id]);
    return { key, id, title, request, image, model };
  });
}

function change(axis: Axis, id: string, ground: Ground, question: Question): Partial<AttributionRequest> {
  const { target } = ground.request;
  switch (axis) {
    case 'methods': {
      const method = ground.model.methods.find((one) => one.id === id)!;
      return requestOf(method, question);
    }
    case 'targets':
      return { target: { kind: target.kind === 'difference' ? 'logit' : target.kind, index: Number(id) } };
    case 'baselines':
      return { baseline: { kind: id as 'black' } };
    case 'layers':
      return { layer: id };
    default:
      return {};
  }
}

/** The part of a request that depends on the method. */
export const requestOf = (method: MethodInfo, question: Question) => ({
  method: method.id,
  options: question.optionsOf(method),
  layer: method.needs.layer ? question.layer : null,
});
