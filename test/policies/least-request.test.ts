import { describe, expect, it } from "vitest";
import { leastRequest } from "../../src/policies/least-request.ts";
import { leastOfAll, leastOfTwo } from "../support/reference/least.ts";
import { seeded } from "../support/seeded.ts";
import { fiveSigma, policyContract } from "./contract.ts";
import { binaryWeights, poolOf, someOut, standingOf, toolsFor } from "./pool.ts";

// Idle pods are equal, and then both forms draw one by weight: a binomial count.
policyContract("least-request of two", leastRequest, { options: {}, keyed: false, bound: fiveSigma });
policyContract("least-request of all", leastRequest, {
  options: { choices: "all" },
  keyed: false,
  bound: fiveSigma,
});

const REFERENCES = [
  [2, leastOfTwo],
  ["all", leastOfAll],
] as const;

describe.each(REFERENCES)("least-request, choices: %s", (choices, reference) => {
  it("picks what the reference picks", () => {
    const chance = seeded(24);
    for (let round = 0; round < 100; round++) {
      const pool = poolOf(binaryWeights(chance));
      const weights = pool.pods.map(({ weight }) => weight);
      const picker = leastRequest.build(pool.pods, { choices }, toolsFor(pool));
      const inflight = weights.map(() => chance.below(6));
      const out = someOut(chance, pool.pods, [0, 0.5, 0.95][round % 3]!);
      const standing = standingOf(pool.pods, out, inflight);
      for (let i = 0; i < 50; i++) {
        const word = chance.word();
        expect(picker.pick({ key: "", word }, standing)).toBe(reference(weights, word, standing));
      }
    }
  });

  it("reads the requests in flight as they are now, not as the standing began", () => {
    const pool = poolOf([1, 1]);
    const picker = leastRequest.build(pool.pods, { choices }, toolsFor(pool));
    const standing = standingOf(pool.pods);
    const chance = seeded(25);
    standing.inflight[0] = 3;
    // Four second draws miss the other of two pods once in 16: then the first stays.
    const picks = Array.from({ length: 2000 }, () => picker.pick({ key: "", word: chance.word() }, standing));
    const wrong = picks.filter((index) => index === 0).length;
    const share = choices === 2 ? 1 / 32 : 0;
    expect(Math.abs(wrong - 2000 * share)).toBeLessThanOrEqual(fiveSigma(2000, share));
  });

  it("measures load for weight", () => {
    const pool = poolOf([1, 10]);
    const picker = leastRequest.build(pool.pods, { choices }, toolsFor(pool));
    // 1/1 against 9/10: the big pod is the lighter one, however busy.
    const standing = standingOf(pool.pods, [], [1, 9]);
    const chance = seeded(26);
    const picks = Array.from({ length: 500 }, () => picker.pick({ key: "", word: chance.word() }, standing));
    // Only when the first draw and all four others hit the small pod: once in 161,051.
    expect(picks.filter((index) => index === 0).length).toBe(0);
    const even = standingOf(pool.pods, [], [0, 9]);
    const idle = Array.from({ length: 500 }, () => picker.pick({ key: "", word: chance.word() }, even));
    // The small pod is drawn in one of four second draws with 1 − (10/11)^4 = 0.32, or first with 1/11.
    expect(idle.filter((index) => index === 0).length).toBeGreaterThan(100);
  });
});

describe("least-request", () => {
  it("takes 2 choices unless told, and nothing but 2 and all", () => {
    expect(leastRequest.options.parse({})).toEqual({ choices: 2 });
    for (const choices of [1, 3, "some"])
      expect(leastRequest.options.safeParse({ choices }).success).toBe(false);
  });
});
