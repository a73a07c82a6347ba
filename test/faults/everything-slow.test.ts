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

/** What reached the pods of a pool, probes included, for so many requests. */
async function offer(pool: string, jarOf: (i: number) => Jar) {
  const came = () => of(pool).reduce((sum, pod) => sum + pod.arrivals.length, 0);
  const before = came();
  const statuses: Record<number, number> = {};
  let sent = 0;
  const client = async () => {
    while (sent < OFFERED) {
      const { answer } = await send(jarOf(sent++), pool);
      statuses[answer.status] = (statuses[answer.status] ?? 0) + 1;
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, client));
  return { attempts: came() - before, statuses };
}

// Of what came in the last 10 s a fifth may be tried again, or 30 where that is more. Cut into pieces of 10 s, only the
// first, which may be a short one, can have come to those 30 with less than 150 requests. Bound sessions may move once
// without being counted, all of them who are on their way before the first knows that it was in vain.
const most = (free: number) => 1.2 * OFFERED + 30 + free;

it.each([
  ["slow", "slow-headers", { ms: 3000 }, 504],
  ["resetting", "reset", {}, 503],
] as const)(
  "everything %s: attempts at the pods are at most 1.2 of what is offered",
  async (pool, fault, options, status) => {
    for (const pod of of(pool)) await pod.inject(fault, options as never);
    const { attempts, statuses } = await offer(pool, () => new Jar());
    tell(
      `everything ${pool}: ${attempts} attempts for ${OFFERED} requests, ${(attempts / OFFERED).toFixed(3)}×`,
    );
    expect(statuses).toEqual({ [status]: OFFERED });
    expect(attempts).toBeGreaterThan(OFFERED);
    expect(attempts).toBeLessThanOrEqual(most(0));
  },
);

it.each([
  ["slow", "slow-bound", "slow-headers", { ms: 3000 }],
  ["resetting", "resetting-bound", "reset", {}],
] as const)("everything %s: so with bound sessions", async (name, pool, fault, options) => {
  const sessions: Jar[] = [];
  for (let i = 0; i < 10; i++) sessions.push((await bound(pool)).jar);
  for (const pod of of(pool)) await pod.inject(fault, options as never);
  const { attempts, statuses } = await offer(pool, (i) => sessions[i % 10]!);
  tell(
    `everything ${name}, bound: ${attempts} attempts for ${OFFERED} requests, ${(attempts / OFFERED).toFixed(3)}×`,
  );
  expect(Object.keys(statuses).every((status) => Number(status) >= 503)).toBe(true);
  expect(attempts).toBeLessThanOrEqual(most(AT_ONCE));
  for (const pod of of(pool)) await pod.clear();
  const after = await Promise.all(sessions.map((jar) => send(jar, pool)));
  expect(after.map(({ answer }) => answer.status)).toEqual(Array(10).fill(200));
});
