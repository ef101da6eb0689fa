/** @file What a link and a bundle say: which files, what was asked, how it was drawn, and what came out. */
import type { Neuron, Target } from '../attribution/types.ts';
import type { Preprocessing } from '../vision/types.ts';
import {
  type Json,
  type Scalar,
  type Schema,
  SchemaError,
  address,
  defaulted,
  digest,
  flag,
  list,
  nullable,
  number,
  oneOf,
  scalars,
  struct,
  text,
} from './schema.ts';

/** A model or an image, by its source and its content. */
export interface FileReference {
  /** Id among those that come with the page; '' for a file of the sender's. */
  readonly bundled: string;
  readonly name: string;
  readonly bytes: number;
  /** Lower-case hex; '' where it is not known. */
  readonly sha256: string;
  /** Where it was fetched from; '' where it was not, or where the address is too long for a link. */
  readonly url: string;
}

export type SharedBaseline =
  | { readonly kind: 'black' | 'white' | 'mean' | 'blur' | 'noise' }
  | { readonly kind: 'value'; readonly value: number }
  | { readonly kind: 'image'; readonly image: FileReference }
  /** A distribution: each but the image that is explained. */
  | { readonly kind: 'images'; readonly images: readonly FileReference[] };

type ColourMapId = (typeof COLOUR_MAPS)[number];

/** How the result is drawn. */
export interface View {
  readonly opacity: number;
  /** Id of a colour map; null takes the one that suits the page. */
  readonly diverging: ColourMapId | null;
  readonly sequential: ColourMapId;
  readonly sign: 'all' | 'positive' | 'negative' | 'absolute';
  readonly percentile: number;
  readonly smooth: boolean;
  readonly fade: boolean;
  readonly backdrop: 'colour' | 'grey' | 'none';
}

/** By which a second computation is recognised as the same; null where there is none or it is not finite. */
export interface ResultNumbers {
  /** F(x). */
  readonly value: number | null;
  /** The self-check's gap. */
  readonly delta: number | null;
  readonly sum: number | null;
  /** Largest magnitude of the map. */
  readonly max: number | null;
}

/** What an input behind the first is fed. */
export interface SharedInput {
  readonly image: FileReference;
  readonly preprocessing: Preprocessing;
}

/** Where in “Look inside” the sender was last. Nothing of the result depends on it. */
export interface SharedPlace {
  readonly tab: 'maps' | 'filters' | 'maximise';
  readonly layer: string;
  readonly channel: number | null;
  readonly position: { readonly y: number; readonly x: number } | null;
  /** In the words of each tab: order and scale of the maps, the recipe of a maximisation. */
  readonly details: Readonly<Record<SharedPlace['tab'], Readonly<Record<string, Scalar>>>>;
}

export interface SharedRecord {
  readonly model: FileReference;
  /** Of a model with several outputs: the one that is explained. */
  readonly output: string | null;
  readonly image: FileReference;
  readonly preprocessing: Preprocessing;
  /** Of a model with several image inputs: those behind the first, in the model's order. */
  readonly others: readonly SharedInput[];
  readonly target: Target;
  /** What is explained in place of the target; null where it is the target. */
  readonly neuron: Neuron | null;
  /** The neuron through which the target is followed; null of methods that follow it everywhere. */
  readonly through: Neuron | null;
  readonly method: string;
  /** Options that differ from the method's defaults. */
  readonly options: Readonly<Record<string, Scalar>>;
  readonly baseline: SharedBaseline;
  readonly layer: string | null;
  readonly seed: number;
  readonly view: View;
  /** Of Vitrine. */
  readonly version: string;
  readonly device: {
    readonly runtime: 'onnxruntime-web' | 'tfjs';
    readonly kind: 'wasm' | 'webgpu' | 'webgl' | 'cpu';
    readonly threads: number;
    readonly version: string;
  };
  /** The sender's name of the explained class; '' where the model has none. */
  readonly label: string;
  /** The sender's name of the second class of a difference. */
  readonly otherLabel: string;
  readonly numbers: ResultNumbers;
  /** null where nothing inside the model was picked. */
  readonly place: SharedPlace | null;
}

const SIDE = 4096;
const CLASSES = 10_000_000;
const id = (max = 64): Schema<string> => text(max, /^[\w.-]*$/);

const file = struct<FileReference>({
  bundled: ['i', defaulted(id(), '')],
  name: ['n', text(120)],
  bytes: ['b', number({ min: 0, max: 2 ** 40, whole: true })],
  sha256: ['h', digest],
  url: ['u', defaulted(address(300), '')],
});

const colours = { min: 1, max: 4 };

