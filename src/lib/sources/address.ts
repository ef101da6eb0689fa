/** @file Addresses that people copy, and where the file itself lies. */

/**
 * The address that a typed one stands for. Pages about a file on GitHub, Hugging Face, GitLab, Dropbox and gists become
 * the file itself, at the address where it may be read from other sites; what is typed without a scheme is taken as
 * https; data: and blob: addresses stay as they are. Throws an Error that says what was typed where it is no address,
 * or one that no other site may ever read, with the way out.
 */
export function fileAddress(typed: string): URL {
  const text = typed.trim();
  const url = parse(/^[a-z][a-z\d+.-]*:/i.test(text) && !/^[\w.-]+:\d+(\/|$)/.test(text) ? text : `https://${text}`);
  if (url && /^(data|blob):$/.test(url.protocol)) return url;
  // Some browsers take a host of any letters and escape them.
  if (!url || !/^https?:$/.test(url.protocol) || !/^[\w.:[\]-]+$/.test(url.hostname))
    throw new Error(`"${text.slice(0, 200)}" is no web address. Type one that begins with https://.`);
  return rules.find(([host]) => host.test(url.hostname))?.[1](url) ?? url;
}

/** Whether `text` is one address and nothing else: what is pasted or dragged onto the page as one. */
export function isAddress(text: string): boolean {
  return /^(https?:\/\/|data:image\/|blob:)\S+$/i.test(text.trim());
}

function parse(text: string): URL | null {
  try {
    return new URL(text);
  } catch {
    return null;
  }
}

/** What is known of hosts that people copy addresses from. null: the address is that of a file already. */
const rules: readonly (readonly [host: RegExp, rule: (url: URL) => URL | null])[] = [
  [/^(www\.)?github\.com$/, fromGitHub],
  [/^gist\.github\.com$/, fromGist],
  [/^(www\.)?(huggingface\.co|hf\.co)$/, fromHuggingFace],
  [/^gitlab\.com$/, fromGitLab],
  [/^(www\.|dl\.)?dropbox\.com$/, fromDropbox],
  [/^(drive|docs)\.google\.com$/, () => unreadable('Google Drive')],
  [/^(1drv\.ms|onedrive\.live\.com)$/, () => unreadable('OneDrive')],
];

/** A host that sends no permission for other sites (CORS) with any file: asking it would only fail later. */
function unreadable(host: string): never {
  throw new Error(
    `${host} does not let other sites read its files (it sends no Access-Control-Allow-Origin header). Download the file with the browser and drop it here.`,
  );
}

/** github.com answers without permission for other sites; raw.githubusercontent.com gives it. */
function fromGitHub({ pathname }: URL): URL | null {
  const match = /^\/([^/]+)\/([^/]+)\/(?:blob|raw)\/(.+)$/.exec(pathname);
  return match && new URL(`https://raw.githubusercontent.com/${match[1]}/${match[2]}/${match[3]}`);
}

/** A gist's page stands for its first file. */
function fromGist({ pathname }: URL): URL | null {
  const match = /^\/([^/]+)\/([\da-f]{20,})(?:\/raw(\/.*)?)?\/?$/.exec(pathname);
  return match && new URL(`https://gist.githubusercontent.com/${match[1]}/${match[2]}/raw${match[3] ?? ''}`);
}

function fromHuggingFace({ pathname }: URL): URL {
  const path = pathname.replace(/^((?:\/(?:datasets|spaces))?\/[^/]+\/[^/]+)\/(?:blob|raw)\//, '$1/resolve/');
  return new URL(path, 'https://huggingface.co');
}

/** GitLab's pages give no permission; its interface for programs does, and follows Git LFS pointers by itself. */
function fromGitLab({ pathname }: URL): URL | null {
  const match = /^\/(.+?)\/-\/(?:blob|raw)\/([^/]+)\/(.+)$/.exec(pathname);
  if (!match) return null;
  const [project, branch, path] = match.slice(1).map((part) => encodeURIComponent(unescaped(part)));
  return new URL(`https://gitlab.com/api/v4/projects/${project}/repository/files/${path}/raw?ref=${branch}&lfs=true`);
}

/** The key of a shared file stays in the query; whether it is shown or downloaded does not matter here. */
function fromDropbox({ pathname, searchParams }: URL): URL | null {
  if (!/^\/(s|scl\/fi)\//.test(pathname)) return null;
  const direct = new URL(pathname, 'https://dl.dropboxusercontent.com');
  for (const [key, value] of searchParams) if (key !== 'dl' && key !== 'raw') direct.searchParams.set(key, value);
  return direct;
}

function unescaped(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part; // a malformed escape
  }
}

/** What the file at an address is called: the last part of its path, decoded; for data: and blob: its type. */
export function fileName(url: URL): string {
  if (url.protocol === 'blob:') return 'pasted';
  if (url.protocol === 'data:') return `pasted.${/^\w+\/(\w+)/.exec(url.pathname)?.[1] ?? 'file'}`;
  // GitLab's interface has the whole path as one part, and says "raw" behind it.
  const path = url.pathname.replace(/(\/repository\/files\/[^/]+)\/raw$/, '$1');
  const last = path.split('/').findLast((part) => part !== '') ?? url.hostname;
  return unescaped(last).split('/').at(-1) || last;
}

/**
 * Where the file lies that is called `path` relative to the file at `url`. Throws an Error with the way out where the
 * path leads out of the folder, or files of this host have addresses of their own.
 */
export function beside(address: string, path: string): string {
  const url = new URL(address);
  const parts = path
    .replaceAll('\\', '/')
    .split('/')
    .filter((part) => part !== '.');
  if (parts.some((part) => part === '' || part === '..' || part.includes(':')))
    throw new Error(`"${path}" leads out of the model's folder. Export the model again with its data in one folder.`);
  if (!/^https?:$/.test(url.protocol) || url.hostname === 'dl.dropboxusercontent.com')
    throw new Error(`Files beside this address cannot be guessed. Download both and drop them here together.`);
  const escaped = parts.map((part) => encodeURIComponent(part));
  const gitLab = /^(.*\/repository\/files\/)([^/]+)\/raw$/.exec(url.pathname);
  if (!gitLab) return new URL(`${escaped.join('/')}${url.search}`, url).href;
  const folder = unescaped(gitLab[2]).split('/').slice(0, -1);
  return new URL(`${gitLab[1]}${encodeURIComponent([...folder, ...parts].join('/'))}/raw${url.search}`, url).href;
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
