/** @file The part of the Cache API that is used, in memory. The browser's own is tested end to end. */

/** `room`: bytes of the largest file that fits. */
export function memory(room = Infinity): CacheStorage {
  const caches = new Map<string, Map<string, Response>>();
  const open = async (name: string) => {
    const entries = caches.get(name) ?? new Map<string, Response>();
    caches.set(name, entries);
    return {
      match: async (url: string) => entries.get(url)?.clone(),
      keys: async () => [...entries.keys()].map((url) => ({ url })),
      delete: async (url: string) => entries.delete(url),
      put: async (url: string, response: Response) => {
        if ((await response.clone().blob()).size > room) throw new DOMException('full', 'QuotaExceededError');
        entries.set(url, response);
      },
    };
  };
  return { open, delete: async (name: string) => caches.delete(name) } as unknown as CacheStorage;
}
