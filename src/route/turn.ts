import type { PodRuntime } from "./pods.ts";
import type { Trip } from "./trip.ts";

/**
 * Waits for a place at a pod that is at its cap, in a line of bounded length; true: the place is taken. Whoever goes away
 * leaves the line, as far as the platform tells of it, and one who went unseen is let in and finds out then.
 *
 * @param limit milliseconds
 */
export function turn(trip: Trip, pod: PodRuntime, limit: number): Promise<boolean> {
  const { edge, request, background } = trip;
  const { name, queue } = pod.pool.pool;
  if (limit <= 0 || (pod.line?.length ?? 0) >= queue) {
    edge.counters.count(name, "crowded-out");
    return Promise.resolve(false);
  }
  edge.counters.count(name, "queued");
  const { signal } = request;
  let leave = () => {};
  const waiting = new Promise<boolean>((resolve) => {
    leave = pod.wait(resolve);
  });
  signal?.addEventListener("abort", leave);
  const cancel = edge.after(limit, leave);
  // It is another request that calls it in, whose code may not touch what belongs to this one.
  const done = waiting.then((come) => {
    cancel();
    signal?.removeEventListener("abort", leave);
    if (!come) edge.counters.count(name, "crowded-out");
    return come;
  });
  // The code of a client that goes away would end here, and the place that it is given would stay taken for ever.
  background.waitUntil(done);
  return done;
}
