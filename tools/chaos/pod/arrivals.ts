import type { Arrival } from "../../fleet/pod-app.ts";

/** Methods that a pod must see once at most, whatever becomes of them. */
const ONCE = new Set(["POST", "PATCH"]);

/** Of what arrived at some pods, that is as `like` says. */
export function select(arrivals: readonly Arrival[], like: Partial<Arrival>): Arrival[] {
  const wanted = Object.entries(like) as [keyof Arrival, string][];
  return arrivals.filter((arrival) => wanted.every(([name, value]) => arrival[name] === value));
}

/** `METHOD id` of each POST and PATCH with an X-Request-Id that came more than once, to one of these pods or to several. */
export function duplicates(pods: Iterable<{ readonly arrivals: readonly Arrival[] }>): string[] {
  const seen = new Set<string>();
  const twice = new Set<string>();
  for (const { arrivals } of pods) {
    for (const { method, id } of arrivals) {
      if (id === "" || !ONCE.has(method)) continue;
      const key = `${method} ${id}`;
      if (seen.has(key)) twice.add(key);
      seen.add(key);
    }
  }
  return [...twice];
}
