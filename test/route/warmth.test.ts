import { describe, expect, it } from "vitest";
import type { Pool } from "../../src/model/pool.ts";
import type { Standing } from "../../src/policies/policy.ts";
import { accept, Warmth, warmthOf } from "../../src/route/warmth.ts";
import { seeded } from "../support/seeded.ts";

const slowStart = { window: 30_000, aggression: 1, minimum: 0.1 };
const pool = { slowStart } as Pool;
const NOW = 1_800_000_000_000;
const standing: Standing = { out: new Uint8Array(3), live: 3, version: 7, inflight: new Uint32Array(3) };

describe("the share of a pod that starts slowly", () => {
  it.each([
    [0, 0.1],
    [3000, 0.1],
    [15_000, 0.5],
    [29_999, 29_999 / 30_000],
    [30_000, 1],
    [Number.POSITIVE_INFINITY, 1],
    // A clock that was set back.
    [-5000, 0.1],
  ])("after %d ms is %d", (age, share) => expect(warmthOf(slowStart, age)).toBeCloseTo(share, 9));

  it("grows faster at first with an aggression over 1, as Envoy has it", () => {
    expect(warmthOf({ ...slowStart, aggression: 2 }, 7500)).toBeCloseTo(0.5, 9);
    expect(warmthOf({ ...slowStart, aggression: 0.5 }, 15_000)).toBeCloseTo(0.25, 9);
  });
});

describe("how pods stand while one starts", () => {
  it("is as it was when none does, or the pool has no slow start", () => {
    expect(Warmth.of(pool, ["a", "b", "c"], undefined, NOW)).toBeUndefined();
    expect(Warmth.of(pool, ["a", "b", "c"], { a: 30_000 }, NOW)).toBeUndefined();
    expect(
      Warmth.of({ slowStart: { ...slowStart, window: 0 } } as Pool, ["a"], { a: 5 }, NOW),
    ).toBeUndefined();
  });

  it("gives the pod its growing part of the keys, in steps, and the others all", () => {
    const warmth = Warmth.of(pool, ["a", "b", "c"], { b: 6000 }, NOW)!;
    const first = warmth.over(standing, NOW);
    expect([...first.slow!].map((share) => share / 0xffffffff)).toEqual([1, expect.closeTo(0.2, 6), 1]);
    expect(first.version).not.toBe(standing.version);
    expect(warmth.over(standing, NOW + 999)).toBe(first);
    const next = warmth.over(standing, NOW + 9000);
    expect(next.slow![1]! / 0xffffffff).toBeCloseTo(0.5, 6);
    expect(next.version).not.toBe(first.version);
    expect(warmth.over(standing, NOW + 24_000)).toBe(standing);
  });
});

it("takes of what a policy picks as much as the shares say, and never turns the last one away", () => {
  const words = seeded(11);
  const slow = Uint32Array.from([0xffffffff, 0xffffffff / 5]);
  let cold = 0;
  for (let i = 0; i < 20_000; i++) {
    if (accept(slow, words.word(), (word) => word & 1) === 1) cold++;
  }
  // Each turn picks the cold pod with 1/2 and takes it with 1/5: 0.1/(0.5 + 0.1) of those that are taken are on it, 1/6.
  // σ = sqrt(1/6 · 5/6 / 20,000) = 0.26 %; 5 σ on either side.
  expect(cold / 20_000).toBeGreaterThan(1 / 6 - 0.0132);
  expect(cold / 20_000).toBeLessThan(1 / 6 + 0.0132);
  expect(accept(Uint32Array.of(0), 1, () => 0)).toBe(0);
  expect(accept(Uint32Array.of(0), 1, () => -1)).toBe(-1);
});
