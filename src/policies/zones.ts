import type { FleetView } from "./guarded.ts";
import { nextVersion, type Standing } from "./policy.ts";
import { spread } from "./wheel.ts";

/** A zone may be this much busier than the pool before it spills over: the same bound as that of hashing. */
const BOUND = 1.25;

/** A standing with other zones out. */
interface Near {
  readonly out: Uint8Array;
  readonly live: number;
  readonly version: number;
  /** The version of the standing that it was made of. */
  readonly of: number;
}

/**
 * Prefers the pods of the request's zone, whatever the policy. What the zone has in flight for its weight may be up to
 * 1.25 × that of the pool; of what comes beyond that, as much goes to the whole pool as brings it back. A zone without a pod
 * that takes sessions spills everything: no request is dropped for its zone.
 */
export class Zones {
  readonly #weights: readonly number[];
  readonly #zoneOf: readonly (string | undefined)[];
  readonly #near = new Map<string, Near>();

  /** @param zones of the pods, in the order of their weights; undefined: in no zone */
  constructor(weights: readonly number[], zones: readonly (string | undefined)[]) {
    this.#weights = weights;
    this.#zoneOf = zones;
  }

  /** The standing with all pods of other zones out; undefined: the whole pool is to be picked from. @param word random */
  narrow(
    word: number,
    zone: string,
    standing: Standing,
    { others }: Pick<FleetView, "others">,
  ): Standing | undefined {
    if (!this.#zoneOf.includes(zone)) return undefined;
    const { out, live, version } = this.#inside(zone, standing);
    if (live === 0) return undefined;
    const room = this.#room(out, standing, others);
    // A word of its own: the draws must not depend on whether they are made at home.
    if (room < 1 && spread(word ^ 0x3c6ef372, 1) / 2 ** 32 >= room) return undefined;
    return { ...standing, out, live, version };
  }

  #inside(zone: string, { out, version }: Standing): Near {
    const known = this.#near.get(zone);
    if (known?.of === version) return known;
    const inside = Uint8Array.from(out, (gone, i) => (gone !== 0 || this.#zoneOf[i] !== zone ? 1 : 0));
    const live = inside.reduce((sum, gone, i) => sum + (gone === 0 && this.#weights[i]! > 0 ? 1 : 0), 0);
    const near = { of: version, out: inside, live, version: nextVersion() };
    this.#near.set(zone, near);
    return near;
  }

  /** Which part of its requests a zone may keep. */
  #room(inside: Uint8Array, { out, inflight }: Standing, others: Float64Array): number {
    let [busy, size, all, allSize] = [0, 0, 0, 0];
    for (let i = 0; i < out.length; i++) {
      const weight = this.#weights[i]!;
      if (out[i] !== 0 || weight === 0) continue;
      const load = inflight[i]! + others[i]!;
      all += load;
      allSize += weight;
      if (inside[i] !== 0) continue;
      busy += load;
      size += weight;
    }
    return busy > 0 ? (BOUND * (all + 1) * size) / (allSize * busy) : 1;
  }
}
