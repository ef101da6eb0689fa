/** @file The first bytes of a file, all that is read of it to tell what it is. */

/** JSON is recognised by its keys, archives by the names of their first entries: both stand in the first kilobytes. */
export const HEAD = 64 * 1024;

export const headOf = async (bytes: Blob | ArrayBuffer): Promise<Uint8Array> =>
  new Uint8Array(bytes instanceof Blob ? await bytes.slice(0, HEAD).arrayBuffer() : bytes.slice(0, HEAD));
