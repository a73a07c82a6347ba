import { describe, expect, it } from "vitest";
import { random } from "../../src/policies/random.ts";
import { ReferenceWheel } from "../support/reference/wheel.ts";
import { seeded } from "../support/seeded.ts";
import { fiveSigma, policyContract } from "./contract.ts";
import { binaryWeights, poolOf, someOut, standingOf, toolsFor } from "./pool.ts";

// Picks are independent draws, so a pod's count is binomial.
policyContract("random", random, { options: {}, keyed: false, bound: fiveSigma });

describe("random", () => {
  it("picks what the alias method in whole numbers picks", () => {
    const chance = seeded(20);
    for (let round = 0; round < 100; round++) {
      const pool = poolOf(binaryWeights(chance));
      const reference = new ReferenceWheel(pool.pods.map(({ weight }) => weight));
      const picker = random.build(pool.pods, {}, toolsFor(pool));
      const standing = standingOf(pool.pods, someOut(chance, pool.pods, [0, 0.5, 0.95][round % 3]!));
      for (let i = 0; i < 100; i++) {
        const word = chance.word();
        expect(picker.pick({ key: "", word }, standing)).toBe(reference.draw(word, standing.out));
      }
    }
  });

  it("gives words that are evenly spaced to pods by their exact shares", () => {
    // Each of 5 columns has at most two parts, so a share is cut in at most 10 places, each one word off at most.
    const weights = [1, 2, 3, 0, 10];
    const pool = poolOf(weights);
    const picker = random.build(pool.pods, {}, toolsFor(pool));
    const standing = standingOf(pool.pods);
    const count = 2 ** 14;
    const held = weights.map(() => 0);
    for (let i = 0; i < count; i++) held[picker.pick({ key: "", word: i * 2 ** 18 }, standing)]!++;
    for (const [i, weight] of weights.entries())
      expect(Math.abs(held[i]! - (count * weight) / 16)).toBeLessThanOrEqual(10);
    expect(held[3]).toBe(0);
  });
});
