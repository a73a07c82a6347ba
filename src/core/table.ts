import type { Abi } from "./abi.ts";
import { Fallback } from "./fallback.ts";
import { wyhash32 } from "./hash.ts";
import { type Keys, utf8 } from "./keys.ts";
import type { Seating } from "./seating.ts";

/** Which pods are out, by the position in which they were given. */
export interface OutView {
  /** Anything but 0: out. */
  readonly out: Uint8Array;
  /** How many pods of positive weight are not out. */
  readonly live: number;
  /** Another number for other contents of `out`. */
  readonly version: number;
}

/** Keys to pods: a pure function of the pods' ids and weights, with what is out laid over it. */
export interface Table {
  /** Slots. */
  readonly size: number;
  /** The position of the key's pod, never one that is out; -1 when every pod is out or none has a weight. */
  lookup(key: string, standing: OutView): number;
  /** The position of the pod that owns a slot while nothing is out; -1 when no pod has a weight. */
  slotOwner(slot: number): number;
  /** Gives the memory back. A request that still holds the table is answered, slowly and without quota. */
  free(): void;
}

/** What a table shares with the others of its core. */
export interface TableHost {
  readonly abi: Abi;
  readonly keys: Keys;
  /** Counts a trap; throws whatever is none. */
  trapped(error: unknown): void;
  give(region: number): void;
}

/** A table in the memory of the core. */
export class CoreTable implements Table {
  readonly size: number;
  readonly #host: TableHost;
  readonly #seating: Seating;
  readonly #bits: number;
  readonly #nobody: number;
  /** 0: no region, as it was freed, could not be built, or would be empty. */
  #region: number;
  /** The version of the standing that the core knows. */
  #version: number | undefined;
  #fallback: Fallback | undefined;

  constructor(host: TableHost, seating: Seating, bits: number, region: number) {
    this.size = 2 ** bits;
    this.#host = host;
    this.#seating = seating;
    this.#bits = bits;
    this.#region = region;
    this.#nobody = host.abi.NOBODY.value as number;
  }

  lookup(key: string, standing: OutView): number {
    if (standing.live === 0) return -1;
    if (this.#region === 0) return this.#spare().lookup(key, standing.out);
    try {
      const { abi, keys } = this.#host;
      const length = keys.write(key);
      // A key longer than the buffer is hashed here; the owner is the same.
      const long = length < 0 ? wyhash32(utf8(key)) : 0;
      const owner = length < 0 ? abi.owner(this.#region, long) : abi.lookup(this.#region, length);
      const index = this.#seating.order[owner]!;
      if (standing.out[index] === 0) return index;
      if (this.#version !== standing.version) this.#learn(standing);
      const hash = length < 0 ? long : abi.wyhash32(abi.KEY.value as number, length);
      const next = abi.standIn(this.#region, hash);
      return next === this.#nobody ? -1 : this.#seating.order[next]!;
    } catch (error) {
      this.#host.trapped(error);
      return this.#spare().lookup(key, standing.out);
    }
  }

  slotOwner(slot: number): number {
    if (this.#region === 0) return this.#spare().slot(slot);
    try {
      const { abi } = this.#host;
      return this.#seating.order[abi.owner(this.#region, slot << (32 - this.#bits))]!;
    } catch (error) {
      this.#host.trapped(error);
      return this.#spare().slot(slot);
    }
  }

  free(): void {
    if (this.#region === 0) return;
    this.#host.give(this.#region);
    this.#region = 0;
  }

  #learn(standing: OutView): void {
    const { abi } = this.#host;
    const { order } = this.#seating;
    this.#version = undefined;
    for (let i = 0; i < order.length; i++) abi.setOut(this.#region, i, standing.out[order[i]!]!);
    abi.forget(this.#region);
    this.#version = standing.version;
  }

  #spare(): Fallback {
    this.#fallback ??= new Fallback(this.#seating, this.#bits);
    return this.#fallback;
  }
}
