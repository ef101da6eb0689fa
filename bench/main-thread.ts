/**
 * @file How long the page's main thread is busy at a stretch while it works: Chromium's own trace of the built site, in six
 * scenes. Prints a Markdown table and, with `--why`, what the longest tasks consist of and which threads had the cores.
 *
 *     npm run build && node bench/main-thread.ts [--model FILE.onnx] [--only WORD] [--why] [--quick-compiler] [--later] [--ahead]
 *
 * Two times are given for each task: elapsed, which also counts the time in which the processor served others, and computing
 * time of the thread itself. The limit of 50 ms is that of the Long Tasks API. `--quick-compiler` keeps V8 from compiling the
 * engine's WebAssembly a second time and better, which takes all cores for seconds. `--later`: someone who has been there
 * before, whose browser has kept most of that. `--ahead`: the page's main thread goes before all other threads, which shows
 * what it would take with a core to itself (Linux, as root).
 */
import { join } from 'node:path';
import os from 'node:os';
import { parseArgs } from 'node:util';
import { launchOptions, testLaunchOptions } from '../scripts/chromium.mjs';
import { serveFolder } from '../scripts/static-server.mjs';
import { between, putMainThreadsFirst, threadTimes } from './main-thread/cores.ts';
import { SCENES, done } from './main-thread/scenes.ts';
import { type Task, longest, tasksOf } from './main-thread/trace.ts';
import { regular, stranger } from './main-thread/visits.ts';

const LIMIT_MS = 50;
/** A new window has Chromium lay out its own interface, for about two seconds of a core. */
const SETTLE_MS = 4000;
const root = join(import.meta.dirname, '..');
const { values } = parseArgs({
  options: {
    model: { type: 'string', default: join(root, 'static/models/vitrine-16-shortcut.onnx') },
    only: { type: 'string', default: '' },
    why: { type: 'boolean', default: false },
    'quick-compiler': { type: 'boolean', default: false },
    later: { type: 'boolean', default: false },
    ahead: { type: 'boolean', default: false },
  },
});

const CATEGORIES = [
  '-*',
  'toplevel',
  'devtools.timeline',
  'disabled-by-default-devtools.timeline',
  'v8',
  'blink',
  'gpu',
];

const row = (cells: readonly (string | number)[]) => `| ${cells.join(' | ')} |`;
const ms = (value: number) => value.toFixed(0);

function report(name: string, tasks: readonly Task[]): void {
  const over = (of: 'wall' | 'cpu') => tasks.filter((task) => task[of] > LIMIT_MS).length;
  const max = (of: 'wall' | 'cpu') => ms(Math.max(0, ...tasks.map((task) => task[of])));
  console.log(row([name, tasks.length, max('wall'), over('wall'), max('cpu'), over('cpu')]));
  if (!values.why) return;
  for (const { wall, cpu, parts } of longest(tasks, 4))
    console.log(`    ${ms(wall)} ms elapsed, ${ms(cpu)} ms computing: ${parts.join('; ')}`);
}

/** How much of the difference between elapsed and computing is the wait for a core, and who had them. */
function reportCores(tasks: readonly Task[], [main, ...others]: ReturnType<typeof between>): void {
  if (!values.why || !main) return;
  const missing = tasks.reduce((sum, { wall, cpu }) => sum + wall - cpu, 0);
  const busiest = others.slice(0, 8).map(({ name, computed }) => `${name} ${ms(computed)}`);
  console.log(
    `    elapsed and not computing in all: ${ms(missing)} ms; main thread computed ${ms(main.computed)}, ready without a core ${ms(main.waited)} ms; others computed: ${busiest.join(', ')}`,
  );
}

const { url, close } = await serveFolder({ directory: join(root, 'build'), base: '/vitrine/', isolated: false });
const options = await (values['quick-compiler'] ? testLaunchOptions() : launchOptions());
const visitor = await (values.later ? regular(options, url) : stranger(options));
console.log(
  `${os.cpus().length} cores, ${os.cpus()[0].model.trim()}, Chromium ${visitor.version}${values.later ? ', later visits' : ''}${values.ahead ? ', main thread ahead' : ''}\n`,
);
console.log(
  row(['scene', 'tasks', 'longest elapsed, ms', `over ${LIMIT_MS}`, 'longest computing, ms', `over ${LIMIT_MS}`]),
);
console.log(row(['---', '--:', '--:', '--:', '--:', '--:']));
try {
  for (const scene of SCENES.filter(({ name }) => name.includes(values.only))) {
    const { browser, context, close: leave } = await visitor.visit();
    const page = await context.newPage();
    await page.waitForTimeout(SETTLE_MS);
    if (!scene.fromTheStart) {
      await page.goto(url);
      await done(page);
    }
    await scene.prepare?.(page, values.model);
    if (!scene.fromTheStart) {
      // What Playwright itself needs in the page is there before the measurement.
      await page.waitForFunction(() => document.body !== null);
      await page.waitForTimeout(SETTLE_MS);
    }
    if (values.ahead) putMainThreadsFirst();
    const before = threadTimes();
    await browser.startTracing(page, { categories: CATEGORIES });
    await Promise.all([scene.play(page), ...(scene.fromTheStart ? [page.goto(url, { waitUntil: 'commit' })] : [])]);
    const threads = between(before, threadTimes());
    const tasks = tasksOf(await browser.stopTracing());
    for (const unseen of scene.fromTheStart ? [true, false] : [false])
      report(
        `${scene.name}${scene.fromTheStart ? `, ${unseen ? 'until' : 'once'} it is drawn` : ''}`,
        tasks.filter((task) => task.unseen === unseen),
      );
    reportCores(tasks, threads);
    await leave();
  }
} finally {
  await visitor.close();
  await close();
}
