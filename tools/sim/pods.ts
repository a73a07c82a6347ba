import type { Pod } from "../../src/model/pod.ts";
import type { Loop } from "./loop.ts";

/**
 * `dead` refuses, `reset` resets before a request arrived, `cut` after it, `hang` accepts and says nothing, `error` answers
 * 500, `unready` serves and fails its probes, `dies` answers once and is dead in mid-response.
 */
export type PodMode = "up" | "dead" | "reset" | "cut" | "hang" | "error" | "unready" | "dies";

/** A request that came to a pod. */
export interface Arrival {
  readonly call: number;
  readonly at: number;
}

/** One process: a pod of one generation. */
export class SimPod {
  readonly key: string;
  readonly arrivals: Arrival[] = [];
  /** Sessions that it has given names to. */
  readonly minted = new Set<string>();
  /** When anyone last had reason to doubt it: it was not well, or could not be reached. Milliseconds since the epoch. */
  troubled = Number.NEGATIVE_INFINITY;
  #mode: PodMode = "up";
  readonly #loop: Loop;

  constructor(key: string, loop: Loop) {
    this.key = key;
    this.#loop = loop;
  }

  get mode(): PodMode {
    return this.#mode;
  }

  set mode(mode: PodMode) {
    this.#mode = mode;
    this.troubled = this.#loop.now;
  }

  trouble(): void {
    this.troubled = this.#loop.now;
  }

  /** Since when nobody had reason to doubt it; Infinity while somebody has. */
  get wellSince(): number {
    return this.#mode === "up" ? this.troubled : Number.POSITIVE_INFINITY;
  }
}

/** Every pod that ever was, by pool, id and generation. */
export class Pods {
  readonly #pods = new Map<string, SimPod>();
  readonly #loop: Loop;

  constructor(loop: Loop) {
    this.#loop = loop;
  }

  of(pod: Pick<Pod, "pool" | "id" | "generation">): SimPod {
    return this.byKey(podKey(pod));
  }

  byKey(key: string): SimPod {
    const known = this.#pods.get(key);
    if (known !== undefined) return known;
    const made = new SimPod(key, this.#loop);
    this.#pods.set(key, made);
    return made;
  }

  all(): IterableIterator<SimPod> {
    return this.#pods.values();
  }
}

export function podKey({ pool, id, generation }: Pick<Pod, "pool" | "id" | "generation">): string {
  return `${pool}/${id}/${generation}`;
}
