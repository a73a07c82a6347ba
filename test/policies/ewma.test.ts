import { describe, expect, it } from "vitest";
import { Averages, ewma } from "../../src/policies/ingress-ewma.ts";
import { seeded } from "../support/seeded.ts";
import { vectors } from "../support/vectors.ts";
import { fiveSigma, policyContract } from "./contract.ts";
import { poolOf, standingOf, toolsFor } from "./pool.ts";

// Pods that were never seen to answer are equal: the first of two draws stays, a binomial count.
policyContract("ewma", ewma, { options: {}, keyed: false, bound: fiveSigma });

/** Another library's e^x may differ in its last bit, and errors add up over a series. */
const near = (value: number, expected: number) =>
  expect(Math.abs(value - expected)).toBeLessThanOrEqual(1e-14 * Math.max(1e-9, Math.abs(expected)));

/** The average of a pod itself: its score where no time has passed. */
const average = (averages: Averages, index: number) => averages.state()[1 + index]!;

const START = 1_763_942_400;

describe("the averages", () => {
  it("are those of an ingress-nginx", () => {
    const averages = new Averages(2);
    averages.observe(0, 0.11, START);
    near(average(averages, 0), 0.11);
    averages.observe(0, 0.21, START + 1);
    near(average(averages, 0), 0.11951625819640405);
    averages.observe(0, 0.05, START + 2.5);
    near(average(averages, 0), 0.10983319792086878);
    // No time has passed, so it counts for nothing.
    averages.observe(0, 5, START + 2.5);
    near(average(averages, 0), 0.10983319792086878);
    averages.observe(0, 0.1, START + 12.5);
    near(average(averages, 0), 0.10361743135605739);
    expect(averages.score(1, START + 12.5)).toBe(0);
  });

  it("are scored as if an answer in no time had come: an old slow pod beats a fast one", () => {
    const averages = new Averages(2);
    averages.observe(0, 1.2, START);
    averages.observe(1, 0.2, START + 20);
    near(averages.score(0, START + 20), 0.16240233988393524);
    near(averages.score(1, START + 20), 0.2);
  });

  it("stand still when the clock goes back, and take its time along", () => {
    const averages = new Averages(1);
    averages.observe(0, 0.5, START + 10);
    averages.observe(0, 9, START + 5);
    expect(averages.state()).toEqual([START + 5, 0.5, START + 5]);
  });

  it("begin at the mean of those that stay and are known, undecayed; a pod that comes back is new", () => {
    const averages = new Averages(3);
    averages.observe(0, 0.2, START);
    averages.observe(1, 0.6, START);
    const next = new Averages(4);
    next.inherit(averages.state(), [0, 1, 2, -1], START + 10);
    expect(next.state().slice(1, 5)).toEqual([0.2, 0.6, -1, 0.4]);
    expect(next.state().slice(5)).toEqual([START, START, 0, START + 10]);
    const last = new Averages(2);
    last.inherit(next.state(), [1, -1], START + 11);
    expect(last.state().slice(1)).toEqual([0.6, 0.6, START, START + 11]);
    const none = new Averages(2);
    none.inherit(new Averages(1).state(), [0, -1], START);
    expect(none.state().slice(1)).toEqual([-1, -1, 0, 0]);
  });
});

