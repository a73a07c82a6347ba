import { describe, expect, it } from "vitest";
import { Journal } from "../../src/core/core.ts";
import type { Pool } from "../../src/model/pool.ts";
import { candidates, type Picker, type Policy, type Standing } from "../../src/policies/policy.ts";
import { seeded } from "../support/seeded.ts";
import { poolOf, someOut, someWeights, standingOf, toolsFor } from "./pool.ts";

/** What a policy promises beside the interface. */
export interface Traits {
  /** Its options as a config gives them, parsed by the policy itself. */
  readonly options: unknown;
  /** Whether the key alone decides; else the key must not matter. */
  readonly keyed: boolean;
  /**
   * How far the picks of one pod may be from picks × share. The test that calls the contract argues it.
   * @param picks of all pods @param share of this pod's weight in that of the live ones @param pods how many are live
   */
  readonly bound: (picks: number, share: number, pods: number) => number;
  /** How many of 10,000 pods, every other one of weight 2, 3,000 picks reach at least; 2,400 unless it is argued. */
  readonly reach?: number;
}

/** Five standard deviations of a draw that hits with probability `share`: passed by chance once in 1.7 million. */
export function fiveSigma(picks: number, share: number): number {
  return 5 * Math.sqrt(picks * share * (1 - share));
}

const PICKS = 20_000;

