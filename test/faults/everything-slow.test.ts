import { expect, it } from "vitest";
import { Jar } from "../support/client.ts";
import { useFaults } from "../support/faults.ts";

const retry = { attempts: 5, on: ["connect", "timeout"] };
const { bound, of, send, tell } = useFaults({
  slow: { count: 4, config: { retry, timeouts: { headers: "300ms" } } },
  "slow-bound": { count: 4, config: { retry, timeouts: { headers: "300ms" } } },
  resetting: { count: 4, config: { retry } },
  "resetting-bound": { count: 4, config: { retry } },
});

const OFFERED = 600;
const AT_ONCE = 60;
const SESSIONS = 10;

/** What reached the pods of a pool since it was made, probes included. */
const came = (pool: string) => of(pool).reduce((sum, pod) => sum + pod.arrivals.length, 0);

/** Sends so many requests, and says what came of them. */
async function offer(pool: string, jarOf: (i: number) => Jar) {
  const began = performance.now();
  const statuses: Record<number, number> = {};
  let sent = 0;
  const client = async () => {
    while (sent < OFFERED) {
      const { answer } = await send(jarOf(sent++), pool);
      statuses[answer.status] = (statuses[answer.status] ?? 0) + 1;
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, client));
  return { statuses, took: performance.now() - began };
}

/**
 * Attempts at most. Of what came in the last 10 s a fifth may be tried again, or 30 where that is more: with more than 150
 * requests within 10 s it is a fifth, to the last one. What takes longer falls into pieces of 10 s, and of those only the
 * first, which may be a short one, can have come to 30 with less.
 */
function most(offered: number, took: number): number {
  return Math.floor(1.2 * offered) + (took < 9000 ? 0 : 30);
}

it.each([
  ["slow", "slow-headers", { ms: 3000 }, 504],
  ["resetting", "reset", {}, 503],
] as const)(
  "everything %s: attempts at the pods are at most 1.2 of what is offered",
  async (pool, fault, options, status) => {
    for (const pod of of(pool)) await pod.inject(fault, options as never);
    const before = came(pool);
    const { statuses, took } = await offer(pool, () => new Jar());
    const attempts = came(pool) - before;
    tell(
      `everything ${pool}: ${attempts} attempts for ${OFFERED} requests, ${(attempts / OFFERED).toFixed(3)}×`,
    );
    expect(statuses).toEqual({ [status]: OFFERED });
    expect(attempts).toBeGreaterThan(OFFERED);
    expect(attempts).toBeLessThanOrEqual(most(OFFERED, took));
  },
);

// Sessions of pods that cannot be connected to may move once without being counted, all that are on their way before the
// first knows that it was in vain, behind one probe for each of them. Those of slow pods pay for every move.
it.each([
  ["slow", "slow-bound", "slow-headers", { ms: 3000 }, 0],
  ["resetting", "resetting-bound", "reset", {}, AT_ONCE + SESSIONS],
] as const)("everything %s: so with bound sessions", async (name, pool, fault, options, free) => {
  const sessions: Jar[] = [];
  for (let i = 0; i < SESSIONS; i++) sessions.push((await bound(pool)).jar);
  for (const pod of of(pool)) await pod.inject(fault, options as never);
  const { statuses, took } = await offer(pool, (i) => sessions[i % SESSIONS]!);
  // The requests that bound them are offered, too, as the pool's budget has it: to leave them out once showed two too many.
  const [attempts, offered] = [came(pool), OFFERED + SESSIONS];
  tell(
    `everything ${name}, bound: ${attempts} attempts for ${offered} requests, ${(attempts / offered).toFixed(3)}×`,
  );
  expect(Object.keys(statuses).every((status) => Number(status) >= 503)).toBe(true);
  expect(attempts).toBeLessThanOrEqual(most(offered, took) + free);
  for (const pod of of(pool)) await pod.clear();
  const after = await Promise.all(sessions.map((jar) => send(jar, pool)));
  expect(after.map(({ answer }) => answer.status)).toEqual(Array(SESSIONS).fill(200));
});
