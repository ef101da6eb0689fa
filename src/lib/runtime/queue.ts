/** @file One thing at a time: two runs at once hang onnxruntime-web on WebGPU, and of two creations the second fails. */

export type Enqueue = <T>(task: () => Promise<T>) => Promise<T>;

/** Tasks run in the order in which they were handed in, each after the one before has settled. */
export function createQueue(): Enqueue {
  let last: Promise<unknown> = Promise.resolve();
  return (task) => {
    const result = last.then(task);
    last = result.catch(() => undefined);
    return result;
  };
}
