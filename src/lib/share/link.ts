/**
 * @file Permalinks: `#v1.<base64url(deflate-raw(JSON))>.<CRC-32>`. All of it stands in the fragment, which browsers do
 * not send. A link that does not read as it was written is an error that says why; it never opens anything else.
 */
import { deflateSync, inflateSync } from 'fflate';
import { crc32 } from './crc32.ts';
import { type SharedRecord, readShort, writeShort } from './record.ts';
import { SchemaError, fromBase64Url, toBase64Url } from './schema.ts';

const VERSION = 1;
/** Characters of a fragment beyond which it is not read: thirty times what chat programs let through. */
const MAX_LETTERS = 64_000;
/** Bytes of JSON; what inflates to more is not one of ours. */
const MAX_JSON = 64_000;

export type LinkFault = 'not a link' | 'truncated' | 'tampered' | 'newer version';

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
export function encodeLink(record: SharedRecord): string {
  const json = new TextEncoder().encode(JSON.stringify(writeShort(record)));
  const payload = toBase64Url(deflateSync(json, { level: 9 }));
  return `#v${VERSION}.${payload}.${checksum(payload)}`;
}

/** Whether a fragment means to be a link, be it a damaged one; `#explain` does not. */
export const isLink = (fragment: string): boolean => /^#?\s*v\d/i.test(clean(fragment));

/**
 * What the fragment says, with or without its `#`. Percent signs of chat programs that encode twice, white space of mail
 * programs that wrap, and punctuation after it are taken away. Throws a LinkError, and nothing else.
 */
export function decodeLink(fragment: string): SharedRecord {
  if (fragment.length > MAX_LETTERS) {
    const message = `This link has ${fragment.length} characters, more than the ${MAX_LETTERS} that a link may have. Copy it again from where it was shared.`;
    throw new LinkError('tampered', message);
  }
  const [, version, payload, rest] = split(clean(fragment));
  const sum = /^\.([0-9a-f]{8})[^0-9A-Za-z]*$/i.exec(rest)?.[1].toLowerCase();
  if (Number(version) !== VERSION) throw newer(version);
  if (sum === undefined) throw incomplete(payload, rest);
  if (sum !== checksum(payload)) {
    throw new LinkError(
      'tampered',
      'This link was changed on its way: its checksum does not fit. Copy it again from where it was shared, or ask for a bundle (.vitrine.zip).',
    );
  }
  return readPayload(payload);
}

function clean(fragment: string): string {
  let text = fragment.slice(0, MAX_LETTERS + 1);
  for (let round = 0; round < 3 && text.includes('%'); round++) {
    try {
      text = decodeURIComponent(text);
    } catch {
      break;
    }
  }
  // White space, soft hyphens and zero-width marks that programs put where a line may break.
  return text.replaceAll(/[\s\u00ad\u200b-\u200d\u2060\ufeff]+/g, '');
}

function split(text: string): string[] {
  const parts = /^#*v(\d{1,9})(?:\.([\w-]*))?(.*)$/i.exec(text);
  if (parts) return parts.map((part) => part ?? '');
  const message =
    'This is not a link of Vitrine: it should begin with #v1. Copy the whole link, from https:// to its end.';
  throw new LinkError('not a link', message);
}

function newer(version: string): LinkError {
  return Number(version) > VERSION
    ? new LinkError(
        'newer version',
        `This link has format ${Number(version)}; this page reads format ${VERSION}. Reload the page to get its newest version, or open the link where it was made.`,
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

function readPayload(payload: string): SharedRecord {
  try {
    // One byte more than allowed: the output never grows beyond it, and a full buffer gives a bomb away.
    const json = inflateSync(fromBase64Url(payload), { out: new Uint8Array(MAX_JSON + 1) });
    if (json.length > MAX_JSON) throw new SchemaError(`its content unfolds to more than ${MAX_JSON} bytes`);
    return readShort(JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(json)));
  } catch (error) {
    const why = error instanceof SchemaError ? error.message : 'its content cannot be unfolded';
    const message = `This link was not made by Vitrine, although its checksum fits: ${why}. Ask for a new one.`;
    throw new LinkError('tampered', message);
  }
}

const checksum = (payload: string): string =>
  crc32(new TextEncoder().encode(`v${VERSION}.${payload}`))
    .toString(16)
    .padStart(8, '0');