describe("ewma", () => {
  const built = (weights: readonly number[]) => {
    const pool = poolOf(weights);
    return { ...pool, picker: ewma.build(pool.pods, {}, toolsFor(pool)), standing: standingOf(pool.pods) };
  };

  it("always compares two pods, whatever the draw: of two the faster one serves", () => {
    const { picker, standing } = built([1, 1]);
    const now = START * 1000;
    picker.observe!(0, 200, now);
    picker.observe!(1, 300, now);
    const chance = seeded(1);
    for (let i = 0; i < 2000; i++)
      expect(picker.pick({ key: "", word: chance.word(), now }, standing)).toBe(0);
  });

  it("never serves by the slowest of many, and by the fastest as often as it is drawn", () => {
    const { pods, picker, standing } = built([1, 1, 1, 1, 1]);
    const now = START * 1000;
    for (const { index } of pods) picker.observe!(index, 100 * (1 + index), now);
    const chance = seeded(2);
    const counts = pods.map(() => 0);
    for (let i = 0; i < 10_000; i++) counts[picker.pick({ key: "", word: chance.word(), now }, standing)]!++;
    // Of ten pairs pod i is the better one of 4 − i.
    for (const [i, count] of counts.entries()) {
      const share = (4 - i) / 10;
      expect(Math.abs(count - 10_000 * share)).toBeLessThanOrEqual(fiveSigma(10_000, share));
    }
  });

  it("goes by requests in flight in no way, and takes milliseconds", () => {
    const { picker, standing } = built([1, 1]);
    picker.observe!(0, 110, START * 1000);
    near(picker.state!()![1]!, 0.11);
    expect(picker.state!()![3]).toBe(START);
    standing.inflight[1] = 1000;
    // The other one was never seen to answer: 0 is less.
    expect(picker.pick({ key: "", word: 5, now: START * 1000 }, standing)).toBe(1);
  });

  it("takes no latency that is none, and no pod that is not there", () => {
    const { picker } = built([1, 1]);
    picker.observe!(0, 50, START);
    const before = picker.state!();
    for (const latency of [Number.NaN, -1, Number.POSITIVE_INFINITY]) picker.observe!(1, latency, START);
    picker.observe!(7, 1, START);
    expect(picker.state!()).toEqual(before);
  });

  it("goes on in another picker, of the same pods or of others", () => {
    const { picker, pods, standing } = built([1, 1]);
    const now = START * 1000;
    picker.observe!(0, 200, now);
    picker.observe!(1, 100, now);
    const restored = built([1, 1]).picker;
    restored.restore!(picker.state!()!);
    expect(restored.state!()).toEqual(picker.state!());
    const other = built([1, 1]).picker;
    other.inherit!(picker.state!()!, [1, -1], now + 1000);
    expect(other.state!()!.slice(1)).toEqual([0.1, 0.1, START, START + 1]);
    expect(pods.length).toBe(standing.live);
  });
});

interface Series {
  readonly series: readonly {
    readonly id: string;
    readonly steps: readonly {
      readonly input: {
        readonly op: "new" | "after" | "balance" | "sync";
        readonly now: number;
        readonly endpoints?: readonly string[];
        readonly upstream_addr?: string;
        readonly connect?: string;
        readonly response?: string;
      };
      readonly expected: {
        readonly stats?: Readonly<Record<string, { ewma: string | null; touched: number | null }>>;
        readonly peer?: string;
        readonly score?: string;
      };
    }[];
  }[];
}

const all = vectors<Series>("ingress-nginx/ewma.json");
if (all !== undefined) {
  it.each(all.series)("does what an ingress-nginx did: $id", ({ steps }) => {
    let [endpoints, averages] = [[] as readonly string[], new Averages(0)];
    for (const { input, expected } of steps) {
      const { op, now } = input;
      if (op === "new") {
        endpoints = input.endpoints!;
        averages = new Averages(endpoints.length);
      } else if (op === "sync") {
        const [before, old] = [endpoints, averages];
        endpoints = input.endpoints!;
        averages = new Averages(endpoints.length);
        averages.inherit(
          old.state(),
          endpoints.map((endpoint) => before.indexOf(endpoint)),
          now,
        );
      } else if (op === "after") {
        const last = (list: string) => Number(list.split(", ").at(-1)!.replace("-", "0"));
        const pod = endpoints.indexOf(input.upstream_addr!.split(", ").at(-1)!);
        averages.observe(pod, last(input.connect!) + last(input.response!), now);
      } else if (endpoints.length > 1) {
        const scores = endpoints.map((_, i) => averages.score(i, now));
        const best = scores.indexOf(Math.min(...scores));
        expect(endpoints[best]).toBe(expected.peer);
        near(scores[best]!, Number(expected.score));
      }
      for (const [endpoint, { ewma: value, touched }] of Object.entries(expected.stats ?? {})) {
        const at = endpoints.indexOf(endpoint);
        const stored = at < 0 || average(averages, at) < 0 ? undefined : average(averages, at);
        if (value === null) expect(stored).toBeUndefined();
        else {
          near(stored!, Number(value));
          expect(averages.state()[1 + endpoints.length + at]).toBe(touched);
        }
      }
    }
  });
}
