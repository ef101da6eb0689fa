/** @file What is made large, as a graph: one number for each example of the batch. */
import type { Layout } from '../attribution/layout.ts';
import { graphInput } from '../attribution/program.ts';
import { N, concrete, isBatch, type Shape } from '../graph/dim.ts';
import type { Value } from '../graph/graph.ts';
import type { Builder } from '../ops/builder.ts';
import { float32, type FloatTensor } from '../tensor/tensor.ts';
import type { Objective, Term } from './types.ts';

/** An activation of the model, and where its channels and positions are; null where it has no positions. */
export interface Site {
  readonly value: Value;
  /** In `shapeOf` the site. */
  readonly layout: Layout | null;
  /** Whether the file holds the batch in another axis, as attentions that put heads or tokens first do. */
  readonly folded?: true;
}

/** [N, …]: with a batch axis of its own also where the file has none. */
export function shapeOf({ value: { shape }, folded }: Site): Shape {
  if (!folded) return shape;
  const [first, ...rest] = shape;
  return isBatch(first) ? [N, first.times, ...rest] : [1, ...shape];
}

/** The site's activation in the shape of `shapeOf`. */
export const batched = (g: Builder, site: Site, value: Value): Value =>
  site.folded ? g.reshape(value, shapeOf(site)) : value;

/** What terms name: layers, and the logits. */
export interface Sites {
  /** Throws a RangeError for a name that the model does not have. */
  layer(name: string): Site;
  readonly logits: Site;
  /** The activation of the layer on the image that is caricatured, [1, …]; throws an Error where there is none. */
  example?(layer: string): FloatTensor;
}

/** An input of the objective's graph, and the row that each example's term has in it. */
interface Fed {
  readonly input: Value;
  row(term: Term): ArrayLike<number>;
}

/** One term, for all examples. */
interface Part {
  readonly key: string;
  readonly fed: readonly Fed[];
  /** [N, 1]; `at` maps the model's values to those computed from the picture. */
  build(g: Builder, at: (value: Value) => Value): Value;
}

/** Objectives of one form, ready to be built and fed. */
export interface Probe {
  /** Equal for objectives that differ only in what is fed: one compiled program serves all units of a layer. */
  readonly key: string;
  readonly inputs: readonly Value[];
  readonly feeds: readonly FloatTensor[];
  build(g: Builder, at: (value: Value) => Value): Value;
}

const COSINE_FLOOR = 0.1;
const TINY = 1e-6;

/**
 * The objectives of a batch: `objectives[i]` is example i's own. All must have the same terms but for units and weights.
 * Throws a RangeError where a layer, channel or position does not exist.
 */
export function probeOf(objectives: readonly Objective[], sites: Sites): Probe {
  const [first] = objectives;
  const parts = first.terms.map(({ term }, i) => partOf(term, `term ${i}`, sites));
  for (const { terms } of objectives) {
    const form = terms.map(({ term }, i) => partOf(term, `term ${i}`, sites).key).join(' + ');
    const wanted = parts.map(({ key }) => key).join(' + ');
    if (form !== wanted)
      throw new RangeError(`Objective: "${form}" and "${wanted}" cannot share a batch. Run them one after another.`);
  }
  const examples = sites.logits.value.shape[0];
  const weights = graphInput('weights', [examples, parts.length]);
  const rows = (row: (objective: Objective) => ArrayLike<number>) => objectives.flatMap((o) => Array.from(row(o)));
  return {
    key: parts.map(({ key }) => key).join(' + '),
    inputs: [weights, ...parts.flatMap(({ fed }) => fed.map(({ input }) => input))],
    feeds: [
      float32(
        [objectives.length, parts.length],
        rows(({ terms }) => terms.map(({ weight }) => weight)),
      ),
      ...parts.flatMap(({ fed }, i) =>
        fed.map(({ input, row }) =>
          float32(
            [objectives.length, ...input.shape.slice(1).map(Number)],
            rows(({ terms }) => row(terms[i].term)),
          ),
        ),
      ),
    ],
    build: (g, at) =>
      g.reduceSum(
        g.mul(
          weights,
          g.concat(
            parts.map((part) => part.build(g, at)),
            1,
          ),
        ),
        [1],
      ),
  };
}

function partOf(term: Term, name: string, sites: Sites): Part {
  switch (term.kind) {
    case 'layer':
      return meanSquare(sites.layer(term.layer));
    case 'caricature':
      return likeness(term, name, sites);
    case 'direction':
      return towards(term, name, sites.layer(term.layer));
    case 'logit':
      return unit(name, sites.logits);
    default:
      return unit(name, sites.layer(term.layer));
  }
}

/** Axes of a site: features, and everything else but the batch. */
export function axesOf(site: Site): { channels: number; positions: readonly number[] } {
  if (site.layout) return site.layout;
  const shape = shapeOf(site);
  const rank = shape.length;
  if (rank === 4 && shape[1] === 1 && shape[2] === 1) return { channels: 3, positions: [1, 2] };
  if (rank === 4) return { channels: 1, positions: [2, 3] };
  return { channels: rank - 1, positions: Array.from({ length: rank - 2 }, (_, i) => i + 1) };
}

export interface SiteSize {
  readonly channels: number;
  readonly positions: number;
}

export function siteSize(site: Site): SiteSize {
  const { channels, positions } = axesOf(site);
  const shape = shapeOf(site);
  const length = (axis: number) => concrete(shape[axis], site.value.name);
  return { channels: length(channels), positions: positions.reduce((n, axis) => n * length(axis), 1) };
}

