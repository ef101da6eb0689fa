/** @file The worker's entry point. */
import * as Comlink from 'comlink';
import { LabCore } from '../model/lab.ts';
import { VERSION } from '../model/version.ts';
import type { Lab } from './api.ts';
import { startPulse } from './pulse.ts';

// `satisfies` would not do: the worker must offer all of Lab, and comlink takes anything.
const lab: Lab = new LabCore({ version: VERSION });

Comlink.expose(lab);
startPulse((greeting) => self.postMessage(greeting));
