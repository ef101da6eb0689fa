import { sveltekit } from '@sveltejs/kit/vite';
import { defaultClientConditions, defineConfig, type Plugin } from 'vite';
import { ortFiles } from './scripts/copy-ort.mjs';
import { ISOLATION_HEADERS } from './scripts/static-server.mjs';

/** SvelteKit answers for pages itself and leaves `server.headers` out; so the development page would not be isolated. */
function isolateDevelopmentPages(): Plugin {
  return {
    name: 'vitrine:isolate-development-pages',
    configureServer: ({ middlewares }) => {
      middlewares.use((_request, response, next) => {
        for (const [name, value] of Object.entries(ISOLATION_HEADERS)) response.setHeader(name, value);
        next();
      });
    },
  };
}

/** Libraries of some megabytes that few people need: the service worker keeps them from their first use on. */
const LATE = /\/node_modules\/h5wasm\//;

/** Puts the parts of the engine that hold such a library into a folder of their own, by which the service worker tells them. */
function lateParts(): Plugin {
  return {
    name: 'vitrine:late-parts',
    apply: 'build',
    config: {
      order: 'post',
      handler: ({ worker }) => {
        const { output } = worker?.rollupOptions ?? {};
        const usual = Array.isArray(output) ? undefined : output?.chunkFileNames;
        if (typeof usual !== 'string') throw new Error('SvelteKit no longer says where chunks of workers go.');
        const chunkFileNames = ({ moduleIds }: { moduleIds: readonly string[] }) =>
          moduleIds.some((id) => LATE.test(id)) ? usual.replace('/chunks/', '/late/') : usual;
        return { worker: { rollupOptions: { output: { chunkFileNames } } } };
      },
    },
  };
}

export default defineConfig({
  plugins: [ortFiles(), isolateDevelopmentPages(), sveltekit(), lateParts()],
  // onnxruntime's WebAssembly comes from the site's own ort/ folder; without the condition Vite would emit it a second time.
  resolve: { conditions: ['onnxruntime-web-use-extern-wasm', ...defaultClientConditions] },
  optimizeDeps: { exclude: ['onnxruntime-web'] },
  worker: { format: 'es' },
  // The Content-Security-Policy allows no data: fonts.
  build: { assetsInlineLimit: 0 },
  preview: { headers: ISOLATION_HEADERS },
});
