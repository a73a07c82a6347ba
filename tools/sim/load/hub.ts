import { Ejector } from "../../../src/health/ejection.ts";
import { beatPeriod, FleetLoad, smoothing } from "../../../src/metrics/load.ts";
import { ZoneDemand } from "../../../src/metrics/zones.ts";
import type { PodUse, PoolLoad } from "../../../src/model/beat.ts";
import type { ZoneSplit } from "../../../src/policies/zones.ts";
import type { Scene } from "./scene.ts";

const POOL = "web";
/** An isolate that has been silent this long is not counted as active. Milliseconds. */
const ACTIVE = 30_000;

/** What an isolate hears. */
export interface Told {
  readonly load: PoolLoad;
  readonly period: number;
  readonly isolates: number;
  readonly out: Uint8Array;
  /** In-flight totals by the isolates' last snapshots. */
  readonly fleet: Uint32Array;
  readonly split: ZoneSplit;
}

/** What it says. */
export interface Says {
  /** Its number. */
  readonly isolate: number;
  readonly load: Record<string, PodUse>;
  readonly snapshot: Uint32Array;
  /** Requests placed, all of the isolate's zone. */
  readonly placed: number;
}

/** Pods and isolates are dealt out to the zones in turn. */
export function zoneOf(index: number, zones: number): string {
  return `zone-${index % zones}`;
}

/** The coordinator, with the real sums and the real ejection. */
export class Hub {
  readonly tags: readonly string[];
  /** Ejections so far. */
  readonly ejections: { at: number; pod: number }[] = [];
  beats = 0;
  readonly #scene: Scene;
  readonly #load = new FleetLoad();
  readonly #ejector = new Ejector();
  readonly #demand = new ZoneDemand();
  readonly #out: Uint8Array;
  readonly #seen: Float64Array;
  #active = 0;
  #counted = Number.NEGATIVE_INFINITY;
  readonly #fleet: Uint32Array;
  readonly #snapshots = new Map<number, Uint32Array>();

  constructor(scene: Scene) {
    this.#scene = scene;
    this.tags = Array.from({ length: scene.pods }, (_, i) => i.toString(16).padStart(12, "0"));
    this.#load.follow(new Map([[POOL, this.tags]]));
    this.#ejector.follow(this.tags);
    this.#out = new Uint8Array(scene.pods);
    this.#fleet = new Uint32Array(scene.pods);
    this.#seen = new Float64Array(scene.isolates).fill(Number.NEGATIVE_INFINITY);
  }

  hear({ isolate, load, snapshot, placed }: Says, now: number): Told {
    this.beats++;
    this.#seen[isolate] = now;
    const isolates = this.#count(now);
    const period = beatPeriod(this.#scene.period, isolates);
    const tau = smoothing(period);
    this.#load.take(load, now, tau);
    this.#eject(String(isolate), load, isolates, now);
    this.#snap(isolate, snapshot);
    const down = this.#load.down([POOL], now, tau)[POOL]!;
    const split = this.#split(isolate, placed, down, now);
    return { load: down, period, isolates, out: this.#out.slice(), fleet: this.#fleet.slice(), split };
  }

  /** Requests in flight by the sums. */
  total(now: number): number {
    const tau = smoothing(beatPeriod(this.#scene.period, this.#count(now)));
    const { pods } = this.#load.down([POOL], now, tau)[POOL]!;
    return Object.values(pods).reduce((sum, [inflight]) => sum + inflight, 0);
  }

  #split(isolate: number, placed: number, { pods }: PoolLoad, now: number): ZoneSplit {
    const { zones } = this.#scene;
    if (zones === 1) return {};
    this.#demand.take({ [zoneOf(isolate, zones)]: placed }, now);
    const capacity = new Map<string, number>();
    this.tags.forEach((tag, i) => {
      const zone = zoneOf(i, zones);
      const worth = this.#out[i] === 1 ? 0 : (pods[tag]?.[1] ?? 1);
      capacity.set(zone, (capacity.get(zone) ?? 0) + worth);
    });
    return this.#demand.split(capacity);
  }

  #eject(isolate: string, load: Record<string, PodUse>, isolates: number, now: number): void {
    const { ejection } = this.#scene;
    if (ejection === undefined) return;
    for (const { tag, out } of this.#ejector.take(isolate, load, isolates, ejection, now)) {
      const pod = this.tags.indexOf(tag);
      this.#out[pod] = out ? 1 : 0;
      if (out) this.ejections.push({ at: now, pod });
    }
  }

  /** Counted once a second: a thousand isolates beat often. */
  #count(now: number): number {
    if (now - this.#counted >= 1000 || this.#active === 0) {
      this.#counted = now;
      this.#active = this.#seen.reduce((sum, seen) => sum + (now - seen <= ACTIVE ? 1 : 0), 0);
    }
    return Math.max(1, this.#active);
  }

  #snap(isolate: number, snapshot: Uint32Array): void {
    const before = this.#snapshots.get(isolate);
    for (let i = 0; i < snapshot.length; i++) {
      this.#fleet[i] = this.#fleet[i]! + snapshot[i]! - (before?.[i] ?? 0);
    }
    this.#snapshots.set(isolate, snapshot);
  }
}
