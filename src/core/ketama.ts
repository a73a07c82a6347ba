import { Finder, type FinderHost } from "./finder.ts";
import { crcOn, pointAfter } from "./hash.ts";
import { utf8 } from "./keys.ts";
import type { TablePod } from "./seating.ts";
import type { OutView } from "./view.ts";

/** Points of a pod for each unit of its weight. */
const POINTS = 160;

/** Points of a ring at most: 17 MiB, and less than a tenth of a second to build. */
const MOST_POINTS = 1 << 21;

/** What the weights of a ring's pods may come to for it to be that of nginx. */
export const MOST_WEIGHT: number = Math.floor(MOST_POINTS / POINTS);

export function isExact(weights: readonly number[]): boolean {
  return weights.reduce((sum, weight) => sum + weight, 0) <= MOST_WEIGHT;
}

/**
 * Points of each pod: 160 × its weight. Where that comes to more than 2^21 points, which no pods of weight 1 do that a pool
 * may have, each has its share of those, and one at least: then the ring is another than nginx would have.
 */
export function pointsOf(weights: readonly number[]): readonly number[] {
  if (isExact(weights)) return weights.map((weight) => POINTS * weight);
  const each = MOST_POINTS / weights.reduce((sum, weight) => sum + weight, 0);
  return weights.map((weight) => (weight === 0 ? 0 : Math.max(1, Math.floor(weight * each))));
}

/**
 * The ring of ketama, bit for bit as nginx, lua-resty-balancer and ingress-nginx have it: assembly/ketama.ts says how it is
 * made. An id is what those know a pod by: `ip:port`. Ids that are equal share their points, and the first pod has them.
 */
export class Ketama extends Finder<number> {
  readonly #ids: readonly string[];
  readonly #points: readonly number[];
  /** For when the core does not answer: the CRC states that the points of each pod continue. */
  #bases: Uint32Array | undefined;

  /** Builds the ring; a pod is found by its position in `pods`. @param pods at most 65,534, of weights that are u32 */
  constructor(host: FinderHost, pods: readonly TablePod[]) {
    super(host, pods.length);
    this.#ids = pods.map(({ id }) => id);
    this.#points = pointsOf(pods.map(({ weight }) => weight));
    const total = this.#points.reduce((sum, points) => sum + points, 0);
    if (total === 0) return;
    const { abi, keys } = host;
    this.lay(
      () => abi.ringBytes(total, pods.length),
      (region) => {
        abi.openRing(region, total, pods.length);
        for (let i = 0; i < pods.length; i++) {
          abi.seatPoints(region, i, keys.write(this.#ids[i]!), this.#points[i]!);
        }
        abi.buildRing(region);
      },
    );
  }

  /** The pod of a key, -1 when all are out: that of {@link at} for the CRC-32 of its UTF-8 bytes. */
  find(key: string, standing?: OutView): number {
    return this.at(this.host.crc32(key), standing);
  }

  /** The pod of the first point that is not below a hash, and whose pod is not out. */
  protected seek(region: number, hash: number): number {
    return this.host.abi.onRing(region, hash);
  }

  /** The same without a ring: the least distance from the hash to a point, going through all of them. */
  protected search(hash: number, out: Uint8Array | undefined): number {
    this.#bases ??= Uint32Array.from(this.#ids, (id) => crcOn(0xffffffff, utf8(id)));
    let found = -1;
    let least = 2 ** 32;
    for (let i = 0; i < this.#points.length; i++) {
      if (out !== undefined && out[i] !== 0) continue;
      const base = this.#bases[i]!;
      let point = 0;
      for (let left = this.#points[i]!; left > 0; left--) {
        point = pointAfter(base, point);
        const distance = (point - hash) >>> 0;
        if (distance >= least) continue;
        least = distance;
        found = i;
      }
    }
    return found;
  }
}
