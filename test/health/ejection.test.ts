import { describe, expect, it } from "vitest";
import { type EjectionOptions, Ejector, eject, IN, readmit } from "../../src/health/ejection.ts";
import { Failures, wilsonLower } from "../../src/health/failures.ts";
import type { PodUse } from "../../src/model/beat.ts";
import { seeded } from "../support/seeded.ts";

const START = 1_000_000;
const OPTIONS: EjectionOptions = { base: 30_000, interval: 10_000, most: 0.5 };
const TAGS = ["a", "b", "c", "d"];

function ejector(tags: readonly string[] = TAGS): Ejector {
  const made = new Ejector();
  made.follow(tags);
  return made;
}

function fails(done: number, fail: number): PodUse {
  return { done, fail };
}

describe("how sure a rate is", () => {
  it("by Wilson's lower bound at z = 3", () => {
    // n/(n + 9) when all failed.
    expect(wilsonLower(5, 5, 3)).toBeCloseTo(5 / 14, 9);
    // (0.5 + 9/20 − 3·√(0.25/10 + 9/400))/(1 + 9/10) = (0.95 − 0.65383)/1.9
    expect(wilsonLower(5, 10, 3)).toBeCloseTo(0.15588, 5);
    expect(wilsonLower(0, 50, 3)).toBeCloseTo(0, 9);
    expect(wilsonLower(0, 0, 3)).toBe(0);
  });
});

describe("failures in windows", () => {
  it("fall out of each window in turn", () => {
    const failures = new Failures();
    failures.add("one", 4, 3, START);
    const seen = (at: number) =>
      [1000, 3000, 10_000].map((window) => failures.tally(window, START + at).fail);
    expect(seen(749)).toEqual([3, 3, 3]);
    expect(seen(1000)).toEqual([0, 3, 3]);
    expect(seen(3000)).toEqual([0, 0, 3]);
    expect(seen(10_000)).toEqual([0, 0, 0]);
    failures.add("one", 1, 1, START + 10_000);
    expect(failures.tally(10_000, START + 10_000)).toEqual({ done: 1, fail: 1, isolates: 1 });
  });

  it("know whether one isolate told them, or more", () => {
    const failures = new Failures();
    failures.add("one", 2, 1, START);
    failures.add("two", 9, 0, START);
    failures.add("one", 2, 1, START + 2000);
    expect(failures.tally(10_000, START + 2000)).toEqual({ done: 13, fail: 2, isolates: 1 });
    failures.add("two", 1, 1, START + 4000);
    expect(failures.tally(10_000, START + 4000).isolates).toBe(2);
    expect(failures.tally(1000, START + 4000).isolates).toBe(1);
    failures.add("one", 1, 1, START + 4000);
    expect(failures.tally(1000, START + 4000).isolates).toBe(2);
  });
});

