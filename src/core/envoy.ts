import { Fallback } from "./fallback.ts";
import { Finder, type FinderHost } from "./finder.ts";
import { wyhash32 } from "./hash.ts";
import { utf8 } from "./keys.ts";
import { seating, type TablePod } from "./seating.ts";
import type { OutView } from "./view.ts";

/** A text, by its UTF-8 bytes, or the bytes themselves. */
type Part = string | Uint8Array;

/** What is hashed: one thing, or several in order, each hashed by itself. */
export type Key = Part | readonly Part[];

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
    if (isPart(key)) {
      const length = keys.copy(key);
      if (length < 0) return abi.NOBODY.value as number;
      abi.hashKey(length);
      return this.look(region);
    }
    for (const [i, part] of key.entries()) {
      const length = keys.copy(part);
      if (length < 0) return abi.NOBODY.value as number;
      if (i === 0) abi.hashKey(length);
      else abi.chainKey(length);
    }
    return this.look(region);
  }

  protected search(key: Key, out: Uint8Array | undefined): number {
    this.#fallback ??= new Fallback(seating(this.#pods, BITS, Number.POSITIVE_INFINITY), BITS);
    const hash = isPart(key)
      ? hashOf(key)
      : key.reduce((sum, part) => ((sum << 1) | (sum >>> 31)) ^ hashOf(part), 0);
    return this.#fallback.slot(hash >>> (32 - BITS), out);
  }
}

function isPart(key: Key): key is Part {
  return typeof key === "string" || key instanceof Uint8Array;
}

function hashOf(part: Part): number {
  return wyhash32(typeof part === "string" ? utf8(part) : part);
}

/** Each weight as its part of all: what Envoy reckons with, in doubles. */
export function normalized(weights: readonly number[]): readonly number[] {
  const sum = weights.reduce((all, weight) => all + weight, 0);
  return weights.map((weight) => weight / sum);
}