/** Rows and columns: of a map or a grid of tokens; 1 × n for a row of positions, 1 × 1 for a vector. */
export function gridOf(site: Site): { readonly height: number; readonly width: number } {
  if (site.layout) return site.layout;
  const shape = shapeOf(site);
  const axes = axesOf(site).positions;
  if (axes.length !== 2) return { height: 1, width: siteSize(site).positions };
  const [height, width] = axes.map((axis) => concrete(shape[axis], site.value.name));
  return { height, width };
}

/** A site's activation as [N, channels, positions]. */
export function unfolded(g: Builder, site: Site, value: Value): Value {
  const { channels, positions } = axesOf(site);
  const size = siteSize(site);
  const whole = batched(g, site, value);
  return g.reshape(g.transpose(whole, [0, channels, ...positions]), [whole.shape[0], size.channels, size.positions]);
}

/** Σ_c Σ_p w_c v_p A[c, p]: a neuron, a channel's mean over positions, a logit. */
function unit(name: string, site: Site): Part {
  const { channels, positions } = siteSize(site);
  const [examples] = shapeOf(site);
  const [across, over] = [graphInput(`${name}: channel`, [examples, channels, 1]), positionInput(name, site)];
  return {
    key: `unit of ${site.value.name}`,
    fed: [
      { input: across, row: (term) => oneHot(channels, channelOf(term), `${site.value.name}: channel`) },
      { input: over, row: (term) => positionWeights(term, site, positions) },
    ],
    build: (g, at) => total(g, g.mul(g.matmul(unfolded(g, site, at(site.value)), over), across)),
  };
}

const positionInput = (name: string, site: Site): Value =>
  graphInput(`${name}: position`, [shapeOf(site)[0], siteSize(site).positions, 1]);

/** The activation's mean over positions, compared with a direction: dot · max(0.1, cosine)^power. */
function towards(term: Term & { kind: 'direction' }, name: string, site: Site): Part {
  const { channels, positions } = siteSize(site);
  const direction = graphInput(`${name}: direction`, [shapeOf(site)[0], channels, 1]);
  const over = positionInput(name, site);
  return {
    key: `direction in ${site.value.name}, power ${term.power}`,
    fed: [
      { input: direction, row: (other) => directionOf(other, channels, site) },
      { input: over, row: (other) => positionWeights(other, site, positions) },
    ],
    build: (g, at) => aligned(g, g.matmul(unfolded(g, site, at(site.value)), over), direction, term.power),
  };
}

/** The layer's activation, compared with that on an image. */
function likeness(term: Term & { kind: 'caricature' }, name: string, sites: Sites): Part {
  const site = sites.layer(term.layer);
  const { value } = site;
  const example = sites.example?.(term.layer);
  if (!example) throw new Error('Caricature: no image is open. Open the image that is to be exaggerated.');
  const input = graphInput(`${name}: image`, shapeOf(site));
  return {
    key: `caricature at ${value.name}, power ${term.power}`,
    fed: [{ input, row: () => example.data }],
    build: (g, at) => aligned(g, batched(g, site, at(value)), input, term.power),
  };
}

/** Mean of the squares. */
function meanSquare(site: Site): Part {
  return {
    key: `layer ${site.value.name}`,
    fed: [],
    build: (g, at) => {
      const [examples, ...others] = shapeOf(site);
      const squares = g.square(batched(g, site, at(site.value)));
      return g.reshape(
        g.reduceMean(
          squares,
          others.map((_, i) => i + 1),
        ),
        [examples, 1],
      );
    },
  };
}

/** ⟨a, b⟩ · max(0.1, cos(a, b))^power: [N, 1]. A power above 0 rules out what is large in every direction. */
function aligned(g: Builder, a: Value, b: Value, power: number): Value {
  const dot = total(g, g.mul(a, b));
  if (power === 0) return dot;
  const norm = (x: Value) => g.sqrt(g.add(total(g, g.square(x)), TINY));
  return g.mul(dot, g.pow(g.max(g.div(dot, g.mul(norm(a), norm(b))), COSINE_FLOOR), power));
}

/** Sum over all axes but the batch: [N, 1]. */
function total(g: Builder, x: Value): Value {
  const axes = x.shape.slice(1).map((_, i) => i + 1);
  return g.reshape(g.reduceSum(x, axes), [x.shape[0], 1]);
}

const channelOf = (term: Term): number => ('channel' in term ? term.channel : 'index' in term ? term.index : 0);

function oneHot(length: number, index: number, what: string): number[] {
  if (!Number.isInteger(index) || index < 0 || index >= length)
    throw new RangeError(`${what} ${index} is asked for, there are ${length}. Choose one from 0 to ${length - 1}.`);
  return Array.from({ length }, (_, i) => (i === index ? 1 : 0));
}

function directionOf(term: Term, channels: number, site: Site): readonly number[] {
  const direction = term.kind === 'direction' ? term.direction : [];
  if (direction.length !== channels)
    throw new RangeError(
      `${site.value.name}: the direction has ${direction.length} numbers, the layer ${channels} channels. Give one number for each.`,
    );
  return direction;
}

/** A mean over the positions that lie on the grid, or a single one. */
function positionWeights(term: Term, site: Site, positions: number): number[] {
  const { layout, value } = site;
  const prefix = layout?.prefix ?? 0;
  if (term.kind !== 'neuron')
    return Array.from({ length: positions }, (_, i) => (i < prefix ? 0 : 1 / (positions - prefix)));
  const { height, width } = gridOf(site);
  // Of an even length the middle is the later of the two in the middle.
  const { y = height >> 1, x = width >> 1 } = term;
  if (!(y >= 0 && y < height && x >= 0 && x < width))
    throw new RangeError(
      `${value.name}: row ${y}, column ${x} is asked for, the layer has ${height} rows and ${width} columns.`,
    );
  return oneHot(positions, prefix + y * width + x, `${value.name}: position`);
}