/** The tests that every policy passes; one test per policy calls it with what else it promises. */
export function policyContract<Options>(name: string, policy: Policy<Options>, traits: Traits): void {
  const options = policy.options.parse(traits.options);
  const load = policy.load || policy.loadWith?.(options) === true;
  const build = (pool: Pool): Picker => policy.build(pool.pods, options, toolsFor(pool));
  const pick = (picker: Picker, seed: number, count: number, standing: (i: number) => Standing) => {
    const chance = seeded(seed);
    return Array.from({ length: count }, (_, i) =>
      picker.pick({ key: chance.text(12), word: chance.word() }, standing(i)),
    );
  };

  describe(`${name}: what every policy keeps to`, () => {
    it("has a summary of one sentence, and refuses options that it does not know", () => {
      expect(policy.name).toBe(name.split(" ")[0]);
      expect(policy.summary).toMatch(/^[A-Z].*\.$/);
      const unknown = { ...(traits.options as object), nonsense: 1 };
      expect(policy.options.safeParse(unknown).success).toBe(false);
    });

    it.each([
      ["equal weights", [1, 1, 1, 1, 1], []],
      ["weights", [1, 2, 3, 0, 10], []],
      ["weights with a pod out", [1, 2, 3, 0, 10, 8], [5]],
      ["weights with most pods out", [1, 5, 20, 1, 5, 20, 1, 5, 20, 40], [2, 3, 4, 5, 6, 7, 8, 9]],
    ])("holds %s", (_, weights, out) => {
      const { pods } = poolOf(weights);
      const standing = standingOf(pods, out);
      const picks = pick(build(poolOf(weights)), 1, PICKS, () => standing);
      const live = pods.filter(({ index, weight }) => weight > 0 && !out.includes(index));
      const total = live.reduce((sum, { weight }) => sum + weight, 0);
      for (const { index, weight } of live) {
        const share = weight / total;
        const off = Math.abs(picks.filter((picked) => picked === index).length - PICKS * share);
        expect(off, `web-${index}`).toBeLessThanOrEqual(traits.bound(PICKS, share, live.length));
      }
    });

    it("picks a pod that is neither out nor weightless while there is one, and -1 only when there is none", () => {
      const chance = seeded(2);
      for (let round = 0; round < 60; round++) {
        const pool = poolOf(someWeights(chance));
        const picker = build(pool);
        for (const share of [0, 0.2, 0.9, 1, 0.5]) {
          const inflight = pool.pods.map(() => chance.below(5));
          const standing = standingOf(pool.pods, someOut(chance, pool.pods, share), inflight);
          for (const index of pick(picker, chance.word(), 20, () => standing)) {
            if (standing.live === 0) expect(index).toBe(-1);
            else expect(standing.out[index] === 0 && pool.pods[index]!.weight > 0).toBe(true);
          }
        }
      }
    });

    it("finds the one live pod of 300", () => {
      const pool = poolOf(Array.from({ length: 300 }, () => 1));
      const picker = build(pool);
      for (const last of [0, 1, 150, 299]) {
        const out = pool.pods.map(({ index }) => index).filter((index) => index !== last);
        const standing = standingOf(pool.pods, out);
        expect(new Set(pick(picker, last, 50, () => standing))).toEqual(new Set([last]));
      }
    });

    it.each([
      ["no pods", [], []],
      ["every pod out", [1, 2, 3], [0, 1, 2]],
      ["no pod of any weight", [0, 0], []],
      ["only a weightless pod left", [1, 0], [0]],
    ])("-1 of %s", (_, weights, out) => {
      const pool = poolOf(weights);
      const standing = standingOf(pool.pods, out);
      expect(pick(build(pool), 3, 20, () => standing)).toEqual(new Array(20).fill(-1));
    });

    it("repeats itself for the same keys, words and standings", () => {
      const pool = poolOf([3, 1, 4, 1, 5, 9, 2, 6]);
      const standings = [[], [0], [0, 5], [5], []].map((out, i) =>
        standingOf(pool.pods, out, [1, 0, i, 2, 1, 3, 0, 1]),
      );
      const inTurn = (i: number) => standings[Math.floor(i / 10) % standings.length]!;
      const once = pick(build(pool), 4, 500, inTurn);
      expect(pick(build(pool), 4, 500, inTurn)).toEqual(once);
      expect(new Set(once).size).toBeGreaterThan(2);
    });

    it("leaves the standing as it is", () => {
      const pool = poolOf([1, 2, 3]);
      const standing = standingOf(pool.pods, [1], [4, 5, 6]);
      pick(build(pool), 5, 50, () => standing);
      expect([...standing.out]).toEqual([0, 1, 0]);
      expect([...standing.inflight]).toEqual([4, 5, 6]);
    });

    it("yields every live pod once as candidates", () => {
      const chance = seeded(6);
      for (let round = 0; round < 30; round++) {
        const pool = poolOf(someWeights(chance));
        const standing = standingOf(pool.pods, someOut(chance, pool.pods, 0.3));
        const query = { key: chance.text(10), word: chance.word() };
        const yielded = [...candidates(build(pool), pool, query, standing)];
        const live = pool.pods.filter(({ index, weight }) => weight > 0 && standing.out[index] === 0);
        expect(yielded.toSorted((a, b) => a - b)).toEqual(live.map(({ index }) => index));
        expect(yielded[0] ?? -1).toBe(build(pool).pick(query, standing));
      }
    });

    it("spreads over ten thousand pods, and finds the last one", () => {
      const pool = poolOf(Array.from({ length: 10_000 }, (_, i) => 1 + (i % 2)));
      const picker = build(pool);
      const standing = standingOf(pool.pods);
      // 3,000 draws with replacement hit 1 − e^-0.2 of 5,000 light pods and 1 − e^-0.4 of the others: 2,550, give or take 20.
      expect(new Set(pick(picker, 9, 3000, () => standing)).size).toBeGreaterThan(traits.reach ?? 2400);
      const last = standingOf(
        pool.pods,
        pool.pods.map(({ index }) => index).filter((index) => index !== 9999),
      );
      expect(pick(picker, 10, 3, () => last)).toEqual([9999, 9999, 9999]);
    });

    it("lets a weight of 1 live beside weights of a million", () => {
      const pool = poolOf([1_000_000, 1, 1_000_000]);
      const picker = build(pool);
      const all = standingOf(pool.pods);
      const picks = pick(picker, 11, PICKS, () => all);
      // Its share is one pick in a hundred such tests; by a table it has a slot or none.
      expect(picks.filter((index) => index === 1).length).toBeLessThanOrEqual(5);
      expect(Math.abs(picks.filter((index) => index === 0).length - PICKS / 2)).toBeLessThanOrEqual(
        traits.bound(PICKS, 1 / 2, 3),
      );
      const alone = standingOf(pool.pods, [0, 2]);
      expect(pick(picker, 12, 5, () => alone)).toEqual([1, 1, 1, 1, 1]);
    });

    it("finds the only pod", () => {
      const pool = poolOf([3]);
      expect(new Set(pick(build(pool), 13, 20, () => standingOf(pool.pods)))).toEqual(new Set([0]));
    });

    it("takes requests in flight from a journal as from the counts themselves", () => {
      const pool = poolOf([1, 2, 3, 1, 5]);
      const [told, untold] = [build(pool), build(pool)];
      const journal = new Journal();
      const standing = standingOf(pool.pods);
      const chance = seeded(14);
      for (let i = 0; i < 300; i++) {
        const query = { key: chance.text(12), word: chance.word() };
        const index = told.pick(query, { ...standing, journal });
        expect(index).toBe(untold.pick(query, standing));
        for (const at of [index, chance.below(5)]) {
          standing.inflight[at] = chance.below(9);
          journal.note(at);
        }
      }
    });

    it("picks pods in slow start too when there are no others", () => {
      const pool = poolOf([1, 2, 3]);
      const slow = Uint32Array.from(pool.pods, () => 0);
      const standing = { ...standingOf(pool.pods, [1]), slow };
      const picks = pick(build(pool), 15, 200, () => standing);
      expect(new Set(picks)).toEqual(new Set([0, 2]));
    });

    it("still picks after it was freed", () => {
      const pool = poolOf([1, 2, 3]);
      const picker = build(pool);
      picker.free?.();
      const standing = standingOf(pool.pods, [2]);
      for (const index of pick(picker, 16, 50, () => standing)) expect([0, 1]).toContain(index);
    });

    it(load ? "goes by the requests in flight" : "does not look at the requests in flight", () => {
      const pool = poolOf([2, 2, 2, 2]);
      const [idle, busy] = [[], [9, 9, 0, 9]].map((inflight) =>
        standingOf(pool.pods, [], inflight.length === 0 ? undefined : inflight),
      );
      const same = pick(build(pool), 7, 200, () => idle!);
      if (load) expect(pick(build(pool), 7, 200, () => busy!)).not.toEqual(same);
      else expect(pick(build(pool), 7, 200, () => busy!)).toEqual(same);
    });
  });

  if (traits.keyed) keyedContract(name, build);
  else {
    it(`${name}: the key does not matter`, () => {
      const pool = poolOf([1, 2, 3, 4]);
      const standing = standingOf(pool.pods);
      const words = seeded(8);
      const drawn = Array.from({ length: 200 }, () => words.word());
      const [one, other] = [build(pool), build(pool)];
      const same = drawn.map((word) => one.pick({ key: "a", word }, standing));
      expect(drawn.map((word, i) => other.pick({ key: `b${i}`, word }, standing))).toEqual(same);
    });
  }
}

