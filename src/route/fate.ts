import type { Binding, Cause } from "../model/binding.ts";
import { isRefusal, type Refusal } from "../model/refusal.ts";
import { LEEWAY, renewalAge } from "../sessions/expiry.ts";
import type { Carrier } from "./carrier.ts";
import { homeOf } from "./home.ts";
import { onward } from "./onward.ts";
import type { PodRuntime } from "./pods.ts";
import type { ScopeRuntime, View } from "./view.ts";

/** What the next request of a session will meet. */
export type Fate =
  | { readonly kind: "kept" }
  | { readonly kind: "moves"; readonly to: PodRuntime; readonly cause: Cause }
  | { readonly kind: "down"; readonly why: Refusal };

const KEPT: Fate = { kind: "kept" };

/**
 * What becomes of a session in a view: the steps of a request without the request. A home without a probe is taken to
 * connect, and a store to answer.
 *
 * @param now milliseconds since the epoch
 */
export function fateOf(
  view: Pick<View, "departed">,
  scope: ScopeRuntime,
  session: Pick<Binding, "sid" | "pod" | "home">,
  now: number,
): Fate {
  const ground = { route: { scope }, view, now };
  const pod = scope.pods.get(session.pod);
  if (pod?.keep) {
    const home = homeOf(ground, session, pod);
    return home === undefined ? KEPT : { kind: "moves", to: home, cause: "failback" };
  }
  const next = onward(ground, session, pod, undefined);
  if (isRefusal(next)) return { kind: "down", why: next };
  return next.to === pod ? KEPT : { kind: "moves", ...next };
}

/**
 * Whether a session of a cookie may have been silent for longer than another idle timeout allows. When it was seen follows
 * from when it would end, if it was seen under the timeout of `before`; nothing says whether it was.
 *
 * @param session with milliseconds since the epoch @param now likewise
 */
export function mayBeSilent(
  before: Pick<Carrier, "idle">,
  after: Pick<Carrier, "idle">,
  { sid, created, expires }: Pick<Binding, "sid" | "created"> & { readonly expires: number },
  now: number,
): boolean {
  const span = (idle: number) => (idle + renewalAge(idle, sid) + LEEWAY) * 1000;
  const seen = Math.max(created, expires - span(before.idle));
  // Seen ahead of time means: under a longer timeout than `before` has.
  return seen > now || seen + span(after.idle) < now;
}
