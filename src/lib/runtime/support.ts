/** @file What each runtime makes of an operator: read from the operator's own definition and the known limits of devices. */
import type { AnyOp } from '../ops/define.ts';
import { devices } from './devices.ts';
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

/** TensorFlow.js runs an operator by the operator's own `run`. */
const onTensorFlow = (op: AnyOp): OpSupport =>
  op.run
    ? { where: 'TensorFlow.js', runs: 'yes', reason: '' }
    : { where: 'TensorFlow.js', runs: 'no', reason: 'TensorFlow.js has no form of it' };
