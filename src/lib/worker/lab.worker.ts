/** @file The worker's entry point. */
import * as Comlink from 'comlink';
import { LabCore } from '../model/lab.ts';
import { VERSION } from '../model/version.ts';
import type { Lab } from './api.ts';
import { startPulse } from './pulse.ts';

const LATE = /\/workers\/late\//;

const lateParts = async () =>
  performance
    .getEntriesByType('resource')
    .map(({ name }) => new URL(name).pathname)
    .filter((path) => LATE.test(path));

// `satisfies` would not do: the worker must offer all of Lab, and comlink takes anything.
const lab: Lab = Object.assign(new LabCore({ version: VERSION }), { lateParts });

Comlink.expose(lab);
startPulse((greeting) => self.postMessage(greeting));
