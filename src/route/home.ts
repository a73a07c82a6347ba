import type { Token } from "../sessions/token.ts";
import type { Ground } from "./onward.ts";
import type { PodRuntime } from "./pods.ts";
import { connects } from "./probe.ts";
import { move } from "./rebind.ts";
import type { Seated, Trip } from "./trip.ts";

/**
 * `failover: temporary`: the home of a session that is away, when it is in keep again; undefined when it stays. One
 * isolate's suspicion moves nobody, but it may well wait with sending them back.
 */
export function homeOf(
  { route, now }: Ground & Pick<Trip, "now">,
  token: Pick<Token, "pod" | "home">,
  pod: PodRuntime,
): PodRuntime | undefined {
  if (token.home === token.pod || pod.pool.pool.failover !== "temporary") return undefined;
  const home = route.scope.pods.get(token.home);
  return home?.keep && !home.suspected(now) ? home : undefined;
}

/**
 * Back to where the session began. Without a readiness probe the view calls a dead pod ready, and its sessions would come
 * and go: then the pod is asked first, once for all that wait, and again only when suspicion has passed.
 *
 * @param stay the seat where it is, which renews it as any other
 */
export async function goHome(
  trip: Trip,
  token: Token,
  home: PodRuntime,
  stay: () => Seated | Promise<Seated>,
): Promise<Seated> {
  if (trip.preflight) return stay();
  if (home.pool.pool.readiness === undefined && !(await connects(trip, home))) {
    home.suspect(trip.now);
    return stay();
  }
  return move(trip, token, home, "failback", stay, undefined);
}
