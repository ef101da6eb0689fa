/** @file Whatever was thrown, as a sentence for the person: `name: what is wrong. What to do.` */

const NO_MEMORY =
  /allocation failed|out of memory|bad_alloc|Invalid (typed )?array length|could not allocate|memory access out of bounds/i;

/** JavaScript's own words for a mistake in a program. */
const MISTAKE =
  /is not a function|is not iterable|is not a constructor|Cannot (read|set|convert|mix)|is not defined|call stack|is (null|undefined)$|(null|undefined) is not an? (object|function)|^internal:|invalid opcode|unreachable/;

/** The message of `error`, with the name of the file or thing in question in front, and a way out behind. */
export function say(error: unknown, subject: string): string {
  return clipped(labelled(error, subject));
}

export const isOutOfMemory = (error: unknown): boolean =>
  NO_MEMORY.test(error instanceof Error ? error.message : String(error));

/** Names and shapes of a hostile file may be endless. */
const clipped = (text: string): string => (text.length > 2000 ? `${text.slice(0, 1500)} … ${text.slice(-300)}` : text);

function labelled(error: unknown, subject: string): string {
  const message = (error instanceof Error ? error.message : String(error)).trim();
  const reason = message.startsWith(`${subject}: `) ? message.slice(subject.length + 2) : message;
  if (NO_MEMORY.test(reason))
    return `${subject}: this needs more memory than the browser gives (${reason}). Close other tabs, choose a smaller model or image, or choose WebGPU under Device where WASM has run out.`;
  if (MISTAKE.test(reason))
    return `${subject}: Vitrine failed on it by a mistake of its own (${reason}). Please report it, with the file if you can.`;
  if (reason !== message || /^Vitrine: /.test(message)) return message;
  if (/ERROR_CODE|OrtRun|Session|onnxruntime/i.test(message))
    return `${subject}: onnxruntime refuses it: ${oneLine(message)}. Export the model again, or report it with the file.`;
  return `${subject}: ${message || 'failed without saying why. Reload the page and try again.'}`;
}

/** Native messages run over lines and end with a stack. */
const oneLine = (text: string): string => text.split('\n')[0].slice(0, 400).replace(/\.$/, '');
