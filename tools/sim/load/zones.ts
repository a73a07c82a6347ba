import type { Gate } from "../gates.ts";
import { type Bench, judged, told } from "./bench.ts";
import { meanOf } from "./figures.ts";

/**
 * Three zones of seven pods, a hop of 1 ms each way between them, and requests short enough (S = 10 ms) to feel it: with
 * as much from every zone, and with 60 and 90 % of all from one, which has a third of the pods.
 */
export function zones(bench: Bench): Gate[] {
  const over = { zones: 3, hop: 1, pods: 21, service: 10, load: 0.7, length: bench.quick ? 3000 : 20_000 };
  const fleets = bench.quick ? [99] : [9, 99, 999];
  return fleets.flatMap((isolates) =>
    [undefined, 0.6, 0.9].flatMap((skew) => {
      const [any, own] = [false, true].map((prefer) => judged(bench, 1, { ...over, isolates, skew, prefer }));
      const mean = (seen: typeof any) => meanOf(seen!, (one) => one.mean);
      const name = `zones, ${skew === undefined ? "even" : `${skew * 100} % from one`}, ${isolates} isolates`;
      return [
        told(`${name}: mean by preferring the own zone vs not`, mean(own) / mean(any), "×"),
        told(
          `${name}: to another zone, preferring the own`,
          meanOf(own!, (one) => one.crossed),
          "of all",
        ),
        told(
          `${name}: to another zone, not preferring it`,
          meanOf(any!, (one) => one.crossed),
          "of all",
        ),
      ];
    }),
  );
}
