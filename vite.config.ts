import { sveltekit } from '@sveltejs/kit/vite';
import { defaultClientConditions, defineConfig } from 'vite';
import { ortFiles } from './scripts/copy-ort.mjs';
import { ISOLATION_HEADERS } from './scripts/static-server.mjs';

export default defineConfig({
  plugins: [ortFiles(), sveltekit()],
  // onnxruntime's WebAssembly comes from the site's own ort/ folder; without the condition Vite would emit it a second time.
  resolve: { conditions: ['onnxruntime-web-use-extern-wasm', ...defaultClientConditions] },
  optimizeDeps: { exclude: ['onnxruntime-web'] },
  worker: { format: 'es' },
  // The Content-Security-Policy allows no data: fonts.
  build: { assetsInlineLimit: 0 },
  server: { headers: ISOLATION_HEADERS },
  preview: { headers: ISOLATION_HEADERS },
});
