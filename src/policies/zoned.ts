import { type FleetView, Guarded } from "./guarded.ts";
import type { Standing } from "./policy.ts";
import { spread } from "./wheel.ts";

/** A zone may be this much busier than the pool before it spills over: the same bound as that of hashing. */
const BOUND = 1.25;

/**
 * Guarded power of two choices that prefers the pods of the request's zone. What the zone has in flight for its weight may
 * be up to 1.25 × that of the pool; of what comes beyond that, as much goes to the whole pool as brings it back. A zone
 * without a pod that takes sessions spills everything: no request is dropped for its zone.
 */
export class Zoned {
  readonly #weights: readonly number[];
  readonly #zoneOf: readonly (string | undefined)[];
  readonly #all: Guarded;
  readonly #of = new Map<string, Guarded>();
  /** The pods of other zones are out: used again with every pick, as nothing waits in between. */
  readonly #out: Uint8Array;

  /** @param zones of the pods, in the order of their weights; undefined: in no zone @param all as for {@link Guarded} */
  constructor(weights: readonly number[], zones: readonly (string | undefined)[], all: boolean) {
    this.#weights = weights;
    this.#zoneOf = zones;
    this.#all = new Guarded(weights, all);
    this.#out = new Uint8Array(weights.length);
    for (const zone of new Set(zones)) {
      if (zone === undefined) continue;
      const inside = weights.map((weight, i) => (zones[i] === zone ? weight : 0));
      this.#of.set(zone, new Guarded(inside, all));
    }
  }

  /** The index of the pod for a new session, or -1 when every pod is out. @param zone of the request; undefined: any */
  pick(
    word: number,
    zone: string | undefined,
    standing: Pick<Standing, "out" | "live" | "inflight">,
    view: FleetView,
    now: number,
    warmth?: ArrayLike<number>,
  ): number {
    const inside = zone === undefined ? undefined : this.#of.get(zone);
    if (inside === undefined) return this.#all.pick(word, standing, view, now, warmth);
    const { live, room } = this.#measure(zone!, standing, view);
    // A word of its own: the draws must not depend on whether they are made at home.
    const home = live > 0 && (room >= 1 || spread(word ^ 0x3c6ef372, 1) / 2 ** 32 < room);
    if (!home) return this.#all.pick(word, standing, view, now, warmth);
    return inside.pick(word, { out: this.#out, live, inflight: standing.inflight }, view, now, warmth);
  }

  /** How many pods of the zone take sessions, and which part of its requests it may keep. */
  #measure(
    zone: string,
    { out, inflight }: Pick<Standing, "out" | "inflight">,
    { others }: FleetView,
  ): { live: number; room: number } {
    let [live, busy, size, all, allSize] = [0, 0, 0, 0, 0];
    for (let i = 0; i < out.length; i++) {
      const weight = this.#weights[i]!;
      const home = this.#zoneOf[i] === zone;
      this.#out[i] = home && out[i] === 0 ? 0 : 1;
      if (out[i] !== 0 || weight === 0) continue;
      const load = inflight[i]! + others[i]!;
      all += load;
      allSize += weight;
      if (!home) continue;
      live++;
      busy += load;
      size += weight;
    }
    const room = busy > 0 ? (BOUND * (all + 1) * size) / (allSize * busy) : 1;
    return { live, room };
  }
}
