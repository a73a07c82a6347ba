import { describe, expect, it } from "vitest";
import { beatPeriod, FleetLoad, smoothing } from "../../src/metrics/load.ts";
import type { PodUse } from "../../src/model/beat.ts";

const [A, B, C] = ["00000000000a", "00000000000b", "00000000000c"];
const START = 1_000_000;

function fleet(...tags: string[]): FleetLoad {
  const load = new FleetLoad();
  load.follow(new Map([["web", tags]]));
  return load;
}

/** In flight and worth of a pod, as isolates hear it. */
function of(load: FleetLoad, tag: string, now: number, tau = 1000): readonly [number, number] {
  return load.down(["web"], now, tau).web!.pods[tag] ?? [0, 1];
}

/** A pod of these answers, each of so many seconds. */
function served(done: number, seconds: number, fail = 0): PodUse {
  return { area: done * seconds, done, fail };
}

describe("requests in flight", () => {
  it("fade with τ, and gain area/τ", () => {
    const load = fleet(A, B);
    load.take({ [A]: { area: 2 } }, START, 1000);
    expect(of(load, A, START)[0]).toBe(2);
    // 2·e⁻¹ = 0.7358
    expect(of(load, A, START + 1000)[0]).toBeCloseTo(0.7358, 4);
    load.take({ [A]: { area: 1 } }, START + 1000, 1000);
    expect(of(load, A, START + 1000)[0]).toBeCloseTo(1.7358, 4);
    // Over τ = 2 s a pod-second counts half as much and stays twice as long.
    load.take({ [B]: { area: 2 } }, START, 2000);
    expect(of(load, B, START, 2000)[0]).toBe(1);
    expect(of(load, B, START + 2000, 2000)[0]).toBeCloseTo(0.3679, 4);
  });

  it("are right on average: 3 requests all the time, told in any rhythm", () => {
    // Each pod-second adds ∫ e^(−t/τ)/τ dt = 1 to the integral of the sum, so that its mean is that of what is told.
    for (const [period, tau] of [
      [1000, 1000],
      [2000, 2000],
      [500, 1000],
    ] as const) {
      const load = fleet(A);
      let [sum, count] = [0, 0];
      for (let t = 0; t < 60_000; t += 10) {
        if (t % period === 0) load.take({ [A]: { area: (3 * period) / 1000 } }, START + t, tau);
        if (t >= 20_000) [sum, count] = [sum + of(load, A, START + t, tau)[0], count + 1];
      }
      // Sampled every 10 ms from the jumps on, the mean of the fading part is too high by half a sample in τ.
      expect(sum / count).toBeGreaterThan(3 * 0.99);
      expect(sum / count).toBeLessThan(3 * 1.01);
    }
  });

  it("of an isolate that is gone fade out, and are then not told", () => {
    const load = fleet(A);
    load.take({ [A]: { area: 5 } }, START, 1000);
    expect(of(load, A, START + 5000)[0]).toBeCloseTo(0.0337, 4);
    expect(load.down(["web"], START + 10_000, 1000).web!.pods).toEqual({});
  });

  it("do not depend on who tells them", () => {
    const [one, many] = [fleet(A), fleet(A)];
    one.take({ [A]: { area: 6, done: 60 } }, START, 1000);
    for (let i = 0; i < 3; i++) many.take({ [A]: { area: 2, done: 20 } }, START, 1000);
    expect(many.down(["web"], START + 700, 1000)).toEqual(one.down(["web"], START + 700, 1000));
  });
});

