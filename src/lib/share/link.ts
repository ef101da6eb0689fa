/** @file Short links: settings and a few numbers of the result, by which a second computation is recognised as the same. */
import { type Kind, LinkError, seal, unseal } from './envelope.ts';
import { type FileReference, type SharedRecord, readShort, writeShort } from './record.ts';

/** Thirty times what chat programs let through. */
const SHORT: Kind = { letter: 'v', version: 7, maxLetters: 64_000, maxBytes: 64_000 };
/** The oldest that says all of `record`: pages that know no newer read it too, and say of the rest that it is newer. */
function versionOf({ others, place, neuron, through, baseline }: SharedRecord): number {
  if (baseline.kind === 'images') return 7;
  if (through !== null) return 6;
  if (neuron !== null) return 5;
  if (place !== null) return 4;
  return others.length > 0 ? 3 : 2;
}

const kindFor = (record: SharedRecord): Kind => ({ ...SHORT, version: versionOf(record) });

/** Characters of a fragment: programs let 2,000 through, and the page's address stands before it. */
export const MOST_OF_FRAGMENT = 1800;

/**
 * The fragment, with its `#`: at most `MOST_OF_FRAGMENT` characters. A record that needs more loses first what a person only
 * reads (names of classes, then of files whose content is known), then addresses, whose files are asked for in their place,
 * then where the sender was inside the model.
 * Throws a LinkError that names the longest text where it is still too long: nothing that decides the result is cut.
 */
export function encodeLink(record: SharedRecord): string {
  let link = write(record);
  for (let step = 0; link.length > MOST_OF_FRAGMENT && step < SHORTENINGS.length; step++) {
    link = write((record = SHORTENINGS[step](record)));
  }
  if (link.length > MOST_OF_FRAGMENT) throw tooLong(record, link.length);
  return link;
}

/** What the fragment says. Throws a LinkError, and nothing else. */
export const decodeLink = (fragment: string): SharedRecord =>
  unseal(SHORT, fragment, (content) =>
    readShort(JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(content))),
  );

const write = (record: SharedRecord): string =>
  seal(kindFor(record), new TextEncoder().encode(JSON.stringify(writeShort(record))));

type Shorten<T> = (value: T) => T;

/** In this order, each on top of those before it. */
const SHORTENINGS: readonly Shorten<SharedRecord>[] = [
  cutLabels(30),
  cutLabels(12),
  eachFile(cutName(40)),
  eachFile(cutName(16)),
  baselineFile(dropAddress),
  eachImage(dropAddress),
  (record) => ({ ...record, model: dropAddress(record.model) }),
  (record) => ({ ...record, place: record.place && { ...record.place, details: NO_DETAILS } }),
  (record) => ({ ...record, place: null }),
];

const NO_DETAILS = { maps: {}, filters: {}, maximise: {} };

function cutLabels(max: number): Shorten<SharedRecord> {
  return (record) => ({ ...record, label: cut(record.label, max), otherLabel: cut(record.otherLabel, max) });
}

/** The name of a file whose content nobody knows is all that it is recognised by. */
function cutName(max: number): Shorten<FileReference> {
  return (file) => (file.sha256 ? { ...file, name: cutFileName(file.name, max) } : file);
}

function dropAddress(file: FileReference): FileReference {
  return { ...file, url: '' };
}

function eachFile(shorten: Shorten<FileReference>): Shorten<SharedRecord> {
  const ofBaseline = baselineFile(shorten);
  return (record) => ofBaseline({ ...eachImage(shorten)(record), model: shorten(record.model) });
}

function eachImage(shorten: Shorten<FileReference>): Shorten<SharedRecord> {
  return (record) => ({
    ...record,
    image: shorten(record.image),
    others: record.others.map((other) => ({ ...other, image: shorten(other.image) })),
  });
}

function baselineFile(shorten: Shorten<FileReference>): Shorten<SharedRecord> {
  return (record) => {
    const { baseline } = record;
    if (baseline.kind === 'image') return { ...record, baseline: { ...baseline, image: shorten(baseline.image) } };
    if (baseline.kind !== 'images') return record;
    return { ...record, baseline: { ...baseline, images: baseline.images.map(shorten) } };
  };
}

/** At most `max` UTF-16 units, and no half of a character that has two. */
function cut(text: string, max: number): string {
  if (text.length <= max) return text;
  return `${text.slice(0, max - 1).replace(/[\ud800-\udbff]$/, '')}…`;
}

/** As `cut`, but the ending stays: it says what kind of file is asked for. */
function cutFileName(name: string, max: number): string {
  const ending = /\.[\w-]{1,8}$/.exec(name)?.[0] ?? '';
  return name.length <= max ? name : cut(name.slice(0, name.length - ending.length), max - ending.length) + ending;
}

function tooLong(record: SharedRecord, length: number): LinkError {
  const { output, layer, neuron, through, options, model, image, others, baseline } = record;
  const images = baseline.kind === 'images' ? baseline.images : [];
  const texts: [what: string, characters: number][] = [
    ['the name of the output', output?.length ?? 0],
    ['the name of the layer', layer?.length ?? 0],
    ['the name of the neuron’s layer', Math.max(neuron?.layer.length ?? 0, through?.layer.length ?? 0)],
    ['the names of the files', model.name.length + image.name.length],
    ['the options', JSON.stringify(options).length],
    [`what is said of the ${images.length} images to compare with`, images.length && JSON.stringify(images).length],
    [`what is said of the ${others.length} images behind the first`, others.length && JSON.stringify(others).length],
  ];
  const instead = others.length > 0 ? 'Save the settings instead.' : 'Save a bundle (.vitrine.zip) instead.';
  const [what, characters] = texts.reduce((a, b) => (b[1] > a[1] ? b : a));
  const message = `The link would have ${length} characters, more than the ${MOST_OF_FRAGMENT} that programs let through: ${what} alone has ${characters}. ${instead}`;
  return new LinkError('too long', message);
}
