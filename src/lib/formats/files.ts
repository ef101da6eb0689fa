/** @file Files that belong to one model, found by the names that the model has for them. */

/** The file that `path` means: of those with its name, the one that lies in the most of its folders. */
export function fileAt<T extends { readonly path: string }>(path: string, files: readonly T[]): T | undefined {
  const wanted = pathParts(path);
  const shared = (file: T) => {
    const own = pathParts(file.path);
    const differs = own.findIndex((part, i) => part !== wanted[i]);
    return differs < 0 ? own.length : differs;
  };
  return files.filter((file) => shared(file) > 0).toSorted((a, b) => shared(b) - shared(a))[0];
}

/** From the file's name upwards. Names in capitals are other files on most systems, but not on all. */
export const pathParts = (path: string): string[] =>
  path
    .replaceAll('\\', '/')
    .split('/')
    .filter((part) => part !== '.')
    .toReversed();