describe("what a pod is worth", () => {
  /** a and b take 0.1 s for each of 100 requests, c another time. */
  const told = (c: PodUse) => {
    const load = fleet(A, B, C);
    load.take({ [A]: served(100, 0.1), [B]: served(100, 0.1), [C]: c }, START, 1000);
    return load;
  };

  it("falls with its slowness beside the median pod", () => {
    const load = told(served(100, 1));
    // m = 10/100 s. A = 100/10, C = 100/10: s = (10 + 10·0.1)/(10 + 10) = 0.55, r = 5.5, worth = 5.5^−0.3 = 0.5997.
    expect(of(load, C, START)[1]).toBeCloseTo(0.5997, 3);
    expect(load.down(["web"], START, 1000).web!.m).toBeCloseTo(0.1, 6);
    // A second later e^−0.1 of A and C is left: s = (9.048 + 1)/(9.048 + 10) = 0.5275; 0.5997^0.7 · 5.275^−0.3 = 0.4245.
    expect(of(load, C, START + 1000)[1]).toBeCloseTo(0.4245, 3);
    expect(of(load, A, START + 1000)[1]).toBe(1);
  });

  it("is set once a second at most, however many ask", () => {
    const load = told(served(100, 1));
    const first = of(load, C, START)[1];
    for (let t = 0; t < 1000; t += 50) expect(of(load, C, START + t)[1]).toBe(first);
    expect(of(load, C, START + 1000)[1]).toBeLessThan(first);
  });

  it("does not chase noise: up to twice as slow is normal", () => {
    // s = (A + 1)/20 < 2·0.1 where A < 3: 29 pod-seconds of 100 requests in 10 s are, 31 are not.
    expect(of(told(served(100, 0.29)), C, START)[1]).toBe(1);
    expect(of(told(served(100, 0.31)), C, START)[1]).toBeLessThan(0.82);
  });

  it("comes to rest at 1/r, and never below 0.02", () => {
    for (const [seconds, worth] of [
      // At 100 answers a second the prior of 10 weighs a tenth: r = (100·0.8 + 1)/(110·0.1).
      [0.8, 11 / 81],
      [20, 0.02],
    ] as const) {
      const load = fleet(A, B, C);
      for (let t = 0; t < 120; t++) {
        const now = START + t * 1000;
        load.take({ [A]: served(100, 0.1), [B]: served(100, 0.1), [C]: served(100, seconds) }, now, 1000);
        load.down(["web"], now, 1000);
      }
      const got = of(load, C, START + 119_000)[1];
      // Sums told once a second are up to 5 % above their mean after they were told, which the prior does not share.
      expect(Math.abs(got / worth - 1)).toBeLessThan(0.05);
    }
  });

  it("recovers when the pod gets no requests: what was seen fades, and it must be tried again", () => {
    const load = told(served(100, 5));
    let least = 1;
    let now = START;
    for (; now < START + 20_000; now += 1000) least = Math.min(least, of(load, C, now)[1]);
    expect(least).toBeLessThan(0.2);
    for (; now < START + 60_000; now += 1000) of(load, C, now);
    expect(of(load, C, now)[1]).toBeGreaterThan(0.9);
  });

  it("sees a pod that answers nothing", () => {
    // A = 20, C = 0: s = (20 + 1)/10 = 2.1, r = 21, 21^−0.3 = 0.4012.
    expect(of(told({ area: 200 }), C, START)[1]).toBeCloseTo(0.4012, 3);
  });

  it("takes a failed answer for a slow one, so that a pod that fails fast is no black hole", () => {
    const quick = served(100, 0.001);
    expect(of(told(quick), C, START)[1]).toBe(1);
    // The first second does not know m yet; then 100 failures count 100·10·0.1 pod-seconds, as those of 1 s each.
    const load = told(quick);
    of(load, C, START);
    const failing = { [A]: served(100, 0.1), [B]: served(100, 0.1), [C]: served(100, 0.001, 100) };
    for (let t = 1; t <= 30; t++) {
      load.take(failing, START + t * 1000, 1000);
      of(load, C, START + t * 1000);
    }
    // r → (100·1 + 1)/(110·0.1) = 9.2
    expect(of(load, C, START + 30_000)[1]).toBeLessThan(0.13);
    expect(of(load, C, START + 30_000)[1]).toBeGreaterThan(0.1);
    expect(of(load, A, START + 30_000)[1]).toBe(1);
    // What a failure took itself counts, when it is more.
    const slow = told(quick);
    of(slow, C, START);
    slow.take({ [C]: served(100, 15, 100) }, START + 1000, 1000);
    expect(of(slow, C, START + 1000)[1]).toBeLessThan(0.4);
  });

  it("goes by what pods report, where most of them do and one is over twice as utilised", () => {
    const orca = (utilisation: number, age = 0) => ({
      ...served(100, 0.1),
      orca: [utilisation, age] as const,
    });
    const told = (a: PodUse, b: PodUse, c: PodUse) => {
      const load = fleet(A, B, C);
      load.take({ [A]: a, [B]: b, [C]: c }, START, 1000);
      return of(load, C, START)[1];
    };
    // 0.9/0.3: r = 3, 3^−0.3 = 0.7192.
    expect(told(orca(0.3), orca(0.3), orca(0.9))).toBeCloseTo(0.7192, 3);
    expect(told(orca(0.5), orca(0.5), orca(0.9))).toBe(1);
    // An idle pool has no overloaded pod.
    expect(told(orca(0.01), orca(0.01), orca(0.3))).toBe(1);
    expect(told(served(100, 0.1), served(100, 0.1), orca(0.9))).toBe(1);
    expect(told(orca(0.3), orca(0.3), orca(0.9, 20_000))).toBe(1);
    expect(told(orca(0.3), orca(0.3), orca(Number.NaN))).toBe(1);
  });

  it("keeps the newest report, in whatever order isolates tell", () => {
    const load = fleet(A, B, C);
    const normal = { ...served(100, 0.1), orca: [0.3, 0] as const };
    load.take({ [A]: normal, [B]: normal, [C]: { orca: [0.2, 100] } }, START, 1000);
    load.take({ [C]: { orca: [0.9, 5000] } }, START, 1000);
    expect(of(load, C, START)[1]).toBe(1);
  });
});