describe("a pod is ejected", () => {
  it("when it fails, two isolates say so, and the others do not", () => {
    const pool = ejector();
    expect(pool.take("one", { a: fails(3, 3), b: fails(40, 0) }, 8, OPTIONS, START)).toEqual([]);
    expect(pool.take("two", { a: fails(2, 2) }, 8, OPTIONS, START + 100)).toEqual([{ tag: "a", out: true }]);
    expect(pool.ejected("a")).toBe(true);
    expect(pool.ejected("b")).toBe(false);
    expect(pool.next()).toBe(START + 100 + 30_000);
  });

  it("by one isolate only when there is no other", () => {
    const many = ejector();
    for (let i = 0; i < 20; i++) {
      expect(many.take("one", { a: fails(5, 5) }, 2, OPTIONS, START + i * 500)).toEqual([]);
    }
    expect(ejector().take("one", { a: fails(5, 5) }, 1, OPTIONS, START)).toHaveLength(1);
  });

  it("not for fewer than 5 failures, and not at a rate that may be 0.3", () => {
    expect(ejector().take("one", { a: fails(4, 4) }, 1, OPTIONS, START)).toEqual([]);
    expect(wilsonLower(29, 60, 3)).toBeGreaterThan(0.3);
    expect(wilsonLower(28, 60, 3)).toBeLessThan(0.3);
    expect(ejector().take("one", { a: fails(60, 29) }, 1, OPTIONS, START)).toHaveLength(1);
    expect(ejector().take("one", { a: fails(60, 28) }, 1, OPTIONS, START)).toEqual([]);
  });

  it("slowly as well: 1 failure a second adds up in 10 s", () => {
    const pool = ejector();
    const flipped = [0, 1, 2, 3, 4].map(
      (i) => pool.take(i % 2 ? "one" : "two", { a: fails(1, 1) }, 2, OPTIONS, START + i * 1000).length,
    );
    expect(flipped).toEqual([0, 0, 0, 0, 1]);
  });

  it("not for what the others do too", () => {
    // 40 of 40 are surely above 0.816; twice the others' rate of 0.4 is 0.8, and of 0.41 it is 0.82.
    const all = (part: number) => ({
      a: fails(40, 40),
      b: fails(100, part),
      c: fails(100, part),
      d: fails(100, part),
    });
    expect(ejector().take("one", all(41), 1, OPTIONS, START)).toEqual([]);
    expect(ejector().take("one", all(40), 1, OPTIONS, START)).toEqual([{ tag: "a", out: true }]);
  });

  it("while no more than half are out; pods that are out do not excuse others", () => {
    const pool = ejector();
    const flips = pool.take(
      "one",
      { a: fails(50, 50), b: fails(50, 50), c: fails(500, 0), d: fails(500, 0) },
      1,
      OPTIONS,
      START,
    );
    expect(flips.map(({ tag }) => tag)).toEqual(["a", "b"]);
    expect(pool.take("one", { c: fails(5000, 5000) }, 1, OPTIONS, START + 1000)).toEqual([]);
    expect(ejector(["a"]).take("one", { a: fails(50, 50) }, 1, OPTIONS, START)).toEqual([]);
  });

  it("and is forgotten when it leaves the pool", () => {
    const pool = ejector();
    pool.take("one", { a: fails(5, 5), x: fails(5, 5) }, 1, OPTIONS, START);
    pool.follow(["b", "c"]);
    pool.follow(TAGS);
    expect(pool.ejected("a")).toBe(false);
    expect(pool.next()).toBeUndefined();
  });
});

describe("a pod comes back", () => {
  it("after base × how often it was needed, and not for what it did before", () => {
    const pool = ejector();
    pool.take("one", { a: fails(5, 5) }, 1, OPTIONS, START);
    expect(pool.take("one", {}, 1, OPTIONS, START + 29_999)).toEqual([]);
    expect(pool.take("one", { a: fails(1, 1) }, 1, OPTIONS, START + 30_000)).toEqual([
      { tag: "a", out: false },
    ]);
    pool.take("one", { a: fails(5, 5) }, 1, OPTIONS, START + 31_000);
    expect(pool.next()).toBe(START + 31_000 + 60_000);
    expect(pool.readmit(START + 91_000)).toEqual([{ tag: "a", out: false }]);
    expect(pool.readmit(START + 91_000)).toEqual([]);
  });

  it("before its time when probes have seen it recover", () => {
    const pool = ejector();
    pool.take("one", { a: fails(5, 5) }, 1, OPTIONS, START);
    expect(pool.recover("b")).toBe(false);
    expect(pool.recover("a")).toBe(true);
    expect(pool.ejected("a")).toBe(false);
    expect(pool.next()).toBeUndefined();
    // Nor does what it did before count again.
    expect(pool.take("one", { a: fails(1, 1) }, 1, OPTIONS, START + 100)).toEqual([]);
    expect(pool.take("one", { a: fails(5, 5) }, 1, OPTIONS, START + 200)).toHaveLength(1);
    expect(pool.next()).toBe(START + 200 + 60_000);
  });

  it("not for what is told of the time before it was back", () => {
    // An edge that had not been heard while the coordinator was away told of the dead pod after it lived again: it was out
    // for a minute then.
    const pool = ejector();
    pool.take("one", { a: fails(9, 9), b: fails(9, 0) }, 1, OPTIONS, START);
    expect(pool.ejected("a")).toBe(true);
    pool.recover("a", START + 2000);
    pool.take("two", { a: fails(50, 50), b: fails(50, 0) }, 1, OPTIONS, START + 2300, START - 9000);
    expect(pool.ejected("a")).toBe(false);
    pool.take("two", { a: fails(9, 9), b: fails(9, 0) }, 1, OPTIONS, START + 3300, START + 2300);
    expect(pool.ejected("a")).toBe(true);
  });

  it("ejections are forgiven, one for each interval without another, and never last for ever", () => {
    let state = eject(IN, OPTIONS, START);
    expect(state).toEqual({ out: true, times: 1, at: START + 30_000 });
    expect(eject(state, OPTIONS, START + 5)).toBe(state);
    for (let i = 0; i < 20; i++) state = eject(readmit(state, state.at), OPTIONS, state.at + 1);
    expect(state.times).toBe(21);
    const back = readmit(state, state.at);
    expect(back.out).toBe(false);
    expect(eject(back, OPTIONS, back.at + 9999).at - (back.at + 9999)).toBe(300_000);
    expect(eject(back, OPTIONS, back.at + 195_000).times).toBe(3);
    expect(eject(back, OPTIONS, back.at + 1e9).times).toBe(1);
    const week = { ...OPTIONS, base: 7 * 86_400_000 };
    expect(eject(IN, week, START).at).toBe(START + week.base);
  });
});

