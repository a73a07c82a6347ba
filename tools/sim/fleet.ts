import { type EjectionOptions, Ejector } from "../../src/health/ejection.ts";
import { FleetLoad, smoothing } from "../../src/metrics/load.ts";
import type { Beat, BeatAnswer } from "../../src/model/beat.ts";
import { tagToHex } from "../../src/model/pod.ts";
import type { Snapshot } from "../../src/model/snapshot.ts";
import type { Loop } from "./loop.ts";

/** As in worker/coordinator/fleet.ts. Milliseconds. */
const ACTIVE = 30_000;
const EJECTION: EjectionOptions = { base: 30_000, interval: 10_000, most: 0.5 };

/** worker/coordinator/fleet.ts in virtual time: the real sums and the real ejection, lost with the coordinator's memory. */
export class SimFleet {
  readonly #loop: Loop;
  readonly #ejected: () => void;
  readonly #active = new Map<string, { readonly at: number; readonly batch: number }>();
  #load = new FleetLoad();
  #ejectors = new Map<string, Ejector>();

  /** @param ejected called for each pod that is */
  constructor(loop: Loop, ejected: () => void) {
    this.#loop = loop;
    this.#ejected = ejected;
  }

  follow(snapshot: Snapshot): void {
    const pools = snapshot.pools.map(
      ({ name, pods }) => [name, pods.map(({ tag }) => tagToHex(tag))] as const,
    );
    this.#load.follow(new Map(pools));
    const before = this.#ejectors;
    this.#ejectors = new Map(pools.map(([name]) => [name, before.get(name) ?? new Ejector()]));
    for (const [name, tags] of pools) this.#ejectors.get(name)!.follow(tags);
  }

  crash(): void {
    this.#active.clear();
    this.#load = new FleetLoad();
    this.#ejectors.clear();
  }

  hear({ isolate, batch, load = {} }: Beat, period: number): Pick<BeatAnswer, "load" | "isolates"> {
    const { now } = this.#loop;
    const again = this.#active.get(isolate)?.batch === batch;
    this.#active.set(isolate, { at: now, batch });
    for (const [name, { at }] of this.#active) if (now - at > ACTIVE) this.#active.delete(name);
    const isolates = this.#active.size;
    const tau = smoothing(period);
    if (!again) this.#load.take(load, now, tau);
    for (const ejector of again ? [] : this.#ejectors.values()) {
      for (const { out } of ejector.take(isolate, load, isolates, EJECTION, now)) if (out) this.#ejected();
    }
    const used = [...this.#ejectors.keys()];
    return { load: this.#load.down(used, now, tau), isolates };
  }

  /** Asked at any time, so that no alarm is needed: whose time is over is in. */
  isOut(pool: string, tag: string): boolean {
    const ejector = this.#ejectors.get(pool);
    ejector?.readmit(this.#loop.now);
    return ejector?.ejected(tag) === true;
  }

  /** Probes have seen the pod recover. */
  recover(tag: string): void {
    for (const ejector of this.#ejectors.values()) ejector.recover(tag);
  }
}
