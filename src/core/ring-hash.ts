import { type Circle, Envoy, normalized } from "./envoy.ts";
import type { FinderHost } from "./finder.ts";
import { utf8 } from "./keys.ts";
import type { TablePod } from "./seating.ts";
import { xx64 } from "./xxhash.ts";

/** Points of a ring at most: Envoy's own bound. */
export const MOST_RING: number = 1 << 23;

/** Points of the ring that JavaScript makes at most, as it takes microseconds for each. */
const MOST_SLOW = 1 << 16;

/** Room for the number of a point behind the id. */
const DIGITS = 8;

/**
 * How many points each pod has, by Envoy's rule (ring_hash_lb.cc): the ring is as much larger than its minimum as gives the
 * lightest pod a whole number, at most `most`; a pod has as many as the running sum of what is due to it and those before it
 * asks for, in doubles. Weights of 0 have none.
 */
export function ringOf(
  weights: readonly number[],
  minimum: number,
  most: number = MOST_RING,
): readonly number[] {
  const shares = normalized(weights);
  const least = shares.reduce((low, share) => (share > 0 && share < low ? share : low), 1);
  const scale = Math.min(Math.ceil(least * minimum) / least, most);
  let have = 0;
  let due = 0;
  return shares.map((share) => {
    if (!(share > 0)) return 0;
    due += scale * share;
    const points = Math.max(0, Math.ceil(due) - have);
    have += points;
    return points;
  });
}

/**
 * The ring of Envoy's RING_HASH, bit for bit: assembly/ring-hash.ts says how it is made. Where the core has no room for it,
 * or traps, it is the same up to 65,536 points, and one of so many where it should have more.
 */
export class RingHash extends Envoy {
  readonly #pods: readonly TablePod[];
  readonly #minimum: number;

  /** @param pods at most 65,534; of points that are equal the first has them @param minimum of its points, 1 to {@link MOST_RING} */
  constructor(host: FinderHost, pods: readonly TablePod[], minimum: number) {
    super(host, pods);
    this.#pods = pods;
    this.#minimum = minimum;
    const { abi, keys } = host;
    const points = ringOf(
      pods.map(({ weight }) => weight),
      minimum,
    );
    const total = points.reduce((sum, each) => sum + each, 0);
    // Behind the id its number must fit.
    if (total === 0 || pods.some(({ id }) => id.length > (keys.size >> 2) - DIGITS)) return;
    this.lay(
      () => abi.wideBytes(total, pods.length),
      (region) => {
        abi.openWide(region, total, pods.length);
        for (const [i, { id }] of pods.entries()) abi.countPoints(region, keys.write(`${id}_`), points[i]!);
        abi.sumPoints(region);
        for (const [i, { id }] of pods.entries()) abi.putPoints(region, i, keys.write(`${id}_`), points[i]!);
      },
    );
  }

  protected look(region: number): number {
    return this.host.abi.onWide(region);
  }

  protected circle(): Circle {
    const weights = this.#pods.map(({ weight }) => weight);
    const counts = ringOf(weights, this.#minimum, MOST_SLOW);
    const points = counts.flatMap((count, pod) =>
      Array.from({ length: count }, (_, i) => ({ hash: xx64(utf8(`${this.#pods[pod]!.id}_${i}`)), pod })),
    );
    points.sort((a, b) => (a.hash < b.hash ? -1 : a.hash > b.hash ? 1 : 0));
    return {
      owners: points.map(({ pod }) => pod),
      start: (hash) =>
        Math.max(
          0,
          points.findIndex((point) => point.hash >= hash),
        ),
      step: () => 1,
    };
  }
}
