import type { Gate } from "../gates.ts";
import { atMost, type Bench, judged, told } from "./bench.ts";
import { mean, meanOf, runs, timeline, until } from "./figures.ts";
import type { Seen } from "./scene.ts";

/** Why the simple rules fail: mean time of a request, in units of the service time. */
export function simpleRules({ quick }: Bench): Gate[] {
  const length = quick ? 20_000 : 60_000;
  return ([8, 1000] as const).flatMap((isolates) =>
    (["random", "local", "perfect", "own+fleet", "least-stale"] as const).map((rule) => {
      const seen = runs(1, { rule, isolates, load: 0.8, length });
      return told(
        `${rule}, S = 0.1 s, load 0.8, ${isolates} isolates: mean`,
        meanOf(seen, (one) => one.mean) / 100,
        "× S",
      );
    }),
  );
}

/** No herding: short requests are as quick as by what an isolate knows of itself. */
export function shortRequests(bench: Bench): Gate[] {
  const count = bench.quick ? 2 : 6;
  const length = bench.quick ? 20_000 : 60_000;
  const fleets = bench.quick ? [8, 1000] : [1, 8, 100, 1000];
  return fleets.flatMap((isolates) =>
    (bench.quick ? [0.7] : [0.7, 0.8]).map((load) => {
      const local = meanOf(runs(count, { rule: "local", isolates, load, length }), (one) => one.mean);
      const own = meanOf(judged(bench, count, { isolates, load, length }), (one) => one.mean);
      return atMost(
        `S = 0.1 s, load ${load}, ${isolates} isolates: mean vs local P2C`,
        own / local,
        1.1,
        "×",
      );
    }),
  );
}

/** Long requests: nearly as even as with perfect knowledge. */
export function longRequests(bench: Bench): Gate[] {
  return (
    [
      [5000, 1.25],
      [20_000, 1.12],
    ] as const
  ).flatMap(([service, bar]) => {
    const over = {
      service,
      warmup: 10 * service,
      length: (bench.quick ? 40 : 150) * service,
      sampled: service / 10,
    };
    const count = bench.quick ? 1 : 3;
    const peak = (seen: readonly Seen[]) => meanOf(seen, (one) => one.peak);
    const perfect = peak(runs(count, { ...over, rule: "perfect" }));
    const name = `S = ${service / 1000} s`;
    const most = bench.quick ? [] : [100, 1000];
    return [
      atMost(
        `${name}, 8 isolates: max/mean in flight vs perfect P2C`,
        peak(judged(bench, count, over)) / perfect,
        bar,
        "×",
      ),
      ...most.map((isolates) =>
        told(
          `${name}, ${isolates} isolates: max/mean in flight vs perfect P2C`,
          peak(judged(bench, count, { ...over, isolates })) / perfect,
          "×",
        ),
      ),
      told(
        `${name}, 8 isolates: the same by local P2C`,
        peak(runs(count, { ...over, rule: "local" })) / perfect,
        "×",
      ),
      told(
        `${name}, 8 isolates: the same by choices: all`,
        peak(runs(count, { ...over, rule: "guarded-all" })) / perfect,
        "×",
      ),
    ];
  });
}

/**
 * A pod that is 5 × slow: nobody waits for it for long, and it gets little new work. At a load of 0.75 a thousand isolates
 * cannot come within 1.25 of perfect by any rule: the 19 sound pods alone, filled at random, have a p99 of 1.27 × that.
 */
export function slowPod(bench: Bench): Gate[] {
  const changes = [{ at: -29_000, pod: 0, slowness: 5 }];
  const over = { changes, warmup: 60_000, length: bench.quick ? 20_000 : 60_000, load: 0.7 };
  const count = bench.quick ? 1 : 8;
  const p99 = (seen: readonly Seen[]) => meanOf(seen, (one) => one.p99);
  const perfect = p99(runs(count, { ...over, rule: "perfect" }));
  const fleets = bench.quick ? [8, 1000] : [8, 100, 1000];
  const gates = fleets.flatMap((isolates) => {
    const seen = judged(bench, count, { ...over, isolates });
    const share = meanOf(seen, (one) => one.shares[0]! * 20);
    return [
      atMost(
        `a pod 5 × slow, load 0.7, ${isolates} isolates: p99 vs perfect P2C`,
        p99(seen) / perfect,
        1.25,
        "×",
      ),
      atMost(`its share of new work, ${isolates} isolates`, share, 0.35, "of fair"),
    ];
  });
  if (bench.quick) return gates;
  const local = p99(runs(1, { ...over, rule: "local", isolates: 1000 })) / 1000;
  const fuller = { ...over, load: 0.75 };
  const ratio = (isolates: number) =>
    p99(judged(bench, count, { ...fuller, isolates })) / p99(runs(count, { ...fuller, rule: "perfect" }));
  return [
    ...gates,
    told("the same p99 by local P2C, 1000 isolates", local, "s"),
    ...[8, 100, 1000].map((isolates) =>
      told(`a pod 5 × slow, load 0.75, ${isolates} isolates: p99 vs perfect P2C`, ratio(isolates), "×"),
    ),
  ];
}

/** A pod becomes 10 × slow, and recovers. */
export function brownout(bench: Bench): Gate[] {
  const [begins, ends, length] = [5000, 25_000, 60_000];
  const changes = [
    { at: begins, pod: 0, slowness: 10 },
    { at: ends, pod: 0, slowness: 1 },
  ];
  const line = timeline(judged(bench, bench.quick ? 4 : 16, { isolates: 100, changes, length }), 20);
  const before = mean(line.slice(0, 20));
  const during = mean(line.slice(60, 100));
  return [
    atMost(
      "a pod becomes 10 × slow, 100 isolates: until its share halves",
      until(line, begins, (share) => share <= before / 2) / 1000,
      3,
      "s",
    ),
    told("its share from 10 s on", during, "of fair"),
    told("until it has 0.8 of a fair share again", until(line, ends, (share) => share >= 0.8) / 1000, "s"),
  ];
}
