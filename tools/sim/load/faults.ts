import type { EjectionOptions } from "../../../src/health/ejection.ts";
import type { Gate } from "../gates.ts";
import { atMost, type Bench, judged, rounded, told } from "./bench.ts";
import { meanOf, quantile, runs } from "./figures.ts";
import type { Scene, Seen } from "./scene.ts";

const EJECTION: EjectionOptions = { base: 30_000, interval: 10_000, most: 0.5 };
/** 20 pods of 4 slots that get 200 requests a second at a load of 0.8. Milliseconds. */
const TEN_EACH = 320;

/** A pod that refuses connections: until the coordinator has ejected it. 20 s stand for those that it has not by then. */
export function deadPod(bench: Bench): Gate[] {
  const over = {
    service: TEN_EACH,
    load: 0.8,
    period: 2000,
    length: 20_000,
    ejection: EJECTION,
    changes: [{ at: 0, pod: 0, dead: true }],
  };
  const count = bench.quick ? 20 : 60;
  const times = (seen: readonly Seen[]) =>
    seen.map(({ ejections }) => (ejections.find(({ pod }) => pod === 0)?.at ?? over.length) / 1000);
  return [
    ...(bench.quick ? [2, 8, 1000] : [2, 8, 100, 1000]).flatMap((isolates) => {
      const found = times(judged(bench, count, { ...over, isolates, suspicion: "rule" }));
      const name = `a dead pod at 10 requests/s, ${isolates} isolates`;
      return [
        atMost(`${name}: until the coordinator ejects it, p95`, quantile(found, 0.95), 4, "s"),
        told(`${name}: the same, median`, quantile(found, 0.5), "s"),
      ];
    }),
    ...(bench.quick ? [] : [5000, 1000, 0]).flatMap((suspicion) =>
      [2, 8].map((isolates) =>
        told(
          `the same, p95, ${isolates} isolates that avoid it for ${suspicion / 1000} s after each refusal`,
          quantile(times(judged(bench, count, { ...over, isolates, suspicion })), 0.95),
          "s",
        ),
      ),
    ),
  ];
}

/** Without ejection: a pod that fails at once is always idle, and must not draw everything for that. */
export function blackHole(bench: Bench): Gate[] {
  const over = {
    isolates: 100,
    warmup: 60_000,
    length: 30_000,
    changes: [{ at: -29_000, pod: 0, dead: true }],
  };
  const share = (seen: readonly Seen[]) => meanOf(seen, (one) => one.shares[0]! * 20);
  const count = bench.quick ? 1 : 3;
  return [
    atMost(
      "a pod that fails at once, no ejection, 100 isolates: its share",
      share(judged(bench, count, over)),
      0.35,
      "of fair",
    ),
    told("the same by local P2C", share(runs(count, { ...over, rule: "local" })), "of fair"),
  ];
}

/** Errors that all pods make: nobody is to be blamed. */
export function falseEjections(bench: Bench): Gate[] {
  const length = bench.quick ? 120_000 : 3_600_000;
  return [
    ...([8, 100] as const).flatMap((isolates) =>
      (
        [
          [0.01, 0],
          [0.3, 1],
        ] as const
      ).map(([errors, bar]) => {
        const changes = Array.from({ length: 20 }, (_, pod) => ({ at: -29_999, pod, errors }));
        const over: Partial<Scene> = {
          isolates,
          service: TEN_EACH,
          load: 0.75,
          length,
          changes,
          ejection: EJECTION,
        };
        const seen = judged(bench, 1, { ...over, period: 2000 });
        const name = `${errors * 100} % errors everywhere, ${isolates} isolates, 200 requests/s: ejections in ${length / 60_000} min`;
        return atMost(name, seen[0]!.ejections.length, bar, "ejections");
      }),
    ),
  ];
}

/** Isolates that get a request every 100 s: their view is always too old, and is refreshed first. */
export function rareRequests(bench: Bench): Gate[] {
  const over = { isolates: 1000, service: 1000, load: 0.125, length: bench.quick ? 60_000 : 300_000 };
  const seen = judged(bench, 1, over);
  return [
    told(
      "1,000 isolates, each a request in 100 s: requests that wait for a newer view",
      seen[0]!.waited / seen[0]!.requests,
      "of all",
    ),
  ];
}

/** Of all runs above. */
export function everywhere({ judged, steady }: Bench): Gate[] {
  const totals = steady.map((one) => one.told);
  const [low, high] = [Math.min(...totals), Math.max(...totals)];
  return [
    {
      name: "coordinator's total / true in flight, lowest of all runs of a minute or more",
      value: rounded(low),
      bar: 0.9,
      unit: "×",
      pass: low >= 0.9,
    },
    atMost("coordinator's total / true in flight, highest of them", high, 1.1, "×"),
    atMost(
      "requests decided on a view over 10 s old",
      judged.reduce((sum, one) => sum + one.stale, 0),
      0,
      "requests",
    ),
    told(
      "requests of all these runs",
      judged.reduce((sum, one) => sum + one.requests, 0),
      "requests",
    ),
  ];
}
