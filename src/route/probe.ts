import type { PodRuntime } from "./pods.ts";
import type { Trip } from "./trip.ts";

/** Longest wait for the probe that tells a reset from a dead pod. Milliseconds. */
const PROBE = 500;

/** Whether the pod accepts connections; one probe for all that wait. */
export function connects(trip: Trip, pod: PodRuntime): Promise<boolean> {
  if (pod.probing !== undefined) return trip.edge.joining?.(pod.probing) ?? pod.probing;
  const { readiness } = pod.pool.pool;
  // What the pod serves behind another port says nothing of the one that requests go to.
  const path = readiness?.port === undefined ? (readiness?.path ?? "/") : "/";
  const probing = trip.edge.forwarder.connects(pod.pod, path, PROBE).finally(() => {
    pod.probing = undefined;
  });
  pod.probing = probing;
  trip.background.waitUntil(probing);
  return probing;
}