const preprocessing = struct<Preprocessing>({
  preset: ['p', defaulted(id(), 'torchvision')],
  layout: ['l', defaulted(oneOf(['NCHW', 'NHWC']), 'NCHW')],
  order: ['o', defaulted(oneOf(['RGB', 'BGR', 'grey']), 'RGB')],
  width: ['w', defaulted(number({ min: 1, max: SIDE, whole: true }), 224)],
  height: ['h', defaulted(number({ min: 1, max: SIDE, whole: true }), 224)],
  resize: ['r', defaulted(oneOf(['centre-crop', 'stretch', 'fit']), 'centre-crop')],
  cropFraction: ['c', defaulted(number({ min: 0.01, max: 1 }), 0.875)],
  scale: ['s', defaulted(number(), 1)],
  mean: ['m', defaulted(list(number(), colours), [0.485, 0.456, 0.406])],
  std: ['d', defaulted(list(number(), colours), [0.229, 0.224, 0.225])],
});

const MOST_OTHERS = 255;
const inputs = list(struct<SharedInput>({ image: ['i', file], preprocessing: ['p', preprocessing] }), {
  max: MOST_OTHERS,
});

/** Left out in both forms where there are none: what says of one image reads as it always did. */
const others: Schema<SharedRecord['others']> = {
  write: (values, form) => (values.length === 0 ? undefined : inputs.write(values, form)),
  read: (json, form, at) => (json === undefined ? [] : inputs.read(json, form, at)),
};

interface FlatTarget {
  readonly kind: Target['kind'];
  readonly index: number;
  readonly other: number | null;
}

const index = number({ min: 0, max: CLASSES, whole: true });
const flatTarget = struct<FlatTarget>({
  kind: ['k', defaulted(oneOf(['logit', 'probability', 'logit-minus-mean', 'difference']), 'logit')],
  index: ['i', index],
  other: ['o', nullable(index)],
});

const target: Schema<Target> = {
  write: (value, form) =>
    flatTarget.write(
      { kind: value.kind, index: value.index, other: value.kind === 'difference' ? value.other : null },
      form,
    ),
  read: (json, form, at) => {
    const { kind, index, other } = flatTarget.read(json, form, at);
    if (kind !== 'difference') return { kind, index };
    if (other === null) throw new SchemaError(`${at} is a difference without a second class`);
    return { kind, index, other };
  },
};

interface FlatNeuron {
  readonly layer: string;
  readonly channel: number;
  readonly y: number | null;
  readonly x: number | null;
}

const flatNeuron = struct<FlatNeuron>({
  layer: ['l', text(400)],
  channel: ['c', index],
  y: ['y', nullable(index)],
  x: ['x', nullable(index)],
});

/** Left out in both forms where there is none. */
const neuron: Schema<Neuron | null> = {
  write: (value, form) => {
    if (value === null) return undefined;
    const { layer, channel, position } = value;
    return flatNeuron.write({ layer, channel, y: position?.y ?? null, x: position?.x ?? null }, form);
  },
  read: (json, form, at) => {
    if (json === undefined) return null;
    const { layer, channel, y, x } = flatNeuron.read(json, form, at);
    if ((y === null) !== (x === null))
      throw new SchemaError(`${at} has a row without a column, or a column without a row`);
    return { layer, channel, position: y !== null && x !== null ? { y, x } : null };
  },
};

interface FlatBaseline {
  readonly kind: SharedBaseline['kind'];
  readonly value: number | null;
  readonly image: FileReference | null;
  readonly images: readonly FileReference[];
}

const files = list(file, { max: 64 });

/** Left out in both forms where there are none. */
const someFiles: Schema<readonly FileReference[]> = {
  write: (values, form) => (values.length === 0 ? undefined : files.write(values, form)),
  read: (json, form, at) => (json === undefined ? [] : files.read(json, form, at)),
};

const flatBaseline = struct<FlatBaseline>({
  kind: ['k', defaulted(oneOf(['black', 'white', 'mean', 'blur', 'noise', 'value', 'image', 'images']), 'black')],
  value: ['v', nullable(number())],
  image: ['i', nullable(file)],
  images: ['q', someFiles],
});

const baseline: Schema<SharedBaseline> = {
  write: (b, form) =>
    flatBaseline.write(
      {
        kind: b.kind,
        value: b.kind === 'value' ? b.value : null,
        image: b.kind === 'image' ? b.image : null,
        images: b.kind === 'images' ? b.images : [],
      },
      form,
    ),
  read: (json, form, at) => {
    const { kind, value, image, images } = flatBaseline.read(json, form, at);
    if (kind === 'value') return { kind, value: value ?? 0 };
    if (kind === 'images') {
      if (images.length === 0) throw new SchemaError(`${at} is of several images, and none is named`);
      return { kind, images };
    }
    if (kind !== 'image') return { kind };
    if (image === null) throw new SchemaError(`${at} is an image that is not named`);
    return { kind, image };
  },
};

export const DEFAULT_VIEW: View = {
  opacity: 0.9,
  diverging: null,
  sequential: 'ember',
  sign: 'all',
  percentile: 99,
  smooth: true,
  fade: true,
  backdrop: 'grey',
};

/** Every colour map there ever was; new ones go to the end. */
export const COLOUR_MAPS = ['tide', 'night', 'iris', 'ember', 'lagoon', 'grey'] as const;

