import { describe, expect, it } from "vitest";
import { Core, Journal } from "../../src/core/core.ts";
import type { FleetView } from "../../src/policies/guarded.ts";
import { LeastOfAll } from "../../src/policies/least-of-all.ts";
import { leastRequest } from "../../src/policies/least-request.ts";
import { nextVersion, type Standing } from "../../src/policies/policy.ts";
import { trapping } from "../core/trapping.ts";
import { coreBytes, testCore } from "../support/core.ts";
import { type Seeded, seeded } from "../support/seeded.ts";
import { fiveSigma, policyContract } from "./contract.ts";
import { poolOf, someOut, standingOf, toolsFor } from "./pool.ts";

const WARM = 0xffffffff;

/** A view of many isolates as good as being there, of pods that nobody else uses. */
function fresh(pods: number): { -readonly [K in keyof FleetView]: FleetView[K] } {
  return {
    others: new Float64Array(pods),
    worth: new Float64Array(pods).fill(1),
    revision: 0,
    m: 20,
    tau: 1000,
    at: 0,
    alone: false,
  };
}

// Nobody else has anything in flight: equals, and one is drawn by weight.
policyContract(
  "least-request of all, told of others",
  {
    ...leastRequest,
    build: (pods, options, tools) =>
      leastRequest.build(pods, options, { ...tools, fleet: fresh(pods.length) }),
  },
  { options: { choices: "all" }, keyed: false, bound: fiveSigma },
);

/** What heartbeats tell has four decimals. */
function hear(view: ReturnType<typeof fresh>, chance: Seeded): void {
  const whole = chance.below(3) === 0;
  for (let i = 0; i < view.others.length; i++) {
    view.others[i] = whole ? chance.below(4) : chance.below(40_000) / 10_000;
    view.worth[i] = chance.below(3) === 0 ? (200 + chance.below(9801)) / 10_000 : 1;
  }
  view.revision++;
}

function slowly(chance: Seeded, pods: number): Uint32Array {
  const kinds = [0, 1, WARM / 3, WARM, WARM];
  return Uint32Array.from({ length: pods }, () => kinds[chance.below(kinds.length)]!);
}

/**
 * The same pool for a while: requests come and end, heartbeats come, health changes, pods begin to start slowly, and two
 * standings take turns, as those of two zones do.
 */
function* lives(chance: Seeded, weights: readonly number[], steps: number) {
  const { pods } = poolOf(weights);
  const view = fresh(pods.length);
  const journal = new Journal();
  const inflight = new Uint32Array(pods.length);
  const stand = (): Standing => ({
    ...standingOf(pods, someOut(chance, pods, [0, 0.3, 0.97][chance.below(3)]!)),
    inflight,
    journal,
    slow: chance.below(2) === 0 ? undefined : slowly(chance, pods.length),
  });
  const zones = [stand(), stand()];
  for (let step = 0; step < steps; step++) {
    if (step % 40 === 39) hear(view, chance);
    if (step % 100 === 99) zones[chance.below(2)] = stand();
    yield { view, standing: zones[chance.below(2)]!, word: chance.word(), step };
    // Now and then more than a journal holds.
    for (let left = step % 150 === 149 ? 1500 : 3; left > 0; left--) {
      const at = chance.below(pods.length);
      inflight[at] = Math.max(0, inflight[at]! + chance.below(3) - 1);
      journal.note(at);
    }
  }
}

/** A pool of up to as many pods, of weights that are alike, differ, or differ by a million. */
function someWeights(chance: Seeded, pods: number): number[] {
  const kinds = [[1], [7], [1, 2, 3], [0, 1, 9], [1, 1_000_000]][chance.below(5)]!;
  return Array.from({ length: 1 + chance.below(pods) }, () => kinds[chance.below(kinds.length)]!);
}

/** The load of a pod as a fraction of whole numbers: each double is one over a power of two. */
function exactly(index: number, weights: readonly number[], view: FleetView, standing: Standing) {
  const scaled = (value: number) => BigInt(value * 2 ** 80);
  const warmth = BigInt(Math.max(1, standing.slow?.[index] ?? WARM));
  return {
    above: (scaled(standing.inflight[index]!) + scaled(view.others[index]!)) * BigInt(WARM),
    below: BigInt(weights[index]!) * scaled(view.worth[index]!) * warmth,
  };
}

