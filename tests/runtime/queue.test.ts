import { expect, it } from 'vitest';
import { createQueue } from '../../src/lib/runtime/queue.ts';

it('starts no task before the one before has settled', async () => {
  const enqueue = createQueue();
  let running = 0;
  let most = 0;
  const task = async () => {
    most = Math.max(most, ++running);
    await new Promise((resolve) => setTimeout(resolve, 1));
    running--;
  };
  await Promise.all(Array.from({ length: 5 }, () => enqueue(task)));
  expect(most).toBe(1);
});

it('goes on after a task that failed, and only its caller hears of it', async () => {
  const enqueue = createQueue();
  const failed = enqueue(async () => {
    throw new Error('one');
  });
  const next = enqueue(async () => 2);
  await expect(failed).rejects.toThrow('one');
  expect(await next).toBe(2);
});
