/** @file Whether the browser lets the page keep anything at all. */

/** True where a setting of the browser denies sites all storage: even looking for it throws there. */
export function isStorageDenied(): boolean {
  try {
    return localStorage === null;
  } catch {
    return true;
  }
}
