import type { PodTag } from "../model/pod.ts";
import type { View } from "../route/view.ts";

/** Of one pod in one config; null where it has none. */
export interface Load {
  readonly sessions: number;
  /** The part of its pool's new sessions that it takes, by weight among those that admit. */
  readonly share: number;
}

export interface PodBalance {
  readonly pool: string;
  readonly pod: string;
  readonly before: Load | null;
  readonly after: Load | null;
}

/** Sessions and shares of every pod, before and after. */
export class Balance {
  readonly #views: readonly [View, View];
  readonly #sessions: readonly [Map<PodTag, number>, Map<PodTag, number>] = [new Map(), new Map()];

  constructor(before: View, after: View) {
    this.#views = [before, after];
  }

  /** So many sessions are on one pod and will be on another; undefined: they end. */
  add(from: PodTag, to: PodTag | undefined, count: number): void {
    const [before, after] = this.#sessions;
    before.set(from, (before.get(from) ?? 0) + count);
    if (to !== undefined) after.set(to, (after.get(to) ?? 0) + count);
  }

  pods(): PodBalance[] {
    const found = new Map<PodTag, { pool: string; pod: string; before: Load | null; after: Load | null }>();
    for (const [side, { pools }] of this.#views.entries()) {
      for (const { pods, shared } of pools) {
        const weights = pods.map(({ pod }, i) => (shared.out[i] === 0 ? pod.weight : 0));
        const total = weights.reduce((sum, weight) => sum + weight, 0);
        for (const [i, { pod }] of pods.entries()) {
          const row = found.get(pod.tag) ?? { pool: pod.pool, pod: pod.id, before: null, after: null };
          const sessions = Math.round(this.#sessions[side]!.get(pod.tag) ?? 0);
          row[side === 0 ? "before" : "after"] = { sessions, share: total === 0 ? 0 : weights[i]! / total };
          found.set(pod.tag, row);
        }
      }
    }
    return [...found.values()];
  }
}
