import {
  type Ejection,
  type EjectionFlip,
  type EjectionOptions,
  Ejector,
  IN,
} from "../../src/health/ejection.ts";
import { beatPeriod, FleetLoad, smoothing } from "../../src/metrics/load.ts";
import type { Gauges } from "../../src/metrics/samples.ts";
import { ZoneDemand } from "../../src/metrics/zones.ts";
import type { Beat, BeatAnswer, PodUse, PoolLoad } from "../../src/model/beat.ts";
import { tagToHex } from "../../src/model/pod.ts";
import type { Pool } from "../../src/model/pool.ts";
import type { Snapshot } from "../../src/model/snapshot.ts";

/** An isolate that has been silent this long is not counted as active. Milliseconds. */
const ACTIVE = 30_000;

/** How a pool ejects that has no `health.outlier`. */
const EJECTION: EjectionOptions = { base: 30_000, interval: 10_000, most: 0.5 };

/** What a heartbeat is answered about the fleet. */
export type FleetWord = Pick<BeatAnswer, "load" | "isolates" | "starting"> & {
  readonly period: number;
  /** Pods that were ejected or let in again by it. */
  readonly flips: readonly EjectionFlip[];
};

/** What of a heartbeat is the fleet's. */
type Word = Pick<Beat, "isolate" | "batch" | "load" | "placed" | "breaker"> & Partial<Pick<Beat, "revision">>;

/** The ejector of a pool, and how it goes about it. */
interface Guarded {
  readonly ejector: Ejector;
  readonly options: EjectionOptions;
  /** The last two isolates that told of the pool. */
  readonly tellers: { last: Teller; other: Teller };
}

interface Teller {
  readonly isolate: string;
  readonly at: number;
}

const NOBODY: Teller = { isolate: "", at: Number.NEGATIVE_INFINITY };

/** An isolate's last heartbeat: when it came, the number of its batch, the revision that it holds, and how its store is. */
interface Heard {
  readonly at: number;
  readonly batch: number;
  readonly revision: number;
  readonly broken: boolean;
}

/** How the active isolates are. */
export type IsolateGauges = Pick<Gauges, "isolates" | "silence" | "breakers">;

/**
 * How many isolates there are, how they load the pods, which pods are ejected and which start slowly. In memory alone:
 * after a restart it is as good as before within the time that it looks back on.
 */
export class Fleet {
  readonly #shortest: number;
  readonly #active = new Map<string, Heard>();
  readonly #load = new FleetLoad();
  /** Pool and slow-start window of the pods that have one, by tag. */
  readonly #windows = new Map<string, number>();
  readonly #started = new Map<string, number>();
  #pools: ReadonlyMap<string, readonly string[]> = new Map();
  #guarded: ReadonlyMap<string, Guarded> = new Map();
  /** By tag. */
  readonly #guardOf = new Map<string, Guarded>();
  /** Of the pools that prefer zones: their pods, and what is asked of each zone. */
  readonly #zoned = new Map<string, { readonly pool: Pool; readonly demand: ZoneDemand }>();

  /** @param shortest period of heartbeats while there are few isolates. Milliseconds */
  constructor(shortest: number) {
    this.#shortest = shortest;
  }

