import { Fallback } from "./fallback.ts";
import { Finder, type FinderHost } from "./finder.ts";
import { wyhash32 } from "./hash.ts";
import { utf8 } from "./keys.ts";
import { seating, type TablePod } from "./seating.ts";
import type { OutView } from "./view.ts";

/** A text, by its UTF-8 bytes, or the bytes themselves. */
export type Key = string | Uint8Array;

/** A pod, and what Envoy knows it by: `ip:port`. Ids are unique, addresses need not be. */
export interface Host extends TablePod {
  readonly address: string;
}

/** log2 of the slots that the fallback goes by. */
const BITS = 16;

/**
 * What finds pods as Envoy does: its ring and its Maglev table, by the xxHash64 of a key. Where the core has no room, or
 * traps, and for a key that is longer than its buffer, which is longer than Envoy takes headers, pods are found by the race
 * of the hash table: elsewhere than in Envoy, but by the same rule at every edge, and a pod that is out moves its own keys
 * only.
 */
export abstract class Envoy extends Finder<Key> {
  readonly #pods: readonly Host[];
  #fallback: Fallback | undefined;

  constructor(host: FinderHost, pods: readonly Host[]) {
    super(host, pods.length);
    this.#pods = pods;
  }

  /** The pod of the key that was hashed last. */
  protected abstract look(region: number): number;

  /** As {@link at}. A pod that the rounding has left nothing is found when all others are out. */
  find(key: Key, standing?: OutView): number {
    const found = this.at(key, standing);
    return found >= 0 || standing?.live === 0 ? found : this.search(key, standing?.out);
  }

  protected seek(region: number, key: Key): number {
    const { abi, keys } = this.host;
    const length = keys.copy(key);
    if (length < 0) return abi.NOBODY.value as number;
    abi.hashKey(length);
    return this.look(region);
  }

  protected search(key: Key, out: Uint8Array | undefined): number {
    this.#fallback ??= new Fallback(seating(this.#pods, BITS, Number.POSITIVE_INFINITY), BITS);
    return this.#fallback.slot(wyhash32(typeof key === "string" ? utf8(key) : key) >>> (32 - BITS), out);
  }
}

/** Each weight as its part of all: what Envoy reckons with, in doubles. */
export function normalized(weights: readonly number[]): readonly number[] {
  const sum = weights.reduce((all, weight) => all + weight, 0);
  return weights.map((weight) => weight / sum);
}
