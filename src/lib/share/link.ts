/** @file Short links: settings and a few numbers of the result, by which a second computation is recognised as the same. */
import { type Kind, seal, unseal } from './envelope.ts';
import { type SharedRecord, readShort, writeShort } from './record.ts';

/** Thirty times what chat programs let through. */
const SHORT: Kind = { letter: 'v', version: 2, maxLetters: 64_000, maxBytes: 64_000 };

/** The fragment, with its `#`. */
export const encodeLink = (record: SharedRecord): string =>
  seal(SHORT, new TextEncoder().encode(JSON.stringify(writeShort(record))));

/** What the fragment says. Throws a LinkError, and nothing else. */
export const decodeLink = (fragment: string): SharedRecord =>
  unseal(SHORT, fragment, (content) =>
    readShort(JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(content))),
  );