  /** @param before the snapshot that this one replaces; undefined: none of these pods is new */
  follow(snapshot: Snapshot, before: Snapshot | undefined, now: number): void {
    const known = new Set(before?.pools.flatMap((pool) => pool.pods.map(({ tag }) => tag)));
    this.#windows.clear();
    const demands = new Map([...this.#zoned].map(([name, { demand }]) => [name, demand]));
    this.#zoned.clear();
    for (const pool of snapshot.pools) {
      if (pool.zones !== "prefer" || pool.pods.every(({ zone }) => zone === undefined)) continue;
      this.#zoned.set(pool.name, { pool, demand: demands.get(pool.name) ?? new ZoneDemand() });
    }
    for (const { pods, slowStart, readiness, startup } of snapshot.pools) {
      for (const { tag } of pods) {
        const hex = tagToHex(tag);
        if (slowStart.window > 0) this.#windows.set(hex, slowStart.window);
        // A pod that is probed starts with its first pass.
        if (before !== undefined && !known.has(tag) && (readiness ?? startup) === undefined)
          this.started(hex, now);
      }
    }
    this.#pools = new Map(
      snapshot.pools.map(({ name, pods }) => [name, pods.map(({ tag }) => tagToHex(tag))]),
    );
    this.#load.follow(this.#pools);
    this.#guard(snapshot);
    for (const tag of this.#started.keys()) if (!this.#windows.has(tag)) this.#started.delete(tag);
  }

  #guard(snapshot: Snapshot): void {
    const before = this.#guarded;
    this.#guardOf.clear();
    const guards = snapshot.pools.map(({ name, outlier }): [string, Guarded] => {
      const known = before.get(name);
      const ejector = known?.ejector ?? new Ejector();
      const tags = this.#pools.get(name) ?? [];
      ejector.follow(tags);
      const own = outlier && {
        base: outlier.baseEjection,
        interval: outlier.interval,
        most: outlier.maxEjection,
      };
      const tellers = known?.tellers ?? { last: NOBODY, other: NOBODY };
      const guarded = { ejector, options: own ?? EJECTION, tellers };
      for (const tag of tags) this.#guardOf.set(tag, guarded);
      return [name, guarded];
    });
    this.#guarded = new Map(guards);
  }

  /** How passive ejection holds a pod. */
  ejection(tag: string): Ejection {
    return this.#guardOf.get(tag)?.ejector.state(tag) ?? IN;
  }

  /** Lets in all whose time is over. */
  readmit(now: number): EjectionFlip[] {
    return [...this.#guarded.values()].flatMap(({ ejector }) => this.#slowly(ejector.readmit(now), now));
  }

  /** When the next pod returns; undefined: none is ejected. Milliseconds since the epoch. */
  next(): number | undefined {
    const times = [...this.#guarded.values()].flatMap(({ ejector }) => ejector.next() ?? []);
    return times.length > 0 ? Math.min(...times) : undefined;
  }

  /** Probes have seen a pod recover: what it did before does not count any more. Whether it was ejected. */
  recover(tag: string, now: number): boolean {
    return this.#guardOf.get(tag)?.ejector.recover(tag, now) ?? false;
  }

  /** Requests in flight at a pod, by all isolates, smoothed. */
  inflight(tag: string, now: number): number {
    return this.#load.inflight(tag, now, smoothing(beatPeriod(this.#shortest, this.#active.size)));
  }

  /** Seconds that a request is in flight at a pool's pod in the middle; 0: not known. */
  middle(pool: string): number {
    return this.#load.middle(pool);
  }

  /** The time between two heartbeats of an isolate. Milliseconds. */
  get period(): number {
    return beatPeriod(this.#shortest, this.#active.size);
  }

  gauges(now: number): IsolateGauges {
    const isolates: Record<string, number> = {};
    let silence: number | undefined;
    let breakers = 0;
    for (const { at, revision, broken } of this.#active.values()) {
      if (now - at > ACTIVE) continue;
      isolates[revision] = (isolates[revision] ?? 0) + 1;
      silence = Math.max(silence ?? 0, now - at);
      if (broken) breakers++;
    }
    return { isolates, silence, breakers };
  }

  /** A pod takes new sessions for the first time, or again. */
  started(tag: string, now: number): void {
    if (this.#windows.has(tag)) this.#started.set(tag, now);
  }

  /**
   * Takes a heartbeat in, once for each batch, and says what its isolate should know.
   *
   * @param admits whether the pod of a tag takes new sessions
   */
  hear(
    { isolate, batch, load, placed = {}, revision = 0, breaker }: Word,
    now: number,
    admits: (tag: string) => boolean = () => true,
  ): FleetWord {
    const known = this.#active.get(isolate);
    this.#active.set(isolate, { at: now, batch, revision, broken: breaker === true });
    for (const [name, { at }] of this.#active) if (now - at > ACTIVE) this.#active.delete(name);
    const isolates = this.#active.size;
    const period = beatPeriod(this.#shortest, isolates);
    const tau = smoothing(period);
    // A batch whose answer was lost comes again, and was added already.
    const again = known?.batch === batch;
    const flips = again || load === undefined ? [] : this.#eject(isolate, load, now, known?.at ?? 0);
    const starting = this.#starting(now);
    const word = { period, isolates, flips, ...(starting === undefined ? {} : { starting }) };
    if (load === undefined) return word;
    const used = this.#load.take(again ? {} : load, now, tau);
    if (again) for (const name of this.#poolsOf(load)) used.add(name);
    if (!again) {
      for (const [name, zones] of Object.entries(placed)) this.#zoned.get(name)?.demand.take(zones, now);
    }
    const down = this.#load.down(used, now, tau);
    for (const [name, pool] of Object.entries(down)) {
      const zones = this.#split(name, pool, admits);
      if (zones !== undefined) down[name] = { ...pool, zones };
    }
    return { ...word, load: down };
  }

  #eject(
    isolate: string,
    load: Readonly<Record<string, PodUse>>,
    now: number,
    since: number,
  ): EjectionFlip[] {
    const told = new Map<Guarded, Record<string, PodUse>>();
    for (const [tag, use] of Object.entries(load)) {
      const guarded = this.#guardOf.get(tag);
      if (guarded === undefined) continue;
      const uses = told.get(guarded) ?? {};
      uses[tag] = use;
      told.set(guarded, uses);
    }
    const flips = [...told].flatMap(([guarded, uses]) => {
      const { ejector, options } = guarded;
      return ejector.take(isolate, uses, tellersOf(guarded, isolate, now), options, now, since);
    });
    return this.#slowly(flips, now);
  }

  /** A pod that is back comes to its share slowly. */
  #slowly(flips: EjectionFlip[], now: number): EjectionFlip[] {
    for (const { tag, out } of flips) if (!out) this.started(tag, now);
    return flips;
  }

  /** What each zone of a pool keeps and can take; undefined where zones do not matter. */
  #split(name: string, { pods }: PoolLoad, admits: (tag: string) => boolean): PoolLoad["zones"] {
    const zoned = this.#zoned.get(name);
    if (zoned === undefined) return undefined;
    const capacity = new Map<string, number>();
    for (const { zone, weight, tag } of zoned.pool.pods) {
      if (zone === undefined) continue;
      const hex = tagToHex(tag);
      const worth = admits(hex) ? weight * (pods[hex]?.[1] ?? 1) : 0;
      capacity.set(zone, (capacity.get(zone) ?? 0) + worth);
    }
    return zoned.demand.split(capacity);
  }

  #poolsOf(load: Readonly<Record<string, unknown>>): string[] {
    return [...this.#pools]
      .filter(([, tags]) => tags.some((tag) => Object.hasOwn(load, tag)))
      .map(([name]) => name);
  }

  #starting(now: number): Record<string, number> | undefined {
    let starting: Record<string, number> | undefined;
    for (const [tag, at] of this.#started) {
      if (now - at >= (this.#windows.get(tag) ?? 0)) this.#started.delete(tag);
      else {
        starting ??= {};
        starting[tag] = now - at;
      }
    }
    return starting;
  }
}

/** How many isolates tell of a pool, 2 for more: one that does not use it has no word to add to another's. */
function tellersOf({ tellers }: Guarded, isolate: string, now: number): number {
  if (tellers.last.isolate !== isolate) tellers.other = tellers.last;
  tellers.last = { isolate, at: now };
  return now - tellers.other.at <= ACTIVE ? 2 : 1;
}