const view = struct<View>({
  opacity: ['o', defaulted(number({ min: 0, max: 1 }), DEFAULT_VIEW.opacity)],
  diverging: ['d', nullable(oneOf(COLOUR_MAPS))],
  sequential: ['q', defaulted(oneOf(COLOUR_MAPS), DEFAULT_VIEW.sequential)],
  sign: ['s', defaulted(oneOf(['all', 'positive', 'negative', 'absolute']), DEFAULT_VIEW.sign)],
  percentile: ['p', defaulted(number({ min: 0, max: 100 }), DEFAULT_VIEW.percentile)],
  smooth: ['m', defaulted(flag, DEFAULT_VIEW.smooth)],
  fade: ['f', defaulted(flag, DEFAULT_VIEW.fade)],
  backdrop: ['b', defaulted(oneOf(['colour', 'grey', 'none']), DEFAULT_VIEW.backdrop)],
});

/** What a link keeps of a number. */
export const roundSix = (value: number): number => Number(value.toPrecision(6));

const sixDigits: Schema<number | null> = nullable({
  write: (value) => (Number.isFinite(value) ? roundSix(value) : undefined),
  read: number().read,
});

const numbers = struct<ResultNumbers>({
  value: ['v', sixDigits],
  delta: ['d', sixDigits],
  sum: ['s', sixDigits],
  max: ['m', sixDigits],
});

interface FlatPlace {
  readonly tab: SharedPlace['tab'];
  readonly layer: string;
  readonly channel: number | null;
  readonly y: number | null;
  readonly x: number | null;
  readonly maps: Readonly<Record<string, Scalar>>;
  readonly filters: Readonly<Record<string, Scalar>>;
  readonly maximise: Readonly<Record<string, Scalar>>;
}

const details = defaulted(scalars(16, 200), {});
const flatPlace = struct<FlatPlace>({
  tab: ['t', defaulted(oneOf(['maps', 'filters', 'maximise']), 'maps')],
  layer: ['l', text(400)],
  channel: ['c', nullable(index)],
  y: ['y', nullable(index)],
  x: ['x', nullable(index)],
  maps: ['m', details],
  filters: ['f', details],
  maximise: ['r', details],
});

/** Left out in both forms where there is none. */
const place: Schema<SharedPlace | null> = {
  write: (value, form) =>
    value === null
      ? undefined
      : flatPlace.write(
          {
            ...{ tab: value.tab, layer: value.layer, channel: value.channel },
            ...{ y: value.position?.y ?? null, x: value.position?.x ?? null, ...value.details },
          },
          form,
        ),
  read: (json, form, at) => {
    if (json === undefined) return null;
    const { tab, layer, channel, y, x, ...details } = flatPlace.read(json, form, at);
    return { tab, layer, channel, position: y !== null && x !== null ? { y, x } : null, details };
  },
};

const record = struct<SharedRecord>({
  model: ['m', file],
  output: ['u', nullable(text(400))],
  image: ['i', file],
  preprocessing: ['p', preprocessing],
  others: ['w', others],
  target: ['t', target],
  neuron: ['j', neuron],
  through: ['h', neuron],
  method: ['e', id()],
  options: ['o', defaulted(scalars(32), {})],
  baseline: ['b', defaulted(baseline, { kind: 'black' })],
  layer: ['l', nullable(text(400))],
  seed: ['s', defaulted(number({ min: 0, max: 2 ** 32, whole: true }), 0)],
  view: ['v', defaulted(view, DEFAULT_VIEW)],
  version: ['a', id(40)],
  device: [
    'd',
    struct<SharedRecord['device']>({
      runtime: ['r', defaulted(oneOf(['onnxruntime-web', 'tfjs']), 'onnxruntime-web')],
      kind: ['k', defaulted(oneOf(['wasm', 'webgpu', 'webgl', 'cpu']), 'wasm')],
      threads: ['t', defaulted(number({ min: 1, max: 4096, whole: true }), 1)],
      version: ['v', id(40)],
    }),
  ],
  label: ['c', defaulted(text(60), '')],
  otherLabel: ['x', defaulted(text(60), '')],
  numbers: ['r', numbers],
  place: ['n', place],
});

// Version 2 added the output, addresses and names of classes, version 3 the images behind the first, version 4 the place,
// version 5 the neuron, version 6 the neuron that is gone through, version 7 baselines of several images; what is missing is read as none, so the versions before read the same.

/** The images of the inputs, in the model's order. */
export const imagesOf = ({ image, others }: SharedRecord): FileReference[] => [
  image,
  ...others.map((other) => other.image),
];

/** As it stands in links: short keys, only what differs from the defaults. */
export const writeShort = (value: SharedRecord): Json => record.write(value, 'short') ?? {};
/** Throws a SchemaError that names the first field that does not fit. */
export const readShort = (json: unknown): SharedRecord => record.read(json, 'short', 'the link');
/** As it stands in bundles: every field by its name, but the place, which is nowhere without the model. */
export const writeLong = (value: SharedRecord): Json => record.write({ ...value, place: null }, 'long') ?? {};
export const readLong = (json: unknown): SharedRecord => record.read(json, 'long', 'the settings');