describe("the least loaded of all, by what is known of others", () => {
  it("has a load of at most 1 + 2^-22 times the least, as fractions have it", () => {
    const chance = seeded(41);
    let [picks, equal] = [0, 0];
    for (let round = 0; round < 25; round++) {
      const weights = someWeights(chance, 60);
      const least = new LeastOfAll(weights, testCore());
      for (const { view, standing, word } of lives(chance, weights, 120)) {
        const index = least.pick(word, standing, view.others, view.worth, view.revision);
        if (index < 0) {
          expect(standing.live).toBe(0);
          continue;
        }
        expect(standing.out[index] === 0 && weights[index]! > 0).toBe(true);
        const found = exactly(index, weights, view, standing);
        picks++;
        for (let i = 0; i < weights.length; i++) {
          if (standing.out[i] !== 0 || weights[i] === 0) continue;
          const other = exactly(i, weights, view, standing);
          const [own, its] = [found.above * other.below, other.above * found.below];
          if (own === its && i !== index) equal++;
          if (own > its) expect((own - its) << 22n <= its).toBe(true);
        }
      }
    }
    expect(picks).toBeGreaterThan(2000);
    expect(equal).toBeGreaterThan(1000);
  });

  it("is by trees what it is by a look at each pod, however things change", () => {
    const chance = seeded(42);
    for (const pods of [1, 30, 33, 700, 1100, 10_000]) {
      const core = testCore();
      const weights = [...someWeights(chance, pods).slice(1), 1];
      const [trees, scan] = [new LeastOfAll(weights, core), new LeastOfAll(weights)];
      for (const { view, standing, word, step } of lives(chance, weights, pods > 1000 ? 320 : 600)) {
        const of = [
          word,
          standing,
          step % 5 === 0 ? undefined : view.others,
          view.worth,
          view.revision,
        ] as const;
        expect(trees.pick(...of)).toBe(scan.pick(...of));
      }
      expect(core.traps).toBe(0);
    }
  });

  it("draws one of equals by weight, worth and warmth", () => {
    const weights = [1, 2, 4, 8, 1];
    const least = new LeastOfAll(weights, testCore());
    const view = fresh(5);
    view.worth.set([1, 0.5, 1, 0.25, 1]);
    const slow = Uint32Array.of(WARM, WARM, WARM / 4, WARM, WARM);
    const standing = { ...standingOf(poolOf(weights).pods, [4]), slow };
    const chance = seeded(43);
    const hits = [0, 0, 0, 0, 0];
    for (let i = 0; i < 20_000; i++) hits[least.pick(chance.word(), standing, view.others, view.worth, 0)]!++;
    for (const [i, share] of [1 / 5, 1 / 5, 1 / 5, 2 / 5, 0].entries()) {
      expect(Math.abs(hits[i]! - 20_000 * share)).toBeLessThanOrEqual(fiveSigma(20_000, share));
    }
  });

  it("takes a pod that starts slowly for a smaller one: nothing but a tie had heeded it", () => {
    const weights = [1, 1, 1, 1];
    const least = new LeastOfAll(weights, testCore());
    const slow = Uint32Array.of(WARM / 10, WARM, WARM, WARM);
    const picked = (own: number) =>
      least.pick(5, { ...standingOf(poolOf(weights).pods, [], [own, 10, 11, 12]), slow });
    // 0 and 9 tenths of a request against 10 of them: it is due its first; at 2, by its warmth 20, it is not.
    expect([picked(0), picked(2), picked(9)]).toEqual([0, 1, 1]);
  });

  it("takes in what others have when it is told, and counts of its own at once", () => {
    const weights = new Array(100).fill(1);
    const least = new LeastOfAll(weights, testCore());
    const journal = new Journal();
    const standing = { ...standingOf(poolOf(weights).pods), journal };
    standing.inflight.fill(5);
    const view = fresh(100);
    view.others.fill(5);
    view.others[7] = 4.5;
    const picked = () => least.pick(9, standing, view.others, view.worth, view.revision);
    expect(picked()).toBe(7);
    // Read once for each revision, as a look at every pod is what a pick must not cost.
    view.others[8] = 4;
    expect(picked()).toBe(7);
    view.revision++;
    expect(picked()).toBe(8);
    standing.inflight[8] = 6;
    journal.note(8);
    standing.inflight[60] = 4;
    journal.note(60);
    expect(picked()).toBe(60);
  });

  it.each(["least", "setCount", "refresh", "weigh", "openTree"])(
    "is the same when the core traps in %s",
    (name) => {
      const core = new Core(new WebAssembly.Module(trapping(coreBytes(), name)));
      const chance = seeded(44);
      const weights = someWeights(chance, 50);
      const [trapped, scan] = [new LeastOfAll(weights, core), new LeastOfAll(weights)];
      for (const { view, standing, word } of lives(chance, weights, 200)) {
        const of = [word, standing, view.others, view.worth, view.revision] as const;
        expect(trapped.pick(...of)).toBe(scan.pick(...of));
      }
      expect(core.traps).toBeGreaterThan(0);
    },
  );

  it("takes no more memory by heartbeats, by health that changes, nor by zones that take turns", () => {
    const core = testCore();
    const weights = new Array(2000).fill(1);
    const { pods } = poolOf(weights);
    const least = new LeastOfAll(weights, core);
    const view = fresh(2000);
    const chance = seeded(45);
    const live = (rounds: number) => {
      for (let round = 0; round < rounds; round++) {
        const standings = Array.from({ length: 12 }, (_, i) => ({
          ...standingOf(pods),
          version: nextVersion(),
          out: new Uint8Array(2000).fill(1, 100 * i, 100 * i + 50),
        }));
        hear(view, chance);
        for (let i = 0; i < 60; i++) {
          least.pick(chance.word(), standings[i % 12]!, view.others, view.worth, view.revision);
        }
      }
    };
    live(2);
    const held = core.bytes;
    live(8);
    expect(core.bytes).toBe(held);
    // Eight trees, of which each takes less than 48 bytes a pod, beside what the core begins with.
    expect(held).toBeLessThan(131_072 + 8 * 2000 * 48 + 65_536);
    least.free();
    expect(least.pick(1, standingOf(pods), view.others, view.worth, view.revision)).toBeGreaterThanOrEqual(0);
  });
});

