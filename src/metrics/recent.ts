import type { Tallies } from "../model/beat.ts";

/** What one slot holds of. Milliseconds. */
const SLOT = 5000;
/** Different sums in one slot at most: what edges tell may name any session. */
const MOST = 20_000;

interface Slot {
  /** Which span of time it is of. */
  stamp: number;
  readonly sums: Map<string, Map<string, number>>;
  size: number;
}

/** Sums of the last minutes by family and labels, in slots of 5 s: exact to a slot, and of bounded size. */
export class Recent {
  readonly #slots: Slot[];

  /** @param length how far back it is asked for at most. Milliseconds */
  constructor(length: number) {
    this.#slots = Array.from({ length: Math.ceil(length / SLOT) + 1 }, () => ({
      stamp: -1,
      sums: new Map(),
      size: 0,
    }));
  }

  add(family: string, labels: readonly string[], value: number, now: number): void {
    this.#add(this.#slot(now), family, JSON.stringify(labels), value);
  }

  take(tallies: Tallies, now: number): void {
    const slot = this.#slot(now);
    for (const [family, samples] of Object.entries(tallies)) {
      for (const [labels, value] of Object.entries(samples)) this.#add(slot, family, labels, value);
    }
  }

  /** The sums of one family over the last `length` ms. */
  sums(family: string, now: number, length: number): { labels: string[]; value: number }[] {
    const last = Math.floor(now / SLOT);
    const first = last - Math.ceil(length / SLOT);
    const sums = new Map<string, number>();
    for (const slot of this.#slots) {
      if (slot.stamp < first || slot.stamp > last) continue;
      for (const [labels, value] of slot.sums.get(family) ?? []) {
        sums.set(labels, (sums.get(labels) ?? 0) + value);
      }
    }
    return [...sums].map(([labels, value]) => ({ labels: JSON.parse(labels) as string[], value }));
  }

  #slot(now: number): Slot {
    const stamp = Math.floor(now / SLOT);
    const slot = this.#slots[stamp % this.#slots.length]!;
    if (slot.stamp !== stamp) {
      slot.stamp = stamp;
      slot.sums.clear();
      slot.size = 0;
    }
    return slot;
  }

  #add(slot: Slot, family: string, labels: string, value: number): void {
    if (!Number.isFinite(value)) return;
    let of = slot.sums.get(family);
    if (of === undefined) {
      of = new Map();
      slot.sums.set(family, of);
    }
    const before = of.get(labels);
    if (before === undefined && ++slot.size > MOST) return;
    of.set(labels, (before ?? 0) + value);
  }
}
