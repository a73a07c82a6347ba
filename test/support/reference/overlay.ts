import { fmix } from "./hash.ts";
import type { ReferenceTable } from "./table.ts";

/** How pods stand, by their ids; a pod that is not named is not out, has nothing in flight and takes all keys. */
export interface ReferenceView {
  readonly out: ReadonlySet<string>;
  readonly inflight: ReadonlyMap<string, number>;
  /** Slow start: the share of keys of 2^32; all at 2^32 − 1. */
  readonly slow: ReadonlyMap<string, number>;
}

const EVERY_KEY = 2 ** 32 - 1;

/** Where a new session goes, step by step as the overlay is defined, in whole numbers. */
export class ReferenceOverlay {
  readonly #table: ReferenceTable;

  constructor(table: ReferenceTable) {
    this.#table = table;
  }

  /** The pod's id and the step that found it; undefined when every pod is out. */
  place(hash: number, view: ReferenceView): { id: string; step: number } | undefined {
    const { pods, owners, bits } = this.#table;
    const live = pods.filter(({ id }) => !view.out.has(id));
    if (live.length === 0) return undefined;
    const slotOf = (of: number) => Math.floor(of / 2 ** (32 - bits));
    const owner = (slot: number) => pods[owners[slot % owners.length]!]!;
    const weight = live.reduce((sum, pod) => sum + BigInt(pod.weight), 0n);
    const total = live.reduce((sum, { id }) => sum + BigInt(view.inflight.get(id) ?? 0), 0n);
    const soft = ({ id, weight: own }: (typeof pods)[number]) => {
      const threshold = view.slow.get(id) ?? EVERY_KEY;
      const second = this.#table.second(id);
      const warm = threshold === EVERY_KEY || Number(fmix(BigInt(hash) ^ BigInt(second))) < threshold;
      return warm && 4n * weight * BigInt(view.inflight.get(id) ?? 0) < 5n * (total + 1n) * BigInt(own);
    };
    const slot = slotOf(hash);
    const first = view.out.has(owner(slot).id) ? this.#table.firstChoice(slot, view.out)! : owner(slot).id;
    if (soft(pods.find(({ id }) => id === first)!)) return { id: first, step: 2 };
    for (let j = 1; j <= 15; j++) {
      const probed = owner(slotOf(Number(fmix((BigInt(hash) + BigInt(j) * 0x9e3779b9n) % 2n ** 32n))));
      if (!view.out.has(probed.id) && soft(probed)) return { id: probed.id, step: 3 };
    }
    for (let next = 1; next < owners.length; next++) {
      const found = owner(slot + next);
      if (!view.out.has(found.id) && soft(found)) return { id: found.id, step: 4 };
    }
    return { id: first, step: 5 };
  }
}
