import { describe, expect, it } from "vitest";
import { consistentHash } from "../../src/policies/consistent-hash.ts";
import { testCore } from "../support/core.ts";
import { ReferenceTable } from "../support/reference/table.ts";
import { seeded } from "../support/seeded.ts";
import { fiveSigma, policyContract } from "./contract.ts";
import { poolOf, someOut, someWeights, standingOf } from "./pool.ts";

policyContract("consistent-hash", consistentHash, {
  options: {},
  keyed: true,
  // A pod's slots are at most 1.1 times its share, by quota; fewer than 0.9 times are 6 standard deviations of the
  // 65,536 slots for a share of 1/16, the smallest here. Which slot a key hits is a binomial draw on top.
  bound: (picks, share) => 0.1 * picks * share + fiveSigma(picks, share),
});

describe("consistent-hash", () => {
  it("picks what the table by its definition says, whatever is out", () => {
    const chance = seeded(21);
    for (let round = 0; round < 12; round++) {
      const bits = 8 + chance.below(3);
      const { pods } = poolOf(someWeights(chance));
      const core = testCore();
      const table = core.table(pods, bits);
      const reference = new ReferenceTable(pods, bits);
      const picker = consistentHash.build(pods, {}, { core, table: () => table });
      for (const share of [0, 0.4, 0.9]) {
        const standing = standingOf(pods, someOut(chance, pods, share));
        const gone = new Set(pods.filter(({ index }) => standing.out[index] === 1).map(({ id }) => id));
        for (let i = 0; i < 60; i++) {
          const key = chance.text(1 + chance.below(30));
          const index = picker.pick({ key, word: chance.word() }, standing);
          expect(pods[index]?.id).toBe(reference.lookup(key, gone));
        }
      }
      expect(core.traps).toBe(0);
    }
  });

  it("asks for the table when a session comes, not when it is built", () => {
    const { pods } = poolOf([1, 1]);
    const core = testCore();
    let asked = 0;
    const table = () => {
      asked++;
      return core.table(pods, 8);
    };
    const picker = consistentHash.build(pods, {}, { core, table });
    expect(asked).toBe(0);
    picker.pick({ key: "a", word: 0 }, standingOf(pods));
    expect(asked).toBe(1);
  });
});
