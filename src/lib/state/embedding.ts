/** @file What the page and its service worker have in common: the messages between them, and the headers that isolate a page. */

/**
 * Cross-Origin-Embedder-Policy. `credentialless` lets pictures of other sites in; browsers that do not know it need
 * `require-corp`.
 */
export const embeddings = ['credentialless', 'require-corp'] as const;
export type Embedding = (typeof embeddings)[number];

export const isEmbedding = (value: unknown): value is Embedding => embeddings.includes(value as Embedding);

/** The response with the headers added. Workers need them as well as the page; what those load from their own site does not. */
export function isolated(response: Response, embedding: Embedding): Response {
  // Opaque responses and errors have no headers to change.
  if (response.status === 0) return response;
  const headers = new Headers(response.headers);
  headers.set('Cross-Origin-Opener-Policy', 'same-origin');
  headers.set('Cross-Origin-Embedder-Policy', embedding);
  headers.set('Cross-Origin-Resource-Policy', 'same-origin');
  const { status, statusText } = response;
  const body = [204, 205, 304].includes(status) ? null : response.body;
  return new Response(body, { status, statusText, headers });
}

/** From the page to the service worker, which answers with '' or with what went wrong. */
export type WorkerMessage =
  /** Files of the site, relative to it, that must be there without a network. */
  | { readonly kind: 'keep'; readonly paths: readonly string[] }
  /** Isolate the page from its next load on; null: leave it as the host sends it. */
  | { readonly kind: 'embed'; readonly embedding: Embedding | null }
  /** Take over from the deployment before. */
  | { readonly kind: 'activate' };

/**
 * What to do on a page that loaded with `asked` in force. One automatic reload at most: only `credentialless` leads to
 * another try, and nothing leads back to it.
 */
export function afterLoad(asked: Embedding | null, nowIsolated: boolean): 'rest' | 'try require-corp' | 'give up' {
  if (asked === null || nowIsolated) return 'rest';
  return asked === 'credentialless' ? 'try require-corp' : 'give up';
}
