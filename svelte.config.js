import adapter from '@sveltejs/adapter-static';
import { vitePreprocess } from '@sveltejs/vite-plugin-svelte';

/** The folder the site is served from, without a trailing slash: '' or '/vitrine'. */
const base = /** @type {'' | `/${string}`} */ (process.env.BASE_PATH ?? '');

/** @type {import('@sveltejs/kit').Config} */
export default {
  preprocess: vitePreprocess(),
  kit: {
    adapter: adapter(),
    // Relative, so that one build works at the root, under a sub-path and from any folder.
    paths: { base, relative: true },
    // The page registers it itself, after the engine has started (state/offline.svelte.ts).
    serviceWorker: { register: false },
    // Static hosts send no headers, so the policy goes into a meta tag; SvelteKit adds the hashes of its inline scripts.
    // It lets the page fetch what a person types (https:) and WebAssembly compile, and nothing else run or load.
    csp: {
      mode: 'hash',
      directives: {
        'default-src': ['self'],
        'script-src': ['self', 'wasm-unsafe-eval'],
        // blob: is for the thread workers of onnxruntime.
        'worker-src': ['self', 'blob:'],
        // localhost: models that a person serves from their own machine.
        'connect-src': ['self', 'https:', 'http://localhost:*', 'http://127.0.0.1:*', 'blob:', 'data:'],
        'img-src': ['self', 'https:', 'blob:', 'data:'],
        'style-src': ['self', 'unsafe-inline'],
        'object-src': ['none'],
        'base-uri': ['none'],
      },
    },
  },
};
