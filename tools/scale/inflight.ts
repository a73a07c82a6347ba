import { SCENE, type Scene } from "../sim/load/scene.ts";
import { simulate } from "../sim/load/simulate.ts";

/** How evenly requests in flight lie on pods. */
export interface Inflight {
  readonly pods: number;
  readonly isolates: number;
  /** The busiest pod at a moment, relative to the mean pod: by `least-request`, by chance, and by whoever knows all. */
  readonly guarded: number;
  readonly random: number;
  readonly perfect: number;
  /** Heartbeats in a second, after the first ones. */
  readonly beats: number;
}

/** Requests that take 5 s on average, at pods that work on four at once and are loaded to three quarters. */
const LONG: Partial<Scene> = { service: 5000, load: 0.75, sampled: 500 };

/** Runs the load model of tools/sim, with the real rules and sums in it. Times in milliseconds. */
export function inflight(
  pods: number,
  isolates: number,
  warmup: number,
  length: number,
  seed: number,
): Inflight {
  const scene = { ...SCENE, ...LONG, pods, warmup, length, seed };
  const guarded = simulate({ ...scene, isolates, rule: "guarded" });
  // What isolates know does not matter to these two.
  const [random, perfect] = (["random", "perfect"] as const).map(
    (rule) => simulate({ ...scene, isolates: 1, rule }).peak,
  );
  const beats = (guarded.beats * 1000) / (warmup + length);
  return { pods, isolates, guarded: guarded.peak, random: random!, perfect: perfect!, beats };
}