/** A key has one home, and a pod that goes and comes back takes nobody else's keys along. */
function keyedContract(name: string, build: (pool: Pool) => Picker): void {
  describe(`${name}: what a policy by keys keeps to`, () => {
    const pool = poolOf([1, 2, 3, 0, 4, 5, 1, 1]);
    const keys = Array.from({ length: 3000 }, (_, i) => `session-${i}`);
    const homes = (picker: Picker, out: readonly number[], word = 0) => {
      const standing = standingOf(pool.pods, out);
      return keys.map((key) => picker.pick({ key, word }, standing));
    };

    it("chance does not matter", () => {
      expect(homes(build(pool), [], 0xffffffff)).toEqual(homes(build(pool), []));
    });

    it("a pod that goes moves its own keys, and gets exactly them back", () => {
      const picker = build(pool);
      const before = homes(picker, []);
      for (const gone of [0, 1, 4, 5]) {
        const without = homes(picker, [gone]);
        const moved = keys.filter((_, i) => without[i] !== before[i]);
        expect(moved).toEqual(keys.filter((_, i) => before[i] === gone));
        expect(moved.length).toBeGreaterThan(0);
      }
      expect(homes(picker, [])).toEqual(before);
    });

    it("a second pod that goes moves its own keys, the ones that it stood in for included", () => {
      const picker = build(pool);
      const one = homes(picker, [5]);
      const two = homes(picker, [5, 4]);
      expect(keys.filter((_, i) => two[i] !== one[i])).toEqual(keys.filter((_, i) => one[i] === 4));
    });
  });
}
