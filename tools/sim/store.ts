import type { Binding, Retention, Sid } from "../../src/model/binding.ts";
import type { PodTag } from "../../src/model/pod.ts";
import type { Swap, Swapped } from "../../src/model/ports.ts";
import type { settle } from "../../src/sessions/settle.ts";
import type { Loop } from "./loop.ts";

export interface Row {
  readonly binding: Binding;
  /** When the store forgets it. Milliseconds since the epoch. */
  readonly ends: number;
}

/** How the store behaves; `lying` answers what it may not, or what is not so. */
export type StoreMode = "up" | "down" | "silent" | "slow" | "lying";

/** Where a session is, and since which epoch. */
type Held = Pick<Binding, "sid" | "epoch" | "pod">;

/** A write that a failover may lose. */
interface Written {
  readonly at: number;
  readonly sid: Sid;
  readonly before: Row | undefined;
}

/** Who wants to hear of every compare-and-set that was carried out, and of every write. */
export interface StoreWitness {
  swapped(swap: Swap, answer: Swapped): void;
  wrote(sid: Sid, before: Binding | undefined, after: Binding | undefined): void;
}

/**
 * The store's memory, one command at a time. What a compare-and-set does is decided by the real rule; the commands are
 * those that the stores of the worker are made of.
 */
export class Store {
  mode: StoreMode = "up";
  /** What the coordinator leaves for cold edges. */
  snapshot: string | undefined;
  /** Sids whose writes a failover has lost. */
  readonly lost = new Set<Sid>();
  /** What it said that it holds when it lied, by sid, epoch and pod. */
  readonly #vouched = new Set<string>();
  readonly #rows = new Map<Sid, Row>();
  readonly #index = new Map<PodTag, Map<Sid, number>>();
  #journal: Written[] = [];
  readonly #loop: Loop;
  readonly #settle: typeof settle;
  readonly #witness: StoreWitness;

  constructor(loop: Loop, rule: typeof settle, witness: StoreWitness) {
    this.#loop = loop;
    this.#settle = rule;
    this.#witness = witness;
  }

  /** It says that it holds this, which may not be so. */
  vouch({ sid, epoch, pod }: Held): void {
    this.#vouched.add(`${sid} ${epoch} ${pod}`);
  }

  hasVouched({ sid, epoch, pod }: Held): boolean {
    return this.#vouched.has(`${sid} ${epoch} ${pod}`);
  }

  get(sid: Sid): Binding | undefined {
    const row = this.#rows.get(sid);
    return row === undefined || row.ends <= this.#loop.now ? undefined : row.binding;
  }

  put(binding: Binding, ttl: number): void {
    // A revocation lives until exp, or an old cookie would resurrect the session.
    const ends = binding.state === "R" ? binding.exp : this.#loop.now + ttl;
    this.#write(binding.sid, { binding, ends });
  }

  /** GETEX: another life for what is there. */
  extend(sid: Sid, ttl: number): Binding | undefined {
    const binding = this.get(sid);
    if (binding !== undefined) this.put(binding, ttl);
    return binding;
  }

  delete(sid: Sid): void {
    this.#write(sid, undefined);
  }

  swap(swap: Swap, keep: Retention): Swapped {
    const { swapped, write } = this.#settle(this.get(swap.sid), swap);
    if (write !== undefined) this.put(write, keep.ttl);
    this.#witness.swapped(swap, swapped);
    return swapped;
  }

  /** ZADD and ZREM. */
  index(sid: Sid, from: PodTag | undefined, to: PodTag | undefined, expires: number): void {
    if (to !== undefined) {
      const members = this.#index.get(to) ?? new Map<Sid, number>();
      this.#index.set(to, members.set(sid, expires));
    }
    if (from !== undefined && from !== to) this.#index.get(from)?.delete(sid);
  }

  score(sid: Sid, pod: PodTag): number | undefined {
    return this.#index.get(pod)?.get(sid);
  }

  members(pod: PodTag, now: number): Sid[] {
    return [...(this.#index.get(pod) ?? [])].filter(([, expires]) => expires >= now).map(([sid]) => sid);
  }

  /** Another replica takes over that has not seen the writes of the last `lag` milliseconds. */
  failover(lag: number): number {
    const since = this.#loop.now - lag;
    let count = 0;
    for (;;) {
      const last = this.#journal.at(-1);
      if (last === undefined || last.at < since) break;
      this.#journal.pop();
      if (last.before === undefined) this.#rows.delete(last.sid);
      else this.#rows.set(last.sid, last.before);
      this.lost.add(last.sid);
      count++;
    }
    return count;
  }

  #write(sid: Sid, row: Row | undefined): void {
    const before = this.#rows.get(sid);
    this.#witness.wrote(sid, this.get(sid), row?.binding);
    this.#journal.push({ at: this.#loop.now, sid, before });
    if (this.#journal.length > 4096) this.#journal = this.#journal.slice(-1024);
    if (row === undefined) this.#rows.delete(sid);
    else this.#rows.set(sid, row);
  }
}
