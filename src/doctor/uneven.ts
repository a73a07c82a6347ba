import { STATES } from "../health/state.ts";
import type { PodCheckup, PoolCheckup } from "./checkup.ts";
import { sum } from "./count.ts";

/** A pod has more than its part from this multiple on: what is below is how chance falls. */
export const UNEVEN = 1.5;
/** Standard deviations above its part: once in thirty thousand looks by chance. */
const SURE = 4;

/** The pod that has most over its part. */
export interface Fullest {
  readonly pod: PodCheckup;
  readonly has: number;
  /** Its part of all. */
  readonly part: number;
  /** has / part. */
  readonly ratio: number;
  readonly all: number;
}

/** Pods that take new sessions, of those with any weight. */
export function takers({ pods }: PoolCheckup): readonly PodCheckup[] {
  return pods.filter(({ state, weight }) => STATES[state].admit && weight > 0);
}

/**
 * The pod that surely has at least {@link UNEVEN} times its part. With n drawn at random, a pod of part p has n·p ± √(n·p)
 * of them (Poisson), so few say nothing.
 *
 * @param count what is spread over the pods
 * @param part each pod's claim; they are made shares
 */
export function fullest(
  pods: readonly PodCheckup[],
  count: (pod: PodCheckup) => number,
  part: (pod: PodCheckup) => number,
): Fullest | undefined {
  const all = sum(pods.map(count));
  const claims = sum(pods.map(part));
  if (pods.length < 2 || all === 0 || claims === 0) return undefined;
  let found: Fullest | undefined;
  for (const pod of pods) {
    const [has, own] = [count(pod), (all * part(pod)) / claims];
    if (own === 0 || has < UNEVEN * own || has - own < SURE * Math.sqrt(own)) continue;
    if (found === undefined || has / own > found.ratio)
      found = { pod, has, part: own, ratio: has / own, all };
  }
  return found;
}
