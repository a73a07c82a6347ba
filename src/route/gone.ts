import type { PodRuntime } from "./pods.ts";
import type { Trip } from "./trip.ts";

/** As nginx counts whoever went away before the answer. */
const GONE = 499;

/**
 * A client that resets ends the code of its request, and with it whatever would have counted it and given the pod's place
 * back. Another request finds that nobody has taken the answer, once its time for headers is over, and does both.
 */
export function forsaken({ edge, now, waited }: Trip, pod: PodRuntime, asked: number): void {
  const { pool } = pod.pod;
  const late = edge.clock.now();
  pod.release(late);
  edge.counters.count(pool, "refused", GONE);
  edge.counters.timings.add(pool, late - now, waited + late - asked);
}
