import { setTimeout as sleep } from "node:timers/promises";

/** Runs `work` for each item, at most `width` at once. */
export async function inParallel<T>(
  items: Iterable<T>,
  width: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const queue = items[Symbol.iterator]();
  const rest = { [Symbol.iterator]: () => queue };
  const worker = async () => {
    for (const item of rest) await work(item);
  };
  await Promise.all(Array.from({ length: width }, worker));
}

/** What `ask` answers once it is good, or what it answers last when it does not come to that in good time. */
export async function eventually<T>(
  ask: () => Promise<T>,
  good: (found: T) => boolean,
  { within = 10_000, every = 50 } = {},
): Promise<T> {
  const deadline = Date.now() + within;
  for (;;) {
    const found = await ask();
    if (good(found) || Date.now() > deadline) return found;
    await sleep(every);
  }
}
