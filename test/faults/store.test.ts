import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type FaultyRest, startFaultyRest } from "../../tools/chaos/rest/proxy.ts";
import { decision, Jar } from "../../tools/fleet/client.ts";
import { type Fleet, startFleet } from "../../tools/fleet/fleet.ts";
import { eventually } from "../../tools/fleet/wait.ts";
import { findRedisServer } from "../../tools/gateway/redis.ts";

const missing = findRedisServer() === undefined;
if (missing) {
  console.error("NO redis-server ON PATH: what a store that hangs costs is not told");
  if (process.env.CI === "true") throw new Error("CI needs a redis-server on PATH");
}
/** Fewer than the failures in a row that open the breaker, so that each move waits for the store. */
const MOVES = 4;
const HOT = 150;

/** What each fault of the store leaves as it is: test/e2e/store-faults.test.ts. This tells what the worst of them costs. */
describe.skipIf(missing)("Redis down, RST, hang …", () => {
  let fleet: Fleet;
  let store: FaultyRest;
  beforeAll(async () => {
    fleet = await startFleet({
      pods: 3,
      redis: true,
      between: async (leg, url, from) => {
        if (leg !== "store" || from === "coordinator") return undefined;
        store = await startFaultyRest(url);
        return store;
      },
    });
    await eventually(
      () => new Jar().get(`${fleet.url}/_mooring/readyz`),
      ({ status }) => status === 200,
    );
  });
  afterAll(() => fleet?.stop());

  /** Milliseconds that each of these took. */
  async function timed(count: number, ask: (i: number) => Promise<void>): Promise<number[]> {
    const times: number[] = [];
    for (let i = 0; i < count; i++) {
      const began = performance.now();
      await ask(i);
      times.push(performance.now() - began);
    }
    return times.sort((a, b) => a - b);
  }
  const at = (times: readonly number[], share: number) =>
    (times[Math.min(times.length - 1, Math.floor(times.length * share))] ?? Number.NaN).toFixed(1);

  it("hang: no request fails, a warm one asks nothing, a move waits for its budget and goes on without", async () => {
    const jars = await Promise.all(
      Array.from({ length: 60 }, async () => {
        const jar = new Jar();
        return { jar, pod: (await jar.get(fleet.url)).body.trim() };
      }),
    );
    const victim = fleet.pods.find(({ id }) => jars.filter(({ pod }) => pod === id).length >= MOVES)!;
    const warm = jars.find(({ pod }) => pod !== victim.id)!;
    const doomed = jars.filter(({ pod }) => pod === victim.id).slice(0, MOVES);
    const hot = async () => {
      const answer = await warm.jar.get(fleet.url);
      expect([answer.status, decision(answer).outcome]).toEqual([200, "kept"]);
    };
    await eventually(
      async () => Number(await fleet.redis!.call("DBSIZE")),
      (size) => size >= jars.length,
    );
    const before = await timed(HOT, hot);
    const asked = store.calls;
    const fault = store.inject("hang");
    const during = await timed(HOT, hot);
    expect(store.calls).toBe(asked);
    await victim.kill();
    const moves = await timed(MOVES, async (i) => {
      const answer = await doomed[i]!.jar.get(fleet.url);
      expect([answer.status, decision(answer).outcome]).toEqual([200, "moved"]);
    });
    fault.lift();
    await victim.revive();
    console.log(
      `Redis hangs: warm p50 ${at(before, 0.5)} → ${at(during, 0.5)} ms, p99 ${at(before, 0.99)} → ${at(during, 0.99)} ms; a move ${at(moves, 0.5)} ms, at most ${at(moves, 1)} ms, asked ${fault.hits}×`,
    );
  });
});
