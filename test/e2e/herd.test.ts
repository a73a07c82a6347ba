import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Fleet, startFleet } from "../../tools/fleet/fleet.ts";
import { fullest, gather, herdConfig, type Stampede, stampede } from "../../tools/fleet/herd.ts";
import { wholeLedger } from "../../tools/fleet/ledger.ts";
import { eventually } from "../../tools/fleet/wait.ts";
import { findRedisServer } from "../../tools/gateway/redis.ts";

const missing = findRedisServer() === undefined;
if (missing) {
  console.error("NO redis-server ON PATH: no pod is killed under a herd");
  if (process.env.CI === "true") throw new Error("CI needs a redis-server on PATH");
}

/** `npm run fleet` does it in large. */
describe.skipIf(missing)("sixty sessions that ask for sixteen things at once when a pod is killed", () => {
  let fleet: Fleet;
  let ran: Stampede;
  let swaps = 0;

  beforeAll(async () => {
    fleet = await startFleet({ edges: 3, pods: 3, redis: true, config: herdConfig });
    const members = await gather(fleet, 60);
    const scripts = async () => {
      const { eval: whole = 0, evalsha = 0 } = await fleet.redis!.commandstats();
      return whole + evalsha;
    };
    const before = await scripts();
    ran = await stampede(fleet, members, fullest(members), 16);
    swaps = (await scripts()) - before;
  });
  afterAll(async () => fleet?.stop());

  it("are all answered", () => {
    expect([ran.answers, ran.errors]).toEqual([960, 0]);
    // Of 60 sids over 3 pods the fullest has a third at least.
    expect(ran.herd.length).toBeGreaterThanOrEqual(20);
  });

  it("end each on one pod at one epoch, at all three edges", () => {
    expect(ran.divergent).toEqual([]);
  });

  it("stay where they are when their pod lives", () => {
    expect(ran.others).toBe(0);
  });

  it("cost each edge one compare-and-set a session that moves, whatever came late", () => {
    expect(swaps).toBeLessThanOrEqual(ran.herd.length * fleet.edges.length);
    expect(swaps).toBeGreaterThan(0);
  });

  it("are in the ledger once each, and nobody else is", async () => {
    const ledger = await eventually(
      () => wholeLedger(fleet),
      (entries) => entries.length >= ran.herd.length,
    );
    expect(ledger.map(({ sid }) => sid).sort()).toEqual(ran.herd.map(({ sid }) => sid).sort());
    expect(new Set(ledger.map(({ cause }) => cause))).toEqual(new Set(["pod-gone"]));
  });
});
