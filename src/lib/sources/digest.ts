/** @file SHA-256 of a file by the platform. */

/** Lower-case hex. '' where the page is not a secure context and the platform therefore offers none. */
export async function hexDigest(bytes: Blob): Promise<string> {
  if (!globalThis.crypto?.subtle) return '';
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', await bytes.arrayBuffer()));
  return Array.from(digest, (b) => b.toString(16).padStart(2, '0')).join('');
}
