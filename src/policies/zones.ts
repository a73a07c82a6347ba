import { nextVersion, type Standing } from "./policy.ts";
import { spread } from "./wheel.ts";

/** By zone: which part of its new sessions a zone keeps, and in what proportion it takes those that others spill. */
export type ZoneSplit = Readonly<Record<string, readonly [keep: number, spare: number]>>;

/** A standing with other zones out. */
interface Near {
  readonly out: Uint8Array;
  readonly live: number;
  readonly version: number;
  /** The version of the standing that it was made of. */
  readonly of: number;
}

/**
 * Where a request of a zone goes; undefined: to the whole pool. Its words must not hang together with those of the draws.
 *
 * @param names of the zones that have pods @param split a zone that is not in it keeps all
 */
export function zoneFor(
  names: Iterable<string>,
  zone: string,
  split: ZoneSplit,
  word: number,
): string | undefined {
  const keep = split[zone]?.[0] ?? 1;
  if (keep >= 1 || spread(word ^ 0x3c6ef372, 1) / 2 ** 32 < keep) return zone;
  const all = [...names];
  const total = all.reduce((sum, name) => sum + (split[name]?.[1] ?? 0), 0);
  let left = (spread(word ^ 0x3c6ef372, 2) / 2 ** 32) * total;
  for (const name of all) {
    left -= split[name]?.[1] ?? 0;
    if (left < 0) return name;
  }
  return undefined;
}

/**
 * Prefers the pods of the request's zone, whatever the policy. What the coordinator says is too much for the zone goes to
 * zones that have room; when no pod of a zone takes sessions, any of the pool may: no request is dropped for its zone.
 */
export class Zones {
  #weights: readonly number[];
  readonly #zoneOf: readonly (string | undefined)[];
  readonly #names: ReadonlySet<string>;
  readonly #near = new Map<string, Near>();
  #split: ZoneSplit = {};
  #placed = new Map<string, number>();

  /** @param zones of the pods, in the order of their weights; undefined: in no zone */
  constructor(weights: readonly number[], zones: readonly (string | undefined)[]) {
    this.#weights = weights;
    this.#zoneOf = zones;
    this.#names = new Set(zones.filter((zone) => zone !== undefined));
  }

  get split(): ZoneSplit {
    return this.#split;
  }

  /** Other weights; the standings that it is asked with from now on have another version. */
  weigh(weights: readonly number[]): void {
    this.#weights = weights;
  }

  hear(split: ZoneSplit | undefined): void {
    this.#split = split ?? {};
  }

  /** How many sessions were placed for each zone since this was asked last; zones without pods are left out. */
  take(): Record<string, number> {
    const placed = Object.fromEntries(this.#placed);
    this.#placed = new Map();
    return placed;
  }

  /** The standing with all pods of other zones out; undefined: the whole pool is to be picked from. @param word random */
  narrow(word: number, zone: string, standing: Standing): Standing | undefined {
    // Clients may name any zone: only those that there are count.
    if (!this.#names.has(zone)) return undefined;
    this.#placed.set(zone, (this.#placed.get(zone) ?? 0) + 1);
    const to = zoneFor(this.#names, zone, this.#split, word);
    if (to === undefined) return undefined;
    const { out, live, version } = this.#inside(to, standing);
    return live === 0 ? undefined : { ...standing, out, live, version };
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
}
