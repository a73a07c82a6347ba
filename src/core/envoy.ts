import { Finder, type FinderHost } from "./finder.ts";
import { utf8 } from "./keys.ts";
import type { TablePod } from "./seating.ts";
import type { OutView } from "./view.ts";
import { xx64 } from "./xxhash.ts";

/** A text, by its UTF-8 bytes, or the bytes themselves. */
export type Key = string | Uint8Array;

/** Owners, and where a hash begins among them, and in what steps it goes on: what answers when the core does not. */
export interface Circle {
  readonly owners: ArrayLike<number>;
  start(hash: bigint): number;
  step(hash: bigint): number;
}

/** What finds pods as Envoy does: its ring and its Maglev table, by the xxHash64 of a key. An id is `ip:port`. */
export abstract class Envoy extends Finder<Key> {
  readonly #weights: readonly number[];
  #circle: Circle | undefined;

  constructor(host: FinderHost, pods: readonly TablePod[]) {
    super(host, pods.length);
    this.#weights = pods.map(({ weight }) => weight);
  }

  /** The pod of the key that was hashed last. */
  protected abstract look(region: number): number;
  protected abstract circle(): Circle;

  /** As {@link at}. A pod that the rounding has left nothing is found when all others are out. */
  find(key: Key, standing?: OutView): number {
    const found = this.at(key, standing);
    if (found >= 0 || standing?.live === 0) return found;
    return this.#weights.findIndex((weight, i) => weight > 0 && !standing?.out[i]);
  }

  protected seek(region: number, key: Key): number {
    const { abi, keys } = this.host;
    const length = keys.copy(key);
    if (length >= 0) abi.hashKey(length);
    else new BigUint64Array(abi.memory.buffer, abi.HASH.value as number, 1)[0] = xx64(bytesOf(key));
    return this.look(region);
  }

  protected search(key: Key, out: Uint8Array | undefined): number {
    this.#circle ??= this.circle();
    const { owners, start, step } = this.#circle;
    if (owners.length === 0) return -1;
    const hash = xx64(bytesOf(key));
    const by = step(hash);
    let at = start(hash);
    for (let left = owners.length; left > 0; left--, at = (at + by) % owners.length) {
      if (!out?.[owners[at]!]) return owners[at]!;
    }
    return -1;
  }
}

function bytesOf(key: Key): Uint8Array {
  return typeof key === "string" ? utf8(key) : key;
}

/** Each weight as its part of all: what Envoy reckons with, in doubles. */
export function normalized(weights: readonly number[]): readonly number[] {
  const sum = weights.reduce((all, weight) => all + weight, 0);
  return weights.map((weight) => weight / sum);
}