describe("m", () => {
  const m = (load: FleetLoad, now = START) => load.down(["web"], now, 1000).web!.m;

  it("is the median of seconds for each answer, of the pods that are used", () => {
    const load = fleet(A, B, C, "00000000000d");
    expect(m(load)).toBe(0);
    load.take({ [A]: served(10, 0.1), [B]: served(10, 0.2), [C]: served(10, 3) }, START, 1000);
    expect(m(load, START + 1000)).toBeCloseTo(0.2, 6);
  });

  it("is told also while long requests have not ended: at least what they took so far", () => {
    const load = fleet(A, B, C);
    load.take({ [A]: { area: 4 }, [B]: { area: 5 }, [C]: { area: 3, done: 1 } }, START, 1000);
    expect(m(load)).toBeCloseTo(12, 6);
  });
});

describe("pods and pools", () => {
  it("that are not of the config are passed over, and forgotten", () => {
    const load = fleet(A, B);
    expect(load.take({ [C]: { area: 3 } }, START, 1000)).toEqual(new Set());
    expect(load.take({ [A]: { area: 3 }, [C]: { area: 3 } }, START, 1000)).toEqual(new Set(["web"]));
    load.follow(new Map([["web", [B, C]]]));
    load.follow(new Map([["web", [A, B]]]));
    expect(of(load, A, START)).toEqual([0, 1]);
    expect(load.down(["other"], START, 1000)).toEqual({});
  });

  it("keep what is known of a pod through another config", () => {
    const load = fleet(A, B);
    load.take({ [A]: { area: 3 } }, START, 1000);
    load.follow(
      new Map([
        ["api", [C]],
        ["web", [B, A]],
      ]),
    );
    expect(of(load, A, START)[0]).toBe(3);
    expect(load.take({ [A]: {}, [C]: {} }, START, 1000)).toEqual(new Set(["web", "api"]));
  });

  it("take no harm from an edge that tells nonsense", () => {
    const load = fleet(A, B, C);
    const usual = served(100, 0.1);
    for (const bad of [Number.NaN, -5, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
      load.take({ [A]: { area: bad, done: bad, fail: bad }, [B]: usual, [C]: usual }, START, 1000);
      const [inflight, worth] = of(load, A, START + 1000);
      expect(inflight).toBeGreaterThanOrEqual(0);
      expect(Number.isFinite(inflight)).toBe(true);
      expect(worth).toBeGreaterThanOrEqual(0.02);
      expect(of(load, B, START + 1000)[1]).toBe(1);
    }
    // A clock that was set back fades nothing, and breaks nothing.
    load.take({ [B]: usual }, START - 60_000, 1000);
    expect(Number.isFinite(of(load, B, START - 60_000)[0])).toBe(true);
  });
});

it("periods: 1 s for each 200 isolates, from the shortest up to 5 s; smoothed over at least 1 s", () => {
  expect([1, 200, 201, 600, 5000].map((isolates) => beatPeriod(1000, isolates))).toEqual([
    1000, 1000, 1005, 3000, 5000,
  ]);
  expect(beatPeriod(2000, 8)).toBe(2000);
  expect([500, 1000, 3000].map(smoothing)).toEqual([1000, 1000, 3000]);
});
