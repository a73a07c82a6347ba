import { type FleetView, Guarded } from "./guarded.ts";
import { LeastOfAll, type Standings } from "./least-of-all.ts";
import { type ZoneSplit, zoneFor } from "./zones.ts";

/**
 * Guarded power of two choices that prefers the pods of the request's zone. What the coordinator says is too much for the
 * zone goes to zones that have room; when no pod of a zone takes sessions, any of the pool may: no request is dropped for
 * its zone.
 */
export class Zoned {
  readonly #zoneOf: readonly (string | undefined)[];
  readonly #all: Guarded;
  readonly #of = new Map<string, Guarded>();
  readonly #weights: readonly number[];
  /** The pods of other zones are out: used again with every pick, as nothing waits in between. */
  readonly #out: Uint8Array;

  /** @param zones of the pods, in the order of their weights; undefined: in no zone @param all the best of all by a scan, as for {@link Guarded} */
  constructor(weights: readonly number[], zones: readonly (string | undefined)[], all: boolean) {
    this.#weights = weights;
    this.#zoneOf = zones;
    this.#all = guardedOf(weights, all);
    this.#out = new Uint8Array(weights.length);
    for (const zone of new Set(zones)) {
      if (zone === undefined) continue;
      const inside = weights.map((weight, i) => (zones[i] === zone ? weight : 0));
      this.#of.set(zone, guardedOf(inside, all));
    }
  }

  /**
   * The index of the pod for a new session, or -1 when every pod is out.
   *
   * @param zone of the request; undefined: any @param split as last heard; a zone that is not in it keeps all
   */
  pick(
    word: number,
    zone: string | undefined,
    split: ZoneSplit,
    standing: Standings,
    view: FleetView,
    now: number,
  ): number {
    const to =
      zone === undefined || !this.#of.has(zone) ? undefined : zoneFor(this.#of.keys(), zone, split, word);
    if (to !== undefined) {
      const live = this.#inside(to, standing.out);
      const inside = { out: this.#out, live, inflight: standing.inflight, slow: standing.slow };
      if (live > 0) return this.#of.get(to)!.pick(word, inside, view, now);
    }
    return this.#all.pick(word, standing, view, now);
  }

  /** Marks all but the zone's pods as out, and counts those that take sessions. */
  #inside(zone: string, out: Uint8Array): number {
    let live = 0;
    for (let i = 0; i < out.length; i++) {
      const open = this.#zoneOf[i] === zone && out[i] === 0;
      this.#out[i] = open ? 0 : 1;
      if (open && this.#weights[i]! > 0) live++;
    }
    return live;
  }
}

function guardedOf(weights: readonly number[], all: boolean): Guarded {
  return new Guarded(weights, all ? new LeastOfAll(weights) : undefined);
}
