/** @file `npm start`: installs, builds and serves, each only where needed. Options are those of serve.mjs. */
import { serve } from './serve.mjs';
import { build, install } from './steps.mjs';

try {
  await install();
  await build();
  await serve(process.argv.slice(2));
} catch (error) {
  console.error(`\n${error instanceof Error ? error.message : error}`);
  process.exitCode = 1;
}
