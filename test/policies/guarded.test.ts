import { describe, expect, it } from "vitest";
import {
  type FleetView,
  foresight,
  Guarded,
  isFresh,
  tolerance,
  worthAsking,
} from "../../src/policies/guarded.ts";
import { LeastOfAll } from "../../src/policies/least-of-all.ts";
import { seeded } from "../support/seeded.ts";

const NOW = 1_000_000;

/** A view of this age, of pods that are all worth 1 unless said. */
function view(
  others: readonly number[],
  over: Partial<Omit<FleetView, "others">> & { age?: number } = {},
): FleetView {
  const { age = 0, ...rest } = over;
  return {
    others: Float64Array.from(others),
    worth: new Float64Array(others.length).fill(1),
    m: 0.1,
    tau: 1000,
    at: NOW - age,
    alone: false,
    revision: 0,
    ...rest,
  };
}

function standing(inflight: readonly number[], out: readonly number[] = []) {
  const flags = Uint8Array.from(inflight, (_, i) => (out.includes(i) ? 1 : 0));
  return { out: flags, live: inflight.length - out.length, inflight: Uint32Array.from(inflight) };
}

/** Thresholds of 2^32, as a standing has them, of fractions. */
function slowOf(warmth: readonly number[]): Uint32Array {
  return Uint32Array.from(warmth, (part) => part * 0xffffffff);
}

function guardedOfAll(weights: readonly number[]): Guarded {
  return new Guarded(weights, new LeastOfAll(weights));
}

/** Where 20,000 picks go, as parts. */
function parts(
  picker: Guarded,
  where: ReturnType<typeof standing>,
  seen: FleetView,
  warmth?: readonly number[],
  picks = 20_000,
): number[] {
  const words = seeded(1);
  const hits = new Array<number>(where.out.length).fill(0);
  for (let i = 0; i < picks; i++) {
    const index = picker.pick(words.word(), { ...where, slow: warmth && slowOf(warmth) }, seen, NOW);
    hits[index] = hits[index]! + 1;
  }
  return hits.map((hit) => hit / picks);
}

/** The pod of (almost) all picks: of two pods, in 1 of 256 the first is drawn 8 times more, and goes unchallenged. */
function winner(...of: Parameters<typeof parts>): number {
  return parts(...of).findIndex((part) => part > 0.99);
}

/** Five standard deviations of 20,000 draws of probability 1/2, which is the widest: passed by chance once in 1.7 million. */
const SURELY = 5 * Math.sqrt(0.25 / 20_000);
const two = new Guarded([1, 1]);

describe("how far a view may be trusted", () => {
  it("foretells by e^−((age + 30 ms + τ/2)/m)", () => {
    // (0 + 30 + 500)/5000 = 0.106
    expect(foresight(0, 1000, 5)).toBeCloseTo(0.8994, 4);
    expect(foresight(1000, 1000, 5)).toBeCloseTo(0.7364, 4);
    // 5.3 lifetimes
    expect(foresight(0, 1000, 0.1)).toBeCloseTo(0.00499, 5);
    expect(foresight(0, 1000, 0)).toBe(0);
  });

  it("is fresh where it foretells more than 0.78", () => {
    const chance = seeded(3);
    for (let i = 0; i < 1000; i++) {
      const of = [chance.below(20_000), 1000 + chance.below(4000), chance.below(400) / 10] as const;
      expect(isFresh(...of)).toBe(foresight(...of) > 0.78);
    }
  });

  it("tolerates 2·√((x + y)(1 − φ²)), and nothing when it is fresh", () => {
    expect(tolerance(0.79, 50, 50)).toBe(0);
    expect(tolerance(0.78, 50, 50)).toBeCloseTo(12.516, 3);
    expect(tolerance(0, 50, 50)).toBe(20);
  });

  it("is worth a call only for long requests, of a view that is old for them", () => {
    expect(worthAsking(view([0], { m: 5, age: 1001 }), NOW, 1000)).toBe(true);
    expect(worthAsking(view([0], { m: 5, age: 999 }), NOW, 1000)).toBe(false);
    expect(worthAsking(view([0], { m: 2, age: 1200 }), NOW, 5000)).toBe(true);
    expect(worthAsking(view([0], { m: 1.9, age: 9000 }), NOW, 1000)).toBe(false);
  });
});

