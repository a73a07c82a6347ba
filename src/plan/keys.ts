import { hashedSide, hashPod } from "../route/choose.ts";
import type { RouteRuntime, View } from "../route/view.ts";
import { placeOf } from "./place.ts";
import { margin } from "./sample.ts";

/** Keys that are tried, spread over the routes; the same in every plan. */
const KEYS = 4000;

/** The part of the keys without a binding whose pod by hash becomes another, with the margin of its estimate (95 %). */
export interface KeyShare {
  readonly moved: number;
  readonly error: number;
}

/** Places a fixed sample of keys by both configs' hash tables, of the routes of the first that have affinity. */
export function keyShare(before: View, after: View): KeyShare {
  const routes = before.snapshot.routes
    .map((route) => {
      const at = placeOf(route, before);
      return [before.match(...at), after.match(...at)] as const;
    })
    // Without affinity there are no keys, whose share they would thin out.
    .filter(([old]) => old !== undefined && hasKeys(old));
  if (routes.length === 0) return { moved: 0, error: 0 };
  let moved = 0;
  for (let i = 0; i < KEYS; i++) {
    const [old, next] = routes[i % routes.length]!;
    // Another scope makes another sid of the same key.
    const same = old !== undefined && next !== undefined && old.scope.scope.id === next.scope.scope.id;
    const sid = sidOf(i);
    if (!same || home(old, sid) !== home(next, sid)) moved++;
  }
  return { moved: moved / KEYS, error: margin(moved, KEYS) };
}

function hasKeys({ scope: { carrier, ahead, behind } }: RouteRuntime): boolean {
  return carrier !== undefined || ahead.length + behind.length > 0;
}

function home(route: RouteRuntime, sid: string): number | undefined {
  const { sides } = route;
  const first = hashedSide(route, sid);
  const order = sides.map((_, i) => sides[(first + i) % sides.length]!.pool);
  if (order[0]!.vacant) return undefined;
  // As a key may be any text, a sid is as good as one.
  const keyed = route.scope.ahead.length + route.scope.behind.length > 0;
  const at = keyed ? order.find(({ shared }) => shared.live > 0) : undefined;
  if (at?.byValue) return at.pods[at.pick(sid, 0, at.shared, 0)]?.pod.tag;
  return hashPod(sid, order, undefined)?.pod.tag;
}

/** Sids as HMACs are spread: the golden ratio's multiples leave no gaps, so that few keys say much of a split. */
function sidOf(i: number): string {
  const word = (Math.imul(i + 1, 0x9e3779b9) >>> 0).toString(16).padStart(8, "0");
  return word + i.toString(16).padStart(24, "0");
}
