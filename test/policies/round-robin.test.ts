import { describe, expect, it } from "vitest";
import { roundRobin } from "../../src/policies/round-robin.ts";
import { ReferenceRota } from "../support/reference/rota.ts";
import { seeded } from "../support/seeded.ts";
import { policyContract } from "./contract.ts";
import { poolOf, someOut, someWeights, standingOf, toolsFor } from "./pool.ts";

policyContract("round-robin", roundRobin, {
  options: {},
  keyed: false,
  // In a time t a pod of weight w has t·w turns, give or take one. All of them together have t·W, give or take one for
  // each pod; so of n picks a pod has n·w/W within 1 and its share of the others' differences.
  bound: (_, share, pods) => 1 + pods * share,
});

describe("round-robin", () => {
  it("picks what earliest deadline first without rounding picks", () => {
    const chance = seeded(22);
    for (let round = 0; round < 60; round++) {
      const pool = poolOf(someWeights(chance));
      const picker = roundRobin.build(pool.pods, {}, toolsFor(pool));
      const word = chance.word();
      const reference = new ReferenceRota(
        pool.pods.map(({ weight }) => weight),
        word,
      );
      for (let stretch = 0; stretch < 10; stretch++) {
        const standing = standingOf(pool.pods, someOut(chance, pool.pods, [0, 0.5, 0.9][stretch % 3]!));
        for (let i = 0; i < 30; i++) {
          const index = picker.pick({ key: "", word }, standing);
          expect(index).toBe(reference.next(standing.out));
        }
      }
    }
  });

  it("spaces the turns of a pod evenly", () => {
    // Weight 4 of 10: between two of its turns the others, weight 6, have 1.5 turns in the time of 1/4, give or take one
    // for each of the three.
    const pool = poolOf([4, 1, 2, 3]);
    const picker = roundRobin.build(pool.pods, {}, toolsFor(pool));
    const standing = standingOf(pool.pods);
    const picks = Array.from({ length: 1000 }, () => picker.pick({ key: "", word: 77 }, standing));
    const turns = picks.flatMap((index, i) => (index === 0 ? [i] : []));
    const gaps = turns.slice(1).map((turn, i) => turn - turns[i]! - 1);
    expect(Math.max(...gaps)).toBeLessThanOrEqual(4);
  });

  it("does not make up for the turns that a pod missed", () => {
    const pool = poolOf([1, 1, 1]);
    const picker = roundRobin.build(pool.pods, {}, toolsFor(pool));
    const gone = standingOf(pool.pods, [0]);
    for (let i = 0; i < 300; i++) picker.pick({ key: "", word: 5 }, gone);
    const back = standingOf(pool.pods);
    const picks = Array.from({ length: 9 }, () => picker.pick({ key: "", word: 5 }, back));
    expect(picks.filter((index) => index === 0).length).toBe(3);
  });

  it("does not begin at the same pod at every edge", () => {
    const pool = poolOf([1, 1, 1, 1]);
    const standing = standingOf(pool.pods);
    const chance = seeded(23);
    const firsts = Array.from({ length: 100 }, () =>
      roundRobin.build(pool.pods, {}, toolsFor(pool)).pick({ key: "", word: chance.word() }, standing),
    );
    expect(new Set(firsts).size).toBe(4);
  });
});
