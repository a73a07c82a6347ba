import type { PodTag } from "../../src/model/pod.ts";
import type { Call, Send } from "./call.ts";
import type { PoolPlan } from "./plan.ts";

/** A place may stay taken for so long after the answer, until its body has passed. Milliseconds. */
export const HELD = 200;

/** What is at pods that have a cap, counted without asking the edges. */
export class Places {
  readonly #pools: readonly PoolPlan[];
  /** By edge and pod. */
  readonly #there = new Map<string, Send[]>();

  constructor(pools: readonly PoolPlan[]) {
    this.#pools = pools;
  }

  /** The cap of a pod's pool; undefined: it has none. `key` as in {@link Send}. */
  capOf(key: string): number | undefined {
    return this.#pools.find(({ name }) => key.startsWith(`${name}/`))?.maxInFlight;
  }

  /** How many of an edge's requests wait for an answer of a pod. */
  waiting(isolate: string, key: string): number {
    return (this.#there.get(`${isolate} ${key}`) ?? []).filter(({ ended }) => ended === undefined).length;
  }

  take(call: Call, send: Send): void {
    if (this.capOf(send.key) === undefined) return;
    const place = `${call.isolate} ${send.key}`;
    const there = (this.#there.get(place) ?? []).filter(
      ({ ended }) => ended === undefined || send.at - ended <= HELD,
    );
    this.#there.set(place, [...there, send]);
  }

  /** Whether an edge may have no place left at this pod, or at any pod at all. */
  mayBeFull(isolate: string, now: number, pod: PodTag | undefined): boolean {
    for (const [place, sends] of this.#there) {
      const [first] = sends;
      if (first === undefined || !place.startsWith(`${isolate} `)) continue;
      if (pod !== undefined && first.pod !== pod) continue;
      const taken = sends.filter(({ ended }) => ended === undefined || now - ended <= HELD);
      if (taken.length >= this.capOf(first.key)!) return true;
    }
    return false;
  }
}
