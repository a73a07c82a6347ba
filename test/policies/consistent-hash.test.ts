import { describe, expect, it } from "vitest";
import { consistentHash } from "../../src/policies/consistent-hash.ts";
import { testCore } from "../support/core.ts";
import { wyhash32 } from "../support/reference/hash.ts";
import { ReferenceOverlay } from "../support/reference/overlay.ts";
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

policyContract("consistent-hash with bounded load", consistentHash, {
  options: { boundedLoad: true },
  keyed: true,
  // With nothing in flight nobody is near a bound, so the same holds.
  bound: (picks, share) => 0.1 * picks * share + fiveSigma(picks, share),
});

describe("consistent-hash", () => {
  it("passes by pods in slow start, and with bounded load those with too much in flight, as the overlay says", () => {
    const chance = seeded(22);
    for (let round = 0; round < 16; round++) {
      const pool = poolOf(someWeights(chance));
      const { pods } = pool;
      const core = testCore();
      const table = core.table(pods, 9);
      const overlay = new ReferenceOverlay(new ReferenceTable(pods, 9));
      const boundedLoad = round % 2 === 1;
      const picker = consistentHash.build(pods, { boundedLoad }, { core, table: () => table });
      const inflight = pods.map(() => chance.below(4));
      const slow = Uint32Array.from(pods, () => (chance.below(2) === 0 ? 2 ** 32 - 1 : chance.word()));
      const standing = { ...standingOf(pods, someOut(chance, pods, 0.2), inflight), slow };
      const view = {
        out: new Set(pods.filter(({ index }) => standing.out[index] === 1).map(({ id }) => id)),
        inflight: new Map(boundedLoad ? pods.map(({ id }, i) => [id, inflight[i]!]) : []),
        slow: new Map(pods.map(({ id }, i) => [id, slow[i]!])),
      };
      for (let i = 0; i < 40; i++) {
        const key = chance.text(1 + chance.below(30));
        const index = picker.pick({ key, word: 0 }, standing);
        expect(pods[index]?.id).toBe(overlay.place(wyhash32(key), view)?.id);
      }
    }
  });

  it("needs leases to the end of the body only for bounded load", () => {
    expect(consistentHash.load).toBe(false);
    expect(consistentHash.loadWith?.({})).toBe(false);
    expect(consistentHash.loadWith?.({ boundedLoad: true })).toBe(true);
    expect(consistentHash.options.parse({})).toEqual({});
    expect(consistentHash.options.safeParse({ boundedLoad: "yes" }).success).toBe(false);
  });

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
