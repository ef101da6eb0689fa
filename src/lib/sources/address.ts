/** @file Addresses that people copy, and where the file itself lies. */

/**
 * The address that a typed one stands for. GitHub's and Hugging Face's pages about a file become the file itself; what is
 * typed without a scheme is taken as https. Throws an Error that says what was typed where it is no web address.
 */
export function fileAddress(typed: string): URL {
  const text = typed.trim();
  const url = parse(/^[a-z][a-z\d+.-]*:/i.test(text) && !/^[\w.-]+:\d+(\/|$)/.test(text) ? text : `https://${text}`);
  // Some browsers take a host of any letters and escape them.
  if (!url || !/^https?:$/.test(url.protocol) || !/^[\w.:[\]-]+$/.test(url.hostname))
    throw new Error(`"${text.slice(0, 200)}" is no web address. Type one that begins with https://.`);
  return hostRule(url);
}

function parse(text: string): URL | null {
  try {
    return new URL(text);
  } catch {
    return null;
  }
}

function hostRule(url: URL): URL {
  if (url.hostname === 'github.com' || url.hostname === 'www.github.com') return fromGitHub(url);
  if (/^(www\.)?(huggingface\.co|hf\.co)$/.test(url.hostname)) return fromHuggingFace(url);
  return url;
}

/** github.com answers without permission for other sites; raw.githubusercontent.com gives it. */
function fromGitHub(url: URL): URL {
  const match = /^\/([^/]+)\/([^/]+)\/(?:blob|raw)\/(.+)$/.exec(url.pathname);
  return match ? new URL(`https://raw.githubusercontent.com/${match[1]}/${match[2]}/${match[3]}`) : url;
}

function fromHuggingFace(url: URL): URL {
  const path = url.pathname.replace(/^((?:\/(?:datasets|spaces))?\/[^/]+\/[^/]+)\/(?:blob|raw)\//, '$1/resolve/');
  return new URL(path, 'https://huggingface.co');
}

/** The last part of an address's path, decoded: what the file is called. */
export function fileName(url: URL): string {
  const last = url.pathname.split('/').findLast((part) => part !== '') ?? url.hostname;
  try {
    return decodeURIComponent(last);
  } catch {
    return last; // a malformed escape
  }
}

/** What stands in a repository in place of a large file. */
export interface Pointer {
  readonly sha256: string;
  readonly bytes: number;
}

/** A Git LFS pointer has three short lines; nothing longer than this is read as one. */
export const LONGEST_POINTER = 150;

/** Reads a Git LFS pointer; null where the text is none. */
export function readPointer(text: string): Pointer | null {
  if (text.length > LONGEST_POINTER || !text.startsWith('version https://git-lfs')) return null;
  const oid = /^oid sha256:([\da-f]{64})$/m.exec(text);
  const size = /^size (\d+)$/m.exec(text);
  return oid && size ? { sha256: oid[1], bytes: Number(size[1]) } : null;
}

/** Where the large file behind a pointer at `url` lies; null where no such place is known. */
export function behindPointer(url: URL): URL | null {
  if (url.hostname === 'raw.githubusercontent.com')
    return new URL(`https://media.githubusercontent.com/media${url.pathname}`);
  if (url.hostname !== 'huggingface.co') return null;
  const resolved = fromHuggingFace(url);
  return resolved.href === url.href ? null : resolved;
}