describe("least-request, choices: all, over many isolates", () => {
  const choices = "all";

  it("goes by the trees while the view is fresh, and by two afterwards", () => {
    const pool = poolOf(new Array(50).fill(1));
    const fleet = fresh(50);
    fleet.others.fill(3);
    fleet.others[20] = 1;
    const picker = leastRequest.build(pool.pods, { choices }, { ...toolsFor(pool), fleet });
    const standing = standingOf(pool.pods);
    const chance = seeded(46);
    const hits = (now: number) =>
      Array.from({ length: 200 }, () => picker.pick({ key: "", word: chance.word(), now }, standing)).filter(
        (index) => index === 20,
      ).length;
    // Requests of 20 s: fresh for 0.248 · 20 s − 530 ms.
    expect(hits(4400)).toBe(200);
    // One of two is pod 20 in a 25th, give or take.
    expect(hits(4500)).toBeLessThan(30);
  });

  it("heeds what a pod is worth where there is one isolate, and nothing of others: there are none", () => {
    const pool = poolOf([1, 1, 1]);
    const fleet = fresh(3);
    fleet.alone = true;
    fleet.worth[0] = 0.25;
    // What rounding leaves of one's own part.
    fleet.others[1] = 0.0001;
    const picker = leastRequest.build(pool.pods, { choices }, { ...toolsFor(pool), fleet });
    const picks = (inflight: readonly number[]) => {
      const standing = standingOf(pool.pods, [], inflight);
      const chance = seeded(47);
      return new Set(
        Array.from({ length: 100 }, () => picker.pick({ key: "", word: chance.word() }, standing)),
      );
    };
    expect(picks([1, 5, 5])).toEqual(new Set([0]));
    expect(picks([2, 5, 5])).toEqual(new Set([1, 2]));
  });
});
