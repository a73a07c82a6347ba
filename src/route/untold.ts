import type { Swap, Swapped } from "../model/ports.ts";
import type { Token } from "../sessions/token.ts";
import { recordEnd } from "./keyed.ts";
import { retain, settle } from "./swap.ts";
import type { KeyRef, Life, Trip } from "./trip.ts";
import type { RouteRuntime } from "./view.ts";

/** A key that a pod has minted, of which the store has yet to hear: only this isolate knows where its session is. */
export interface Untold {
  readonly swap: Swap;
  readonly token: Token;
  readonly keyed: KeyRef;
  readonly life: Life;
  readonly route: RouteRuntime;
}

/** How many wait at most; beyond that the oldest is told with its next request alone. */
const WAITING = 1000;
/** How many are told with one answer of a store that is back: it has much to do then. */
const AT_ONCE = 20;

/** The store gave no answer in time: it is told when it next gives one, or by the client's next request here. */
export function putOff({ edge, keyed, life, route }: Trip, swap: Swap, token: Token): void {
  const { untold } = edge;
  if (untold.size >= WAITING) untold.delete(untold.keys().next().value!);
  untold.set(token.sid, { swap, token, keyed: keyed!, life, route });
}

/**
 * The store answers this request, so it hears of what pods minted while it did not: else a client whose next request comes to
 * another isolate would find that nobody knows its session, though its pod lives.
 */
export function catchUp(trip: Trip): void {
  const { untold } = trip.edge;
  let left = AT_ONCE;
  for (const [sid, one] of untold) {
    if (left === 0) return;
    untold.delete(sid);
    if (!isStill(trip, one)) continue;
    left--;
    const { keyed, life, route } = one;
    trip.background.waitUntil(tell({ ...trip, keyed, life, route }, one));
  }
}

/** Whether the session is as it was minted. One that has moved since is settled by its next request. */
function isStill({ edge, now }: Trip, { swap, keyed }: Untold): boolean {
  const known = edge.keyed.peek(keyed.place);
  return known?.checked === 0 && known.token.pod === swap.to && known.token.epoch === 1 && swap.exp > now;
}

async function tell(trip: Trip, one: Untold): Promise<void> {
  const { edge } = trip;
  const { swap, token } = one;
  const answer = await edge.guard.background(() => edge.store.swap(swap, retain(trip, token)));
  if (answer === undefined) putOff(trip, swap, token);
  else heardOf(trip, one, settle(trip, swap, answer));
}

/** What came too late for the request that asked it is known from here on all the same. */
export function heardLate(trip: Trip, { sid }: Token, answer: Swapped): void {
  const one = trip.edge.untold.get(sid);
  if (one === undefined) return;
  trip.edge.untold.delete(sid);
  heardOf(trip, one, answer);
}

function heardOf(trip: Trip, one: Untold, answer: Swapped): void {
  const { edge, background } = trip;
  if (answer.verdict === "WON" && answer.cause === "expired-idle") {
    recordEnd(trip, answer);
    edge.recorded(background);
  }
  // Where another pod has taken the key the client's next request asks, follows, and tells of it.
  if (answer.pod !== one.token.pod || !isStill(trip, one)) return;
  const token = { ...one.token, epoch: answer.epoch, home: answer.home };
  edge.keyed.set(one.keyed.place, { token, checked: edge.clock.now() });
}
