import type { Journal } from "../core/journal.ts";
import type { Pool } from "../model/pool.ts";
import { nextVersion, type Standing } from "../policies/policy.ts";
import type { PodRuntime } from "./pod.ts";

/** A pool whose pods stand somehow. */
interface Stood {
  readonly pool: Pool;
  readonly pods: readonly PodRuntime[];
  readonly inflight: Uint32Array;
  readonly journal: Journal;
  /** By the shared view alone. */
  readonly shared: Standing;
}

/** By the shared view; settles which pods keep their sessions. */
export function stand(of: Omit<Stood, "shared">): Standing {
  const { pool, pods } = of;
  const out = new Uint8Array(pods.length);
  let live = fill(pods, out, ({ meaning }) => meaning.admit);
  // Panic: with too few left, those that may still work share the load rather than the rest be crushed.
  const panic = live < weighty(pods) * pool.panic;
  if (panic) live = fill(pods, out, ({ meaning }) => meaning.admit || meaning.panics);
  for (const runtime of pods) runtime.keep = runtime.meaning.keep || (panic && runtime.meaning.panics);
  return standingOf(of, out, live);
}

/** When none admits: all that nobody told to stop may be tried once, as the view may be wrong. */
export function desperate(of: Stood): Standing {
  const out = new Uint8Array(of.pods.length);
  const live = fill(of.pods, out, ({ meaning }) => meaning.tried);
  return standingOf(of, out, live);
}

/** The shared standing less what this isolate suspects; panic is the shared view's business alone. */
export function unsuspected(of: Stood, now: number): Standing {
  const { pool, pods, shared } = of;
  const out = new Uint8Array(pods.length);
  // Those that the fleet has ejected since leave less room for those that this isolate keeps out for their answers.
  const ejected = pods.filter(({ state }) => state === "ejected").length;
  let room = Math.floor((pool.outlier?.maxEjection ?? 0) * pods.length) - ejected;
  const live = fill(pods, out, (runtime, i) => {
    if (shared.out[i] !== 0) return false;
    if (!runtime.suspected(now)) return true;
    return !runtime.doubt && runtime.streak?.isOut(now) === true && room-- <= 0;
  });
  return standingOf(of, out, live);
}

export function standingOf(
  { inflight, journal }: Pick<Stood, "inflight" | "journal">,
  out: Uint8Array,
  live: number,
): Standing {
  return { out, live, version: nextVersion(), inflight, journal };
}

/** Writes who is out; how many of those that are not have any weight. */
export function fill(
  pods: readonly PodRuntime[],
  out: Uint8Array,
  admits: (runtime: PodRuntime, i: number) => boolean,
): number {
  let live = 0;
  for (let i = 0; i < pods.length; i++) {
    const runtime = pods[i]!;
    const open = admits(runtime, i);
    out[i] = open ? 0 : 1;
    if (open && runtime.pod.weight > 0) live++;
  }
  return live;
}

export function weighty(pods: readonly PodRuntime[]): number {
  return pods.filter((runtime) => runtime.pod.weight > 0).length;
}
