/** @file Something put away right before a reload, for the same tab to find after it. Nothing of it stays. */

const [DATABASE, STORE, BY_TIME] = ['vitrine-reload', 'stash', 'by-time'];
/**
 * In the tab's own storage: its name, under which its stash lies. It is given once and never taken back, because Chromium may
 * show a page that is isolated anew what this storage held before.
 */
const TAB = 'vitrine-tab';
/** What no tab came back for is deleted after this time. */
const LIFETIME_MS = 60 * 60 * 1000;

interface Stashed {
  readonly content: unknown;
  readonly at: number;
}

/** Puts `content` away. Throws an Error where the browser keeps nothing, or not as much. */
export async function stash(content: unknown): Promise<void> {
  const tab = sessionStorage.getItem(TAB) ?? String(Math.random());
  sessionStorage.setItem(TAB, tab);
  await withStore('readwrite', (store) => {
    forgetOld(store);
    return store.put({ content, at: Date.now() } satisfies Stashed, tab);
  });
}

/** What this tab put away, which is forgotten by that; null where there is nothing. Throws an Error where it cannot be read. */
export async function takeStash(): Promise<unknown> {
  const tab = tabName();
  if (tab === null) return null;
  const found = await withStore('readonly', (store) => store.get(tab) as IDBRequest<Stashed | undefined>);
  if (found) await withStore('readwrite', (store) => store.delete(tab));
  return found?.content ?? null;
}

function tabName(): string | null {
  try {
    return sessionStorage.getItem(TAB);
  } catch {
    return null; // nothing can have been put away
  }
}

function forgetOld(store: IDBObjectStore): void {
  const old = store.index(BY_TIME).openKeyCursor(IDBKeyRange.upperBound(Date.now() - LIFETIME_MS));
  old.onsuccess = () => {
    if (!old.result) return;
    store.delete(old.result.primaryKey);
    old.result.continue();
  };
}

/** Resolves to the request's result when all of it is written. */
async function withStore<T>(mode: IDBTransactionMode, ask: (store: IDBObjectStore) => IDBRequest<T>): Promise<T> {
  const database = await open();
  try {
    return await new Promise((resolve, reject) => {
      const transaction = database.transaction(STORE, mode);
      const request = ask(transaction.objectStore(STORE));
      transaction.oncomplete = () => resolve(request.result);
      transaction.onabort = () => reject(transaction.error ?? new Error('the browser refused to store it'));
    });
  } finally {
    database.close();
  }
}

function open(): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(DATABASE, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE).createIndex(BY_TIME, 'at');
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error('the browser refused to store it'));
  });
}