describe("errors that all pods make", () => {
  /** The ejections of 20 pods at ten answers a second each, told by 8 isolates, each every 2 s and at once when one fails. */
  function blamed(errors: number, dead: string | undefined, seconds: number): { tag: string; at: number }[] {
    const tags = Array.from({ length: 20 }, (_, i) => `web-${i}`);
    const pool = ejector(tags);
    const chance = seeded(7);
    const waiting = Array.from({ length: 8 }, () => new Map<string, { done: number; fail: number }>());
    const told = new Array<number>(8).fill(0);
    const found: { tag: string; at: number }[] = [];
    for (let at = 0; at < seconds * 1000; at += 5) {
      const isolate = chance.below(8);
      const tag = tags[chance.below(20)]!;
      const fails = tag === dead || chance.fraction() < errors;
      const use = waiting[isolate]!.get(tag) ?? { done: 0, fail: 0 };
      waiting[isolate]!.set(tag, { done: use.done + 1, fail: use.fail + (fails ? 1 : 0) });
      if (at - told[isolate]! < (fails ? 500 : 2000)) continue;
      told[isolate] = at;
      const load = Object.fromEntries(waiting[isolate]!);
      waiting[isolate]!.clear();
      const flips = pool.take(String(isolate), load, 8, OPTIONS, START + at);
      found.push(...flips.filter(({ out }) => out).map((flip) => ({ tag: flip.tag, at })));
    }
    return found;
  }

  it("eject none in an hour at 1 %, and at most one at 30 %", () => {
    expect(blamed(0.01, undefined, 3600)).toEqual([]);
    // 14 failures in a row would do, which is 0.3^14 = 5e-8 of each of 720,000 answers: 0.03 in an hour, and some more for
    // seconds in which the others fail less.
    expect(blamed(0.3, undefined, 3600).length).toBeLessThanOrEqual(1);
  });

  it("do not hide the pod that fails always", () => {
    for (const errors of [0, 0.01, 0.3]) {
      const [first, ...rest] = blamed(errors, "web-3", 300);
      expect(first!.tag).toBe("web-3");
      // 0.5 s for five failures, or 1.4 s for the fourteen that it takes where 30 % fail, and up to 2 s until told.
      expect(first!.at).toBeLessThan(errors < 0.1 ? 3000 : 6000);
      expect(rest.every(({ tag }) => tag === "web-3")).toBe(true);
    }
  });
});
