/**
 * @file What every link looks like: `#<kind><version>.<base64url(deflate-raw(bytes))>.<CRC-32>`. All of it stands in the
 * fragment, which browsers do not send. A link that does not read as it was written is an error that says why.
 */
import { deflateSync, inflateSync } from 'fflate';
import { crc32 } from './crc32.ts';
import { type KindOfLink, clean } from './kind.ts';
import { SchemaError, fromBase64Url, toBase64Url } from './schema.ts';

/** A kind of link; each counts its versions for itself. */
export interface Kind {
  readonly letter: KindOfLink;
  /** The newest version, which is written; all before it are read. */
  readonly version: number;
  /** Characters of a fragment beyond which it is not read. */
  readonly maxLetters: number;
  /** What unfolds to more bytes is not one of ours. */
  readonly maxBytes: number;
}

/** `too long`: there is no link; the others: it cannot be read. */
export type LinkFault = 'not a link' | 'truncated' | 'tampered' | 'newer version' | 'too long';

/** The message says what is wrong and what to do. */
export class LinkError extends Error {
  override name = 'LinkError';
  readonly fault: LinkFault;

  constructor(fault: LinkFault, message: string) {
    super(message);
    this.fault = fault;
  }
}

/** The fragment, with its `#`. */
export function seal(kind: Kind, bytes: Uint8Array): string {
  const payload = toBase64Url(deflateSync(bytes, { level: 9 }));
  return `#${kind.letter}${kind.version}.${payload}.${checksum(kind, kind.version, payload)}`;
}

/**
 * What `read` makes of the fragment's content; with or without its `#`. Percent signs of chat programs that encode twice,
 * white space of mail programs that wrap, and punctuation after it are taken away. Throws a LinkError, and nothing else.
 */
export function unseal<T>(kind: Kind, fragment: string, read: (content: Uint8Array) => T): T {
  if (fragment.length > kind.maxLetters) {
    const message = `This link has ${fragment.length} characters, more than the ${kind.maxLetters} that a link may have. Copy it again from where it was shared.`;
    throw new LinkError('tampered', message);
  }
  const { version, payload, rest } = split(kind, clean(fragment));
  const sum = /^\.([0-9a-f]{8})[^0-9A-Za-z]*$/i.exec(rest)?.[1].toLowerCase();
  if (version < 1 || version > kind.version) throw otherVersion(kind, version);
  if (sum === undefined) throw incomplete(payload, rest);
  if (sum !== checksum(kind, version, payload)) {
    throw new LinkError(
      'tampered',
      'This link was changed on its way: its checksum does not fit. Copy it again from where it was shared, or ask for a bundle (.vitrine.zip).',
    );
  }
  try {
    return read(unfold(kind, payload));
  } catch (error) {
    if (error instanceof LinkError) throw error;
    const why = error instanceof SchemaError ? error.message : 'its content cannot be unfolded';
    const message = `This link was not made by Vitrine, although its checksum fits: ${why}. Ask for a new one.`;
    throw new LinkError('tampered', message);
  }
}

function unfold({ maxBytes }: Kind, payload: string): Uint8Array {
  // One byte more than allowed: the output never grows beyond it, and a full buffer gives a bomb away.
  const content = inflateSync(fromBase64Url(payload), { out: new Uint8Array(maxBytes + 1) });
  if (content.length > maxBytes) throw new SchemaError(`its content unfolds to more than ${maxBytes} bytes`);
  return content;
}

function split({ letter, version }: Kind, text: string): { version: number; payload: string; rest: string } {
  const parts = new RegExp(`^#*${letter}(\\d{1,9})(?:\\.([\\w-]*))?(.*)$`, 'i').exec(text);
  if (parts) return { version: Number(parts[1]), payload: parts[2] ?? '', rest: parts[3] };
  const message = `This is not a link of Vitrine: it should begin with #${letter}${version}. Copy the whole link, from https:// to its end.`;
  throw new LinkError('not a link', message);
}

function otherVersion(kind: Kind, version: number): LinkError {
  return version > kind.version
    ? new LinkError(
        'newer version',
        `This link has format ${version}; this page reads formats up to ${kind.version}. Reload the page to get its newest version, or open the link where it was made.`,
      )
    : new LinkError('tampered', `There never was a link of format ${version}. Copy it again from where it was shared.`);
}

function incomplete(payload: string, rest: string): LinkError {
  const short = /^(\.[0-9a-f]{0,7})?[^0-9A-Za-z]*$/i.test(rest);
  return short
    ? new LinkError(
        'truncated',
        `This link was cut off after ${payload.length + 4 + rest.length} characters: its end is missing. Copy it again in full, or ask for a bundle (.vitrine.zip).`,
      )
    : new LinkError(
        'tampered',
        'This link holds characters that no link has, or something was written after it. Copy it again from where it was shared.',
      );
}

const checksum = ({ letter }: Kind, version: number, payload: string): string =>
  crc32(new TextEncoder().encode(`${letter}${version}.${payload}`))
    .toString(16)
    .padStart(8, '0');
