import { Envoy, type Host, normalized } from "./envoy.ts";
import type { FinderHost } from "./finder.ts";

/** Points of a ring at most: Envoy's own bound. */
export const MOST_RING: number = 1 << 23;

/**
 * How many points each pod has, by Envoy's rule (ring_hash_lb.cc): the ring is as much larger than its minimum as gives the
 * lightest pod a whole number, at most {@link MOST_RING}; a pod has as many as the running sum of what is due to it and those before it
 * asks for, in doubles. Weights of 0 have none.
 */
export function ringOf(weights: readonly number[], minimum: number): readonly number[] {
  const shares = normalized(weights);
  const least = shares.reduce((low, share) => (share > 0 && share < low ? share : low), 1);
  const scale = Math.min(Math.ceil(least * minimum) / least, MOST_RING);
  let have = 0;
  let due = 0;
  return shares.map((share) => {
    if (!(share > 0)) return 0;
    due += scale * share;
    // The last one may have asked for all of what is due to this one.
    const points = Math.max(0, Math.ceil(due) - have);
    have += points;
    return points;
  });
}

/** The ring of Envoy's RING_HASH, bit for bit: assembly/ring-hash.ts says how it is made. */
export class RingHash extends Envoy {
  /** @param pods at most 65,534, of addresses that fit the key buffer with 8 digits; of points that are equal the first has them @param minimum of its points, 1 to {@link MOST_RING} */
  constructor(host: FinderHost, pods: readonly Host[], minimum: number) {
    super(host, pods);
    const { abi, keys } = host;
    const points = ringOf(
      pods.map(({ weight }) => weight),
      minimum,
    );
    const total = points.reduce((sum, each) => sum + each, 0);
    if (total === 0) return;
    this.lay(
      () => abi.wideBytes(total, pods.length),
      (region) => {
        abi.openWide(region, total, pods.length);
        for (const put of [0, 1]) {
          for (const [i, { address }] of pods.entries())
            abi.putPoints(region, i, keys.write(`${address}_`), points[i]!, put);
          if (put === 0) abi.sumPoints(region);
        }
      },
    );
  }

  protected look(region: number): number {
    return this.host.abi.onWide(region);
  }
}
