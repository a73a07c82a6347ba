import type { FeedEntry } from "../model/beat.ts";
import type { Binding, Sid } from "../model/binding.ts";
import { tagFromHex } from "../model/pod.ts";

/** What an edge has heard, by sid. */
export class Feed {
  #entries = new Map<Sid, FeedEntry>();
  #seq = 0;

  /** The last position heard; asked for with the next heartbeat. */
  get seq(): number {
    return this.#seq;
  }

  get size(): number {
    return this.#entries.size;
  }

  hear(entries: readonly FeedEntry[], seq: number, now: number): void {
    for (const entry of entries) {
      const known = this.#entries.get(entry.sid);
      if (known === undefined || known.epoch <= entry.epoch) this.#entries.set(entry.sid, entry);
    }
    this.#seq = Math.max(this.#seq, seq);
    for (const [sid, entry] of this.#entries) if (entry.exp < now) this.#entries.delete(sid);
  }

  /**
   * For a feed that begins anew, with another incarnation of the coordinator. What was heard stays: that disk may have
   * lost it, and a token that was once refused must not become good again.
   */
  restart(): void {
    this.#seq = 0;
  }

  /**
   * The entry that makes a token of this epoch stale, if any. Nothing lives at an epoch that was revoked: without the store a
   * session may have moved to just that.
   */
  below(sid: Sid, epoch: number): FeedEntry | undefined {
    if (this.#entries.size === 0) return undefined;
    const entry = this.#entries.get(sid);
    if (entry === undefined || epoch > entry.epoch) return undefined;
    return epoch < entry.epoch || entry.to === null ? entry : undefined;
  }
}

/**
 * A binding as the store has it, or as every edge was told since: a store that failed over may have lost that, and the next
 * word must be above it.
 */
export function raised(binding: Binding, told: Omit<FeedEntry, "seq"> | undefined): Binding {
  if (told === undefined || told.epoch <= binding.epoch) return binding;
  const { epoch, to, cause } = told;
  if (to === null) return { ...binding, epoch, cause, state: "R" };
  const pod = tagFromHex(to);
  return { ...binding, epoch, cause, pod, home: pod, state: "A" };
}
