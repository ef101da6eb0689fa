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

export default defineConfig({
  plugins: [ortFiles(), isolateDevelopmentPages(), sveltekit()],
  // onnxruntime's WebAssembly comes from the site's own ort/ folder; without the condition Vite would emit it a second time.
  resolve: { conditions: ['onnxruntime-web-use-extern-wasm', ...defaultClientConditions] },
  optimizeDeps: { exclude: ['onnxruntime-web'] },
  worker: { format: 'es' },
  // The Content-Security-Policy allows no data: fonts.
  build: { assetsInlineLimit: 0 },
  preview: { headers: ISOLATION_HEADERS },
});