describe("which of two", () => {
  it("the one with less of everybody's, when they differ by more than age explains", () => {
    // φ ≈ 0: 2·√(100 + 60) = 25.3 < 40.
    expect(winner(two, standing([0, 3]), view([100, 60]))).toBe(1);
  });

  it("else the one with less of one's own: 2·√(100 + 80) = 26.8 > 20", () => {
    expect(winner(two, standing([0, 3]), view([100, 80]))).toBe(0);
    // The same of a view that is as good as being there.
    expect(winner(two, standing([0, 3]), view([100, 80], { m: 20 }))).toBe(1);
  });

  it("of equals the one that was drawn first: all get their part", () => {
    for (const part of parts(two, standing([2, 2]), view([7, 7]))) {
      expect(Math.abs(part - 0.5)).toBeLessThan(SURELY);
    }
    const [first] = parts(new Guarded([3, 1]), standing([0, 0]), view([0, 0]));
    expect(Math.abs(first! - 0.75)).toBeLessThan(SURELY);
  });

  it("loads count for each of weight and worth", () => {
    const heavy = new Guarded([3, 1]);
    expect(winner(heavy, standing([5, 2]), view([0, 0]))).toBe(0);
    // In 0.75^9 = 7.5 % the light one is not drawn at all.
    expect(parts(heavy, standing([7, 2]), view([0, 0]))[1]).toBeGreaterThan(0.9);
    const worth = Float64Array.of(1, 0.25);
    expect(winner(two, standing([3, 1]), view([0, 0], { worth }))).toBe(0);
    // 5 against 1/0.25: the other is drawn first in 0.25/1.25, and takes the challenge in a quarter of the rest.
    const [part] = parts(two, standing([5, 1]), view([0, 0], { worth }));
    expect(Math.abs(part! - 0.8 * 0.75)).toBeLessThan(SURELY);
  });

  it("weights do not change what is tolerated: only their proportions count", () => {
    for (const scale of [1, 100, 10_000]) {
      const picker = new Guarded([scale, scale]);
      expect(winner(picker, standing([0, 3]), view([100, 80]), undefined, 500)).toBe(0);
      expect(winner(picker, standing([0, 3]), view([100, 60]), undefined, 500)).toBe(1);
    }
  });
});

