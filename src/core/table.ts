import type { Abi } from "./abi.ts";
import { Fallback } from "./fallback.ts";
import { wyhash32 } from "./hash.ts";
import { type Counts, Follower } from "./journal.ts";
import { type Keys, utf8 } from "./keys.ts";
import type { Seating } from "./seating.ts";
import type { LoadView, OutView } from "./view.ts";

/** A threshold of slow start that every key is below. */
const EVERY_KEY = 0xffffffff;

/** Keys to pods: a pure function of the pods' ids and weights, with what is out laid over it. */
export interface Table {
  /** Slots. */
  readonly size: number;
  /** The position of the key's pod, never one that is out; -1 when every pod is out or none has a weight. */
  lookup(key: string, standing: OutView): number;
  /**
   * The same for a new session, which may also be held off: in slow start a pod takes only its share of the keys, and when
   * `bounded` none takes more than 1.25 times its share of the requests in flight. Where all hold it off, {@link lookup}'s.
   */
  place(key: string, standing: LoadView, bounded: boolean): number;
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
  /** Takes the table's memory back, its race included. */
  release(table: CoreTable): void;
}

/** A table in the memory of the core. */
export class CoreTable implements Table {
  readonly size: number;
  readonly bits: number;
  readonly seating: Seating;
  /** 0: no region, as it was freed, could not be built, or would be empty. */
  region: number;
  readonly #host: TableHost;
  readonly #abi: Abi;
  readonly #keys: Keys;
  readonly #nobody: number;
  /** That of the seating, one step nearer for the way of a pick. */
  readonly #order: Uint16Array;
  /** The version of the standing that the core knows. */
  #version: number | undefined;
  /** Whether the core may know requests in flight, be it from the table that this one was made of. */
  #loaded: boolean;
  #follower: Follower | undefined;
  /** The seat of each position, -1 of a pod without weight. */
  #seats: Int32Array | undefined;
  #fallback: Fallback | undefined;

  constructor(host: TableHost, seating: Seating, bits: number, region: number, loaded = false) {
    this.size = 2 ** bits;
    this.bits = bits;
    this.seating = seating;
    this.region = region;
    this.#loaded = loaded;
    this.#host = host;
    this.#abi = host.abi;
    this.#keys = host.keys;
    this.#nobody = host.abi.NOBODY.value as number;
    this.#order = seating.order;
  }

  lookup(key: string, standing: OutView): number {
    if (standing.live === 0) return -1;
    if (this.region === 0) return this.#spare().lookup(key, standing.out);
    try {
      const abi = this.#abi;
      const length = this.#keys.write(key);
      // A key longer than the buffer is hashed here; the owner is the same.
      const long = length < 0 ? wyhash32(utf8(key)) : 0;
      const owner = length < 0 ? abi.owner(this.region, long) : abi.lookup(this.region, length);
      const index = this.#order[owner]!;
      if (standing.out[index] === 0) return index;
      if (this.#version !== standing.version) this.#learn(standing);
      const hash = length < 0 ? long : abi.wyhash32(abi.KEY.value as number, length);
      return this.#position(abi.standIn(this.region, hash));
    } catch (error) {
      return this.#trapped(error).lookup(key, standing.out);
    }
  }

  place(key: string, standing: LoadView, bounded: boolean): number {
    if (standing.live === 0) return -1;
    if (this.region === 0) return this.#spare().lookup(key, standing.out);
    try {
      const abi = this.#abi;
      if (this.#version !== standing.version) this.#learn(standing);
      if (bounded) this.#follow(standing);
      else if (this.#loaded) this.#unload();
      const length = this.#keys.write(key);
      const hash = length < 0 ? wyhash32(utf8(key)) : abi.wyhash32(abi.KEY.value as number, length);
      return this.#position(abi.place(this.region, hash));
    } catch (error) {
      return this.#trapped(error).lookup(key, standing.out);
    }
  }

  slotOwner(slot: number): number {
    if (this.region === 0) return this.#spare().slot(slot);
    try {
      const abi = this.#abi;
      return this.seating.order[abi.owner(this.region, slot << (32 - this.bits))]!;
    } catch (error) {
      return this.#trapped(error).slot(slot);
    }
  }

  free(): void {
    if (this.region === 0) return;
    this.#host.release(this);
    this.region = 0;
  }

  #position(seat: number): number {
    return seat === this.#nobody ? -1 : this.#order[seat]!;
  }

  #learn(standing: OutView & Pick<LoadView, "slow">): void {
    const abi = this.#abi;
    const { order } = this.seating;
    const { out, slow } = standing;
    this.#version = undefined;
    for (let i = 0; i < order.length; i++) {
      abi.setOut(this.region, i, out[order[i]!]!, slow === undefined ? EVERY_KEY : slow[order[i]!]!);
    }
    abi.forget(this.region);
    this.#version = standing.version;
  }

  #follow(counts: Counts): void {
    this.#loaded = true;
    this.#follower ??= new Follower();
    if (this.#follower.follow(counts, this.#setInflight)) return;
    const { order } = this.seating;
    for (let i = 0; i < order.length; i++) {
      this.#abi.setInflight(this.region, i, counts.inflight[order[i]!]!);
    }
  }

  readonly #setInflight = (index: number, count: number) => {
    this.#seats ??= seatsOf(this.seating);
    const seat = this.#seats[index] ?? -1;
    if (seat >= 0) this.#abi.setInflight(this.region, seat, count);
  };

  #unload(): void {
    for (let i = 0; i < this.seating.order.length; i++) this.#abi.setInflight(this.region, i, 0);
    this.#follower?.lose();
    this.#loaded = false;
  }

  /** Counts a trap; what the core knows of the standing is in doubt from then on. */
  #trapped(error: unknown): Fallback {
    this.#version = undefined;
    this.#follower?.lose();
    this.#host.trapped(error);
    return this.#spare();
  }

  #spare(): Fallback {
    this.#fallback ??= new Fallback(this.seating, this.bits);
    return this.#fallback;
  }
}

function seatsOf({ order }: Seating): Int32Array {
  const seats = new Int32Array(order.reduce((most, index) => Math.max(most, index + 1), 0)).fill(-1);
  for (let i = 0; i < order.length; i++) seats[order[i]!] = i;
  return seats;
}
