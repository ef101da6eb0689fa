/** @file What stands in the cells of a comparison: one request each, alike but for the one thing that varies. */
import { layerTitle } from './layer-title.ts';
import type { AttributionRequest, BaselineChoice, MethodInfo, ModelInfo, Prediction } from '../worker/api.ts';
import { type Shelf, type ShelfImage, type ShelfModel, isOpen } from './compare-shelf.ts';
import type { Question } from './question.svelte.ts';

export const axes = ['methods', 'targets', 'baselines', 'layers', 'images', 'models', 'outputs'] as const;
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
  /** Names everything that the result depends on, and nothing else: what stays valid is not asked for again. */
  readonly key: string;
  readonly id: string;
  readonly title: string;
  /** With another image or model its image number and target are found when its turn comes. */
  readonly request: AttributionRequest;
  /** What is asked about; null for the open image. */
  readonly image: ShelfImage | null;
  /** What is asked; null for the open model. */
  readonly model: ShelfModel | null;
  /** Whether the image is asked for its own first guess, not for the class of the request. */
  readonly ownGuess: boolean;
  /** The image input that `image` goes to. */
  readonly input: number;
}

/** What a comparison starts from. */
export interface Ground {
  readonly model: ModelInfo;
  readonly prediction: Prediction;
  /** What the present image would be asked, with a method that suits the axis. */
  readonly request: AttributionRequest;
  readonly shelf: Shelf;
  /** The image input that is looked at. */
  readonly input: number;
  /** How many images are open to serve as baselines. */
  readonly others: number;
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

const OTHER_IMAGES = { kind: 'images', title: 'Other open images' } as const;
const OTHERS_FIRST = 'Open more images, and choose it in Explain first.';

/** Whether a method can be held fast while `axis` varies. */
export function suits(axis: Axis, { needs, layers, unavailable }: MethodInfo): boolean {
  if (unavailable !== null) return false;
  return axis === 'layers' ? needs.layer || layers : axis === 'baselines' ? needs.baseline : true;
}

const named = ({ id, title, own }: ShelfImage | ShelfModel): Candidate => ({
  id,
  title,
  ...(own && { note: 'yours' }),
});

/** Everything that could vary, in the order in which it is shown. */
export function candidates(
  axis: Axis,
  { model, prediction, shelf, others }: Omit<Ground, 'request' | 'input'>,
): Candidate[] {
  switch (axis) {
    case 'methods':
      return model.methods.map(({ id, title, unavailable, needs }) => {
        const note = unavailable ?? (needs.images && others === 0 ? OTHERS_FIRST : null);
        return { id, title, ...(note !== null && { note, unavailable: true }) };
      });
    case 'targets':
      return prediction.top.map(({ index, label, probability }) => ({
        id: String(index),
        title: model.labels[index] ?? label,
        note: `${(probability * 100).toFixed(1)} %`,
      }));
    case 'baselines':
      return [...BASELINES, ...(others > 0 ? [OTHER_IMAGES] : [])].map(({ kind, title }) => ({ id: kind, title }));
    case 'layers':
      return model.layers.map(({ id, op, shape }) => ({
        id,
        title: layerTitle(id),
        note: `${op}, ${shape.join(' × ')}`,
      }));
    case 'images':
      return shelf.images.map(named);
    case 'models':
      return shelf.models.map(named);
    case 'outputs':
      return shelf.outputs.map(({ id, title }) => ({ id, title }));
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

/** One cell for each of `picks`. `run`: what else every result depends on, such as the device. */
export function cellsFor(
  axis: Axis,
  ground: Ground,
  question: Question,
  picks: readonly Candidate[],
  run: string,
): Cell[] {
  const { shelf, model: open } = ground;
  const models = axis === 'models' ? shelf.models : axis === 'outputs' ? shelf.outputs : [];
  return picks.map(({ id, title }) => {
    const request = { ...ground.request, ...change(axis, id, ground, question) };
    const picked = axis === 'images' ? shelf.images.find((one) => one.id === id) : null;
    const image = picked && picked.id !== shelf.image?.id ? picked : null;
    const other = models.find((one) => one.id === id);
    const model = other && !isOpen(other, open) ? other : null;
    const ownGuess = image !== null && question.followsGuess;
    const target = ownGuess ? { ...request.target, index: null, other: null } : request.target;
    const key = JSON.stringify([
      run,
      open.sha256,
      open.output,
      model?.id,
      (image ?? shelf.image)?.id,
      target,
      request.neuron,
      ...dependencies(request, open),
      ...besides(request, ground.input),
    ]);
    return { key, id, title, request, image, model, ownGuess, input: ground.input };
  });
}

/** What stands before the other inputs; nothing of a model with one. */
const besides = ({ image, preprocessing, others }: AttributionRequest, input: number): unknown[] =>
  others ? [input, ...[{ image, preprocessing }, ...others].filter((_, i) => i !== input)] : [];

/** What the result depends on besides model, image and target: not the baseline of a method that has none. */
function dependencies(request: AttributionRequest, open: ModelInfo) {
  const { method, options, preprocessing, baseline, layer, seed } = request;
  const needs = open.methods.find(({ id }) => id === method)?.needs;
  const draws = needs?.seed || (needs?.baseline && baseline.kind === 'noise');
  const through = needs?.neuron ? [request.through] : [];
  return [method, options, preprocessing, needs?.baseline && baseline, layer, draws && seed, ...through];
}

function change(axis: Axis, id: string, ground: Ground, question: Question): Partial<AttributionRequest> {
  const { target } = ground.request;
  switch (axis) {
    case 'methods': {
      const method = ground.model.methods.find((one) => one.id === id)!;
      return requestOf(method, question);
    }
    case 'targets':
      return {
        target: { kind: target.kind === 'difference' ? 'logit' : target.kind, index: Number(id) },
        ...(ground.request.neuron && { neuron: null }),
      };
    case 'baselines':
      return { baseline: id === 'images' ? { kind: id, images: question.images } : { kind: id as 'black' } };
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
  layer: question.layerOf(method),
  through: question.throughOf(method),
  baseline: question.baselineOf(method),
});