describe("what is drawn", () => {
  const many = new Guarded(new Array(10).fill(1));
  const idle = standing(new Array(10).fill(0));
  const nobody = new Array(10).fill(0);

  it("a pod of little worth is drawn that much less", () => {
    const worth = new Float64Array(10).fill(1);
    worth[0] = 0.2;
    expect(Math.abs(parts(many, idle, view(nobody, { worth }))[0]! - 0.2 / 9.2)).toBeLessThan(SURELY);
  });

  it("a pod that starts slowly is drawn less, however idle it is", () => {
    const busy = standing([0, ...new Array(9).fill(5)]);
    const warmth = [0.1, ...new Array(9).fill(1)];
    // Whenever it is one of the two it wins: at most 2 · 0.1/9.1 and a little more, as the second is drawn again when equal.
    const [cold] = parts(many, busy, view(nobody), warmth);
    expect(cold).toBeLessThan(0.024);
    expect(cold).toBeGreaterThan(0.015);
    expect(parts(many, busy, view(nobody))[0]).toBeGreaterThan(0.18);
  });

  it("when all are cold they share as their warmths say, and as if none were at 0", () => {
    const tiny = new Array(10).fill(0.001);
    tiny[3] = 0.003;
    expect(Math.abs(parts(many, idle, view(nobody), tiny)[3]! - 0.25)).toBeLessThan(2 * SURELY);
    for (const part of parts(many, idle, view(nobody), nobody)) expect(part).toBeGreaterThan(0);
  });

  it("never a pod that is out or weighs nothing, and −1 when none is left", () => {
    const chance = seeded(2);
    for (let round = 0; round < 300; round++) {
      const count = 1 + chance.below(12);
      const weights = Array.from({ length: count }, () => (chance.below(4) === 0 ? 0 : 1 + chance.below(9)));
      const out = weights.map((_, i) => i).filter(() => chance.below(3) === 0);
      const seen = view(
        weights.map(() => chance.below(30)),
        {
          age: chance.below(90_000),
          m: chance.below(3) * 4,
          worth: Float64Array.from(weights, () => chance.fraction()),
        },
      );
      const live = weights.filter((weight, i) => weight > 0 && !out.includes(i)).length;
      const where = {
        ...standing(
          weights.map(() => chance.below(9)),
          out,
        ),
        live,
      };
      const slow = chance.below(2) === 0 ? undefined : slowOf(weights.map(() => chance.below(3) / 2));
      const picker = round % 2 === 0 ? guardedOfAll(weights) : new Guarded(weights);
      for (let i = 0; i < 20; i++) {
        const index = picker.pick(chance.word(), { ...where, slow }, seen, NOW);
        if (live === 0) expect(index).toBe(-1);
        else expect(weights[index]! > 0 && !out.includes(index)).toBe(true);
      }
    }
  });
});

describe("what is forgotten", () => {
  const others = [100, 0];

  it("the load of others after 3·max(τ, m)", () => {
    const where = standing([0, 1]);
    expect(winner(two, where, view(others, { age: 3000 }))).toBe(1);
    expect(winner(two, where, view(others, { age: 3001 }))).toBe(0);
    expect(winner(two, where, view(others, { age: 14_000, m: 5 }))).toBe(1);
    expect(winner(two, where, view(others, { age: 15_001, m: 5 }))).toBe(0);
  });

  it("worths after a minute", () => {
    const worth = Float64Array.of(1, 0.02);
    const where = standing([1, 0]);
    expect(parts(two, standing([1, 1]), view([0, 0], { worth, age: 60_000 }))[0]).toBeGreaterThan(0.9);
    expect(winner(two, where, view([0, 0], { worth, age: 60_001 }))).toBe(1);
  });

  it("everything before the first answer: least of one's own", () => {
    expect(winner(two, standing([2, 1]), view([0, 9], { at: Number.NEGATIVE_INFINITY }))).toBe(1);
  });
});

describe("the least of all", () => {
  const all = guardedOfAll(new Array(10).fill(1));

  it("is none that is out or has no weight, idle as it is: nothing had looked", () => {
    const weighed = guardedOfAll([1, 1, 0, 1]);
    const where = standing([0, 9, 0, 5], [0]);
    for (const alone of [true, false]) {
      expect(parts(weighed, where, view([0, 0, 0, 0], { m: 20, alone }))).toEqual([0, 0, 0, 1]);
    }
  });
  const where = standing([5, 5, 5, 5, 5, 1, 5, 5, 5, 5]);
  const nobody = new Array(10).fill(0);

  it("by an only isolate, and on a view as good as being there", () => {
    expect(parts(all, where, view(nobody, { alone: true }))[5]).toBe(1);
    const others = [...nobody];
    others[5] = 5;
    others[7] = -2;
    expect(parts(all, where, view(others, { m: 20 }))[7]).toBe(1);
  });

  it("is not looked for on an older one: everybody would find the same", () => {
    const [part] = parts(all, where, view(nobody)).slice(5);
    expect(part).toBeGreaterThan(0.15);
    expect(part).toBeLessThan(0.25);
  });

  it("of equals the one that was drawn", () => {
    for (const part of parts(all, standing(nobody), view(nobody, { alone: true }))) {
      expect(Math.abs(part - 0.1)).toBeLessThan(SURELY);
    }
  });
});
