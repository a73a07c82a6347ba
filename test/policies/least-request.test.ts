import { describe, expect, it } from "vitest";
import { Core, Journal } from "../../src/core/core.ts";
import { LeastOfAll } from "../../src/policies/least-of-all.ts";
import { leastRequest } from "../../src/policies/least-request.ts";
import type { Standing } from "../../src/policies/policy.ts";
import { trapping } from "../core/trapping.ts";
import { coreBytes, testCore } from "../support/core.ts";
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

/** What is picked without a core. */
const scanned = (weights: readonly number[], word: number, standing: Standing) =>
  new LeastOfAll(weights).pick(word, standing);

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

describe("least-request, choices: all", () => {
  const choices = "all";

  it("picks by a journal what it picks by a look at all counts, and what a scan picks", () => {
    const chance = seeded(27);
    // Trees of one, two, three and four levels; a weight of a million beside ones, and whole numbers that f32 would round.
    for (const [count, heaviest] of [
      [1, 1],
      [16, 1_000_000],
      [17, 9],
      [300, 3],
      [700, 1],
      [4100, 5],
    ] as const) {
      const core = testCore();
      const weights = Array.from(
        { length: count },
        () => [1, heaviest, chance.below(heaviest + 1)][chance.below(3)]!,
      );
      weights[0] = 1;
      // And pools in which all that weigh anything weigh the same.
      if (count === 700) for (const [i, weight] of weights.entries()) weights[i] = 3 * weight;
      const pool = poolOf(weights);
      const told = leastRequest.build(pool.pods, { choices }, toolsFor(pool, core));
      const untold = leastRequest.build(pool.pods, { choices }, toolsFor(pool, core));
      let standing: Standing = standingOf(pool.pods);
      const journal = new Journal();
      for (let step = 0; step < 600; step++) {
        if (step % 100 === 50) {
          const inflight = [...standing.inflight];
          standing = standingOf(
            pool.pods,
            someOut(chance, pool.pods, [0, 0.3, 0.97][chance.below(3)]!),
            inflight,
          );
        }
        const word = chance.word();
        const index = told.pick({ key: "", word }, { ...standing, journal });
        expect(index).toBe(untold.pick({ key: "", word }, standing));
        expect(index).toBe(scanned(weights, word, standing));
        // Taken, as most picks are; others end; now and then many at once, more than a journal holds.
        const writes = step % 200 === 199 ? 1500 : 2;
        for (let i = 0; i < writes; i++) {
          const at = i === 0 && index >= 0 ? index : chance.below(count);
          const now = standing.inflight[at]!;
          standing.inflight[at] = i === 0 ? now + 1 : Math.max(0, now + (chance.below(2) === 0 ? -1 : 1));
          journal.note(at);
        }
      }
      expect(core.traps).toBe(0);
    }
  });

  it("scans as the reference does, where the core cannot help", () => {
    const chance = seeded(30);
    for (let round = 0; round < 40; round++) {
      const weights = binaryWeights(chance);
      const { pods } = poolOf(weights);
      const inflight = weights.map(() => chance.below(6));
      const standing = standingOf(pods, someOut(chance, pods, [0, 0.5, 0.95][round % 3]!), inflight);
      for (let i = 0; i < 20; i++) {
        const word = chance.word();
        expect(scanned(weights, word, standing)).toBe(leastOfAll(weights, word, standing));
      }
    }
  });

  it("tells loads apart that differ by a part in ten million, and no closer ones", () => {
    const pool = poolOf([1, 1, 3]);
    const picker = leastRequest.build(pool.pods, { choices }, toolsFor(pool));
    const firstAndLast = (inflight: readonly number[]) =>
      [0, 2 ** 32 - 1].map((word) => picker.pick({ key: "", word }, standingOf(pool.pods, [], inflight)));
    expect(firstAndLast([10_000_001, 10_000_000, 2 ** 31])).toEqual([1, 1]);
    expect(firstAndLast([333_334, 400_000, 1_000_000])).toEqual([2, 2]);
    expect(firstAndLast([333_333, 400_000, 1_000_000])).toEqual([0, 0]);
    // 2^24 and 2^24 + 1 are one number of 24 bits.
    expect(firstAndLast([16_777_217, 16_777_216, 2 ** 31])).toEqual([0, 1]);
  });

  it.each(["least", "setCount", "refresh", "weigh", "openTree"])(
    "picks the same when the core traps in %s",
    (name) => {
      const core = new Core(new WebAssembly.Module(trapping(coreBytes(), name)));
      const pool = poolOf([1, 2, 0, 4, 9]);
      const picker = leastRequest.build(pool.pods, { choices }, toolsFor(pool, core));
      const journal = new Journal();
      const standing = { ...standingOf(pool.pods, [4], [2, 1, 0, 2, 0]), journal };
      const chance = seeded(28);
      const weights = pool.pods.map(({ weight }) => weight);
      for (let i = 0; i < 100; i++) {
        const word = chance.word();
        const index = picker.pick({ key: "", word }, standing);
        expect(index).toBe(leastOfAll(weights, word, standing));
        standing.inflight[index]!++;
        journal.note(index);
      }
      expect(core.traps).toBeGreaterThan(0);
    },
  );

  it("picks the same without room in the core, and after its memory was given back", () => {
    const core = testCore(1 << 18);
    const pool = poolOf(Array.from({ length: 10_000 }, (_, i) => 1 + (i % 3)));
    const full = leastRequest.build(pool.pods, { choices }, toolsFor(pool, core));
    const freed = leastRequest.build(pool.pods, { choices }, toolsFor(pool));
    const roomy = leastRequest.build(pool.pods, { choices }, toolsFor(pool));
    freed.free?.();
    freed.free?.();
    const chance = seeded(29);
    const standing = standingOf(
      pool.pods,
      [],
      pool.pods.map(() => chance.below(3)),
    );
    for (let i = 0; i < 50; i++) {
      const query = { key: "", word: chance.word() };
      const index = roomy.pick(query, standing);
      expect(full.pick(query, standing)).toBe(index);
      expect(freed.pick(query, standing)).toBe(index);
    }
    expect(core.bytes).toBeLessThanOrEqual(1 << 18);
    expect(core.traps).toBe(0);
  });

  it("takes no more memory by picks, nor by pools that come and go", () => {
    const core = testCore();
    const pool = poolOf(Array.from({ length: 2000 }, () => 1));
    const build = () => leastRequest.build(pool.pods, { choices }, toolsFor(pool, core));
    const standing = { ...standingOf(pool.pods), journal: new Journal() };
    let picker = build();
    picker.pick({ key: "", word: 0 }, standing);
    const held = core.bytes;
    for (let round = 0; round < 100; round++) {
      for (let i = 0; i < 1000; i++) picker.pick({ key: "", word: i }, standing);
      picker.free?.();
      picker = build();
    }
    expect(core.bytes).toBe(held);
  });
});

describe("least-request", () => {
  it("takes 2 choices unless told, and nothing but 2 and all", () => {
    expect(leastRequest.options.parse({})).toEqual({ choices: 2 });
    for (const choices of [1, 3, "some"])
      expect(leastRequest.options.safeParse({ choices }).success).toBe(false);
  });
});
