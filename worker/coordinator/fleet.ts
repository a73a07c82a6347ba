import { beatPeriod, FleetLoad, smoothing } from "../../src/metrics/load.ts";
import type { Beat, BeatAnswer } from "../../src/model/beat.ts";
import { tagToHex } from "../../src/model/pod.ts";
import type { Snapshot } from "../../src/model/snapshot.ts";

/** An isolate that has been silent this long is not counted as active. Milliseconds. */
const ACTIVE = 30_000;

/** What a heartbeat is answered about the fleet. */
export type FleetWord = Pick<BeatAnswer, "load" | "isolates" | "starting"> & { readonly period: number };

/** An isolate's last heartbeat: when it came, and the number of its batch. */
interface Heard {
  readonly at: number;
  readonly batch: number;
}

/**
 * How many isolates there are, how they load the pods, and which pods start slowly. In memory alone: after a restart it is
 * as good as before within the time that it looks back on.
 */
export class Fleet {
  readonly #shortest: number;
  readonly #active = new Map<string, Heard>();
  readonly #load = new FleetLoad();
  /** Pool and slow-start window of the pods that have one, by tag. */
  readonly #windows = new Map<string, number>();
  readonly #started = new Map<string, number>();
  #pools: ReadonlyMap<string, readonly string[]> = new Map();

  /** @param shortest period of heartbeats while there are few isolates. Milliseconds */
  constructor(shortest: number) {
    this.#shortest = shortest;
  }

  /** @param before the snapshot that this one replaces; undefined: none of these pods is new */
  follow(snapshot: Snapshot, before: Snapshot | undefined, now: number): void {
    const known = new Set(before?.pools.flatMap((pool) => pool.pods.map(({ tag }) => tag)));
    this.#windows.clear();
    for (const { pods, slowStart, readiness } of snapshot.pools) {
      for (const { tag } of pods) {
        const hex = tagToHex(tag);
        if (slowStart.window > 0) this.#windows.set(hex, slowStart.window);
        // A pod that is probed starts with its first pass.
        if (before !== undefined && !known.has(tag) && readiness === undefined) this.started(hex, now);
      }
    }
    this.#pools = new Map(
      snapshot.pools.map(({ name, pods }) => [name, pods.map(({ tag }) => tagToHex(tag))]),
    );
    this.#load.follow(this.#pools);
    for (const tag of this.#started.keys()) if (!this.#windows.has(tag)) this.#started.delete(tag);
  }

  /** A pod takes new sessions for the first time, or again. */
  started(tag: string, now: number): void {
    if (this.#windows.has(tag)) this.#started.set(tag, now);
  }

  /** Takes a heartbeat in, once for each batch, and says what its isolate should know. */
  hear({ isolate, batch, load }: Pick<Beat, "isolate" | "batch" | "load">, now: number): FleetWord {
    const known = this.#active.get(isolate);
    this.#active.set(isolate, { at: now, batch });
    for (const [name, { at }] of this.#active) if (now - at > ACTIVE) this.#active.delete(name);
    const isolates = this.#active.size;
    const period = beatPeriod(this.#shortest, isolates);
    const tau = smoothing(period);
    const starting = this.#starting(now);
    const word = { period, isolates, ...(starting === undefined ? {} : { starting }) };
    if (load === undefined) return word;
    // A batch whose answer was lost comes again, and was added already.
    const used = this.#load.take(known?.batch === batch ? {} : load, now, tau);
    if (known?.batch === batch) for (const name of this.#poolsOf(load)) used.add(name);
    return { ...word, load: this.#load.down(used, now, tau) };
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
