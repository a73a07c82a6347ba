import { expect, it } from "vitest";
import { keySpread } from "../../src/plan/spread.ts";
import { testCore } from "../support/core.ts";
import { snapshotOf, tagsOf, viewOf } from "../support/plan-fleet.ts";

const config = {
  version: 1,
  pools: {
    web: {
      pods: [
        { id: "a", url: "http://127.0.0.1:1", weight: 1 },
        { id: "b", url: "http://127.0.0.1:2", weight: 2 },
        { id: "c", url: "http://127.0.0.1:3", weight: 1 },
        { id: "d", url: "http://127.0.0.1:4", weight: 0 },
      ],
    },
  },
  routes: [{ path: "/", pool: "web" }],
};

it("gives each pod its share of the keys by weight, and those of a pod that is out to the others", async () => {
  const snapshot = (await snapshotOf(config, 1))!;
  const core = testCore();
  const [pool] = viewOf(snapshot, [], {}, core).pools;
  const before = keySpread(pool!);
  expect(before.map(({ pod, due }) => [pod, due])).toEqual([
    ["a", 0.25],
    ["b", 0.5],
    ["c", 0.25],
    ["d", 0],
  ]);
  expect(before.reduce((sum, { owned }) => sum + owned, 0)).toBe(1);
  for (const { due, owned, now } of before) {
    // A table of 65,536 slots is within 2 % of what is due; a sample of 8,192 keys within four standard deviations.
    expect(Math.abs(owned - due)).toBeLessThan(0.02);
    expect(Math.abs(now - owned)).toBeLessThanOrEqual(4 * Math.sqrt((owned * (1 - owned)) / 8192));
  }
  const [, b] = tagsOf(snapshot);
  const [without] = viewOf(snapshot, [], { [b!]: "down" }, testCore()).pools;
  const after = keySpread(without!);
  expect(after.map(({ owned }) => owned)).toEqual(before.map(({ owned }) => owned));
  expect(after[1]).toMatchObject({ state: "down", now: 0 });
  expect(after.reduce((sum, { now }) => sum + now, 0)).toBe(1);
  for (const [i, { now }] of after.entries()) if (i !== 1) expect(now).toBeGreaterThanOrEqual(before[i]!.now);
});
