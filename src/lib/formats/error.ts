/** @file The one error of this folder: a file that cannot be used, said to the person who dropped it. */

/** `name.onnx: what is wrong, with both values. What to do.` */
export class FormatError extends Error {
  override name = 'FormatError';
}

/** Whether a reason says what to do already: in a second sentence. */
export const hasWayOut = (reason: string): boolean => /\. [A-Z]/.test(reason);
