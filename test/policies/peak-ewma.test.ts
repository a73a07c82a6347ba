import { describe, expect, it } from "vitest";
import { peakEwma } from "../../src/policies/peak-ewma.ts";
import { type Answer, loadOf } from "../support/reference/ewma.ts";
import { pairOf } from "../support/reference/least.ts";
import { seeded } from "../support/seeded.ts";
import { fiveSigma, policyContract } from "./contract.ts";
import { binaryWeights, poolOf, someOut, standingOf, toolsFor } from "./pool.ts";

// Pods that were never seen to answer and are idle are equal: the first of two draws stays, a binomial count.
policyContract("peak-ewma", peakEwma, { options: {}, keyed: false, bound: fiveSigma });

const START = 1_800_000_000_000;

function built(weights: readonly number[]) {
  const pool = poolOf(weights);
  const picker = peakEwma.build(pool.pods, {}, toolsFor(pool));
  return { ...pool, pick: picker.pick, observe: picker.observe!, standing: standingOf(pool.pods) };
}

function counts(pool: ReturnType<typeof built>, now: number, seed: number, picks = 2000): number[] {
  const chance = seeded(seed);
  const held = pool.pods.map(() => 0);
  for (let i = 0; i < picks; i++) held[pool.pick({ key: "", word: chance.word(), now }, pool.standing)]!++;
  return held;
}

describe("peak-ewma", () => {
  it("picks what the reference picks, which goes through all answers from the first", () => {
    const chance = seeded(30);
    for (let round = 0; round < 40; round++) {
      const weights = binaryWeights(chance);
      const pool = built(weights);
      const answers: Answer[] = [];
      let now = START;
      for (let step = 0; step < 40; step++) {
        now += chance.below(4000);
        // Now and then a clock that goes back.
        const at = now - (chance.below(5) === 0 ? chance.below(9000) : 0);
        const answer = { pod: chance.below(weights.length), latency: 1 + chance.below(2000), now: at };
        pool.observe(answer.pod, answer.latency, answer.now);
        answers.push(answer);
        const inflight = weights.map(() => chance.below(4));
        const standing = standingOf(pool.pods, someOut(chance, pool.pods, 0.2), inflight);
        const word = chance.word();
        const [first, second] = pairOf(weights, word, standing);
        const load = (pod: number) => loadOf(pod, answers, weights, inflight[pod]!, now);
        const expected = second !== first && load(second) < load(first) ? second : first;
        expect(pool.pick({ key: "", word, now }, standing)).toBe(expected);
      }
    }
  });

  it("finds a pod that turns slow by its first slow answer, and forgives by and by", () => {
    const pool = built([1, 1, 1, 1]);
    for (const index of [0, 1, 2, 3]) pool.observe(index, 20, START);
    expect(counts(pool, START, 31).every((count) => count > 300)).toBe(true);
    pool.observe(2, 3000, START);
    // It serves only when all five draws hit it: once in 1,024.
    expect(counts(pool, START, 32)[2]).toBeLessThanOrEqual(2000 / 1024 + 5 * Math.sqrt(2));
    // Of 3,000 ms 10 s of fast answers leave e^-1, and 60 s leave e^-6: 7 ms, below the 20 of the rest.
    for (let second = 1; second <= 10; second++) {
      for (const index of [0, 1, 2, 3]) pool.observe(index, 20, START + second * 1000);
    }
    expect(counts(pool, START + 10_000, 33)[2]).toBeLessThanOrEqual(2000 / 1024 + 5 * Math.sqrt(2));
    for (let second = 11; second <= 90; second++) {
      for (const index of [0, 1, 2, 3]) pool.observe(index, second === 90 ? 21 : 20, START + second * 1000);
    }
    expect(counts(pool, START + 90_000, 34)[2]).toBeGreaterThan(300);
  });

  it("tries a slow pod again after a while of silence, whatever it was", () => {
    const pool = built([1, 1]);
    pool.observe(0, 5000, START);
    pool.observe(1, 20, START + 120_000);
    // 5,000 ms are 0.03 after two minutes: it is drawn, and the next slow answer puts it off again.
    expect(counts(pool, START + 120_000, 35)[0]).toBeGreaterThan(1000);
    pool.observe(0, 5000, START + 120_000);
    expect(counts(pool, START + 120_000, 36)[0]).toBeLessThan(200);
  });

  it("weighs requests in flight by latency and weight", () => {
    const pool = built([1, 3]);
    pool.observe(0, 100, START);
    pool.observe(1, 100, START);
    const chance = seeded(37);
    const picks = (inflight: readonly number[]) => {
      const standing = standingOf(pool.pods, [], inflight);
      const drawn = Array.from({ length: 400 }, () => chance.word());
      return drawn
        .map((word) => pool.pick({ key: "", word, now: START }, standing))
        .filter((index) => index === 0).length;
    };
    // 1/1 against 3/3: equal, so a quarter. 2/1 against 3/3, and 1/1 against 6/3: the lighter one, unless all draws miss it.
    expect(Math.abs(picks([1, 3]) - 100)).toBeLessThanOrEqual(fiveSigma(400, 1 / 4));
    expect(picks([2, 3])).toBeLessThanOrEqual(5);
    expect(picks([1, 6])).toBeGreaterThan(200);
  });

  it("sends a pod that was never seen to answer one request, and waits for its answer", () => {
    const pool = built([1, 1]);
    pool.observe(0, 50, START);
    expect(counts(pool, START, 38)[1]).toBeGreaterThan(1800);
    pool.standing.inflight[1] = 1;
    expect(counts(pool, START, 39)[1]).toBeLessThan(200);
  });

  it("takes no latency that is none, and no pod that is not there", () => {
    const pool = built([1, 1]);
    pool.observe(0, 50, START);
    pool.observe(1, 40, START);
    const before = counts(pool, START, 40);
    for (const latency of [Number.NaN, -1, Number.POSITIVE_INFINITY]) pool.observe(1, latency, START);
    pool.observe(7, 1, START);
    expect(counts(pool, START, 40)).toEqual(before);
  });

  it("stands still without a clock: as when the last answer came", () => {
    const pool = built([1, 1]);
    pool.observe(0, 50, START);
    pool.observe(1, 40, START + 5000);
    const chance = seeded(41);
    for (let i = 0; i < 100; i++) {
      const word = chance.word();
      const timed = pool.pick({ key: "", word, now: START + 5000 }, pool.standing);
      expect(pool.pick({ key: "", word }, pool.standing)).toBe(timed);
    }
  });
});
