/** @file What each runtime makes of an operator: read from the operator's own definition and the known limits of devices. */
import { operatorKey, type AnyOp } from '../ops/define.ts';
import { devices } from './devices.ts';
import { hasChannelsLastForm } from './lower/channels-last.ts';
import { onTfjs } from './lower/decompose-tfjs.ts';
import { everywhere } from './lower/decompose.ts';
import { tfjsLimitOf } from './tfjs/unsupported.ts';
import { limitsOf } from './unsupported.ts';

export interface OpSupport {
  /** Where it runs: a device of onnxruntime-web, or "TensorFlow.js" on all of its devices. */
  readonly where: string;
  /** `some`: all forms but those that `reason` names. */
  readonly runs: 'yes' | 'some' | 'no';
  /** '' where every form runs. */
  readonly reason: string;
}

/** One entry for each column of a table of operators, always in the same order. */
export function supportOf(op: AnyOp): readonly OpSupport[] {
  const onnxruntime = devices
    .filter((device) => device.runtime === 'onnxruntime-web')
    .map(({ title, kind }): OpSupport => {
      const reason = limitsOf(op.type, kind);
      return { where: title, runs: reason ? 'some' : 'yes', reason: reason ?? '' };
    });
  return [...onnxruntime, onTensorFlow(op)];
}

/** TensorFlow.js runs an operator by the operator's own `run`, or by those of the operators that it is lowered to. */
function onTensorFlow({ type, domain, run }: AnyOp): OpSupport {
  const where = 'TensorFlow.js';
  const reason = tfjsLimitOf(type);
  if (reason) return { where, runs: 'some', reason };
  if (run || type in onTfjs || operatorKey(type, domain) in everywhere || hasChannelsLastForm(type))
    return { where, runs: 'yes', reason: '' };
  return { where, runs: 'no', reason: 'TensorFlow.js has no form of it' };
}
