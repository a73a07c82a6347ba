import { describe, expect, it } from "vitest";
import { dice } from "../../../tools/sim/dice.ts";
import { Agenda } from "../../../tools/sim/load/agenda.ts";
import { meanOf, quantile, runs, until } from "../../../tools/sim/load/figures.ts";
import { SCENE, type Seen } from "../../../tools/sim/load/scene.ts";
import { simulate } from "../../../tools/sim/load/simulate.ts";

const EJECTION = { base: 30_000, interval: 10_000, most: 0.5 };
const SHORT = { warmup: 10_000, length: 20_000 };
/** 200 requests a second over 20 pods, at a load of 0.75. */
const TEN_EACH = { service: 300, load: 0.75, period: 2000 };

describe("the model", () => {
  it("lets events happen in order of time, and those of one moment as they were planned", () => {
    const [agenda, chance] = [new Agenda(), dice(1, "agenda")];
    const planned = Array.from({ length: 3000 }, (_, i) => ({ time: chance.below(200), i }));
    for (const { time, i } of planned) agenda.plan(time, 1, i, -i);
    const taken: number[] = [];
    while (agenda.next(150)) {
      expect(agenda.b).toBe(-agenda.a);
      taken.push(agenda.a);
    }
    const due = planned.filter(({ time }) => time <= 150).sort((a, b) => a.time - b.time || a.i - b.i);
    expect(taken).toEqual(due.map(({ i }) => i));
  });

  it("repeats itself by its seed", () => {
    const once = simulate({ ...SCENE, ...SHORT });
    expect(simulate({ ...SCENE, ...SHORT })).toEqual(once);
    expect(simulate({ ...SCENE, ...SHORT, seed: 2 }).mean).not.toBe(once.mean);
  });

  it("queues as theory says: one server at half load, of fixed and of scattered times", () => {
    // One slot, Poisson arrivals, load ρ: mean = S·(1 + ρ(1 + c²)/(2(1 − ρ))) (Pollaczek, Khinchine), c² = e^(σ²) − 1.
    for (const [sigma, expected] of [
      [0, 1.5],
      [Math.sqrt(Math.LN2), 2],
    ] as const) {
      const over = {
        pods: 1,
        slots: 1,
        load: 0.5,
        sigma,
        isolates: 1,
        rule: "random",
        warmup: 10_000,
      } as const;
      const seen = simulate({ ...SCENE, ...over, length: 6_000_000 });
      // 30,000 requests whose waits hang together for some ten: 3 % is six standard errors or more.
      expect(Math.abs(seen.mean / 100 / expected - 1)).toBeLessThan(0.03);
    }
  });
});

describe("the rules in it", () => {
  const mean = (seen: readonly Seen[]) => meanOf(seen, (one) => one.mean);

  it("adding the fleet's totals to one's own herds, and the guarded choice does not", () => {
    for (const isolates of [8, 200]) {
      const over = { ...SHORT, load: 0.75, isolates };
      const local = mean(runs(1, { ...over, rule: "local" }));
      expect(mean(runs(1, { ...over, rule: "own+fleet" })) / local).toBeGreaterThan(1.4);
      expect(mean(runs(1, over)) / local).toBeLessThan(1.1);
    }
  });

  it("a slow pod is found by all of a hundred isolates, which none of them could alone", () => {
    const over = {
      ...SHORT,
      warmup: 30_000,
      load: 0.7,
      isolates: 100,
      changes: [{ at: -25_000, pod: 0, slowness: 5 }],
    };
    const [guarded] = runs(1, over);
    const [local] = runs(1, { ...over, rule: "local" });
    expect(guarded!.shares[0]! * 20).toBeLessThan(0.35);
    expect(local!.p99 / guarded!.p99).toBeGreaterThan(2);
  });

  it("a pod that fails at once is no black hole, though it is always idle", () => {
    const over = { ...SHORT, warmup: 40_000, isolates: 8, changes: [{ at: -25_000, pod: 0, dead: true }] };
    expect(runs(1, { ...over, rule: "local" })[0]!.shares[0]! * 20).toBeGreaterThan(1.3);
    expect(runs(1, over)[0]!.shares[0]! * 20).toBeLessThan(0.5);
  });

  it("a dead pod is ejected within 0.3 to 4 s at ten requests a second, and no other", () => {
    const seen = runs(10, {
      ...SHORT,
      ...TEN_EACH,
      ejection: EJECTION,
      changes: [{ at: 0, pod: 0, dead: true }],
    });
    const times = seen.map(({ ejections }) => ejections[0]?.at ?? Number.POSITIVE_INFINITY);
    expect(seen.flatMap(({ ejections }) => ejections.map(({ pod }) => pod))).toEqual(new Array(10).fill(0));
    // Five failures take 0.5 s on average.
    expect(Math.min(...times)).toBeGreaterThan(100);
    expect(quantile(times, 0.5)).toBeLessThan(2300);
    expect(Math.max(...times)).toBeLessThan(4000);
  });

  it("nobody decides on a view over 10 s old: rare requests wait for a newer one", () => {
    const [seen] = runs(1, { ...SHORT, isolates: 300, service: 1000, load: 0.1 });
    expect(seen!.waited).toBeGreaterThan(seen!.requests / 3);
    expect(seen!.stale).toBe(0);
  });
});

it("the time until a share halves is that of the second of two columns, not of a chance one", () => {
  expect(until([1, 1, 0.4, 1, 0.4, 0.3, 0.1], 250, (share) => share <= 0.5)).toBe(1000);
  expect(until([1, 1], 0, (share) => share <= 0.5)).toBe(Number.POSITIVE_INFINITY);
});
