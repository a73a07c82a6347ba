import type { PodRuntime, PoolRuntime } from "../route/pods.ts";

/** Keys that are tried; the same each time. */
const KEYS = 8192;

/** How many of a pool's keys one of its pods has; fractions of all. */
export interface PodKeys {
  readonly pod: string;
  readonly state: PodRuntime["state"];
  /** What its weight is of all weights. */
  readonly due: number;
  /** By the pool's hash table while no pod is out: exact. */
  readonly owned: number;
  /** As the pods stand now, where those of a pod that is out go to others: by keys that are tried. */
  readonly now: number;
}

/** How the keys of a pool lie over its pods: by its hash table, which rebinding goes by whatever the policy. */
export function keySpread(pool: PoolRuntime): PodKeys[] {
  const table = pool.table();
  const owned = new Uint32Array(pool.pods.length);
  for (let slot = 0; slot < table.size; slot++) {
    const at = table.slotOwner(slot);
    if (at >= 0) owned[at]!++;
  }
  const found = new Uint32Array(pool.pods.length);
  for (let i = 0; i < KEYS; i++) {
    const at = table.lookup(keyOf(i), pool.shared);
    if (at >= 0) found[at]!++;
  }
  const weights = pool.pods.reduce((sum, { pod }) => sum + pod.weight, 0);
  return pool.pods.map(({ pod, state }, i) => ({
    pod: pod.id,
    state,
    due: weights === 0 ? 0 : pod.weight / weights,
    owned: owned[i]! / table.size,
    now: found[i]! / KEYS,
  }));
}

/** As sids look: 32 hex digits. */
function keyOf(i: number): string {
  return (Math.imul(i + 1, 0x9e3779b9) >>> 0).toString(16).padStart(32, "0");
}
