import type { Failure } from "./edge.ts";
import type { PodRuntime } from "./pods.ts";
import type { Trip } from "./trip.ts";

/**
 * Holds against a pod that it answered 5xx, or not at all: counted, avoided where the pool says so, and told soon. One
 * isolate moves nobody by it.
 */
export function accuse(trip: Trip, pod: PodRuntime, answer: Response | Failure, now: number): void {
  // What its client spoiled says nothing of the pod.
  if (answer === "client" || answer === "stalled") return;
  pod.blame(typeof answer === "string" || (answer.status >= 502 && answer.status <= 504), now);
  const unreachable = answer === "connect";
  if (unreachable) pod.suspect(trip.now);
  trip.edge.failed(pod, unreachable);
}
