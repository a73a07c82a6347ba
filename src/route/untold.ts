import { viaOf } from "../model/binding.ts";
import type { Swap, Swapped } from "../model/ports.ts";
import type { Token } from "../sessions/token.ts";
import type { Keyed } from "./key-memory.ts";
import { recordKeyEnd } from "./silence.ts";
import { retain, settle } from "./swap.ts";
import type { KeyRef, Life, Trip } from "./trip.ts";
import type { RouteRuntime } from "./view.ts";

/** A key that a pod has minted, of which the store has yet to hear: only this isolate knows where its session is. */
export interface Untold {
  /** As it was minted. */
  readonly token: Token;
  /** When. Milliseconds since the epoch. */
  readonly created: number;
  readonly keyed: KeyRef;
  readonly life: Life;
  readonly route: RouteRuntime;
}

/** How many wait at most; beyond that the oldest is told with its next request alone. */
const WAITING = 1000;
/** How many are told with one answer of the store: two commands each, of the few that a platform allows to one request. */
const AT_ONCE = 5;

/** The store gave no answer in time: it is told when it next gives one, or by the client's next request here. */
export function putOff({ edge, keyed, life, route }: Trip, token: Token, created: number): void {
  const { untold } = edge;
  if (untold.size >= WAITING) untold.delete(untold.keys().next().value!);
  untold.set(token.sid, { token, created, keyed: keyed!, life, route });
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
    const token = asItIs(trip, one);
    if (token === undefined) continue;
    left--;
    const { keyed, life, route } = one;
    trip.background.waitUntil(tell({ ...trip, keyed, life, route }, one, token));
  }
}

/**
 * The session as this isolate has it now: its visits here have put off its end. Undefined: it is over, or has moved since,
 * which its next request settles.
 */
function asItIs({ edge, now }: Trip, one: Untold): Token | undefined {
  const { pod, epoch, sid } = one.token;
  // Memory holds but so many keys.
  const known = edge.keyed.peek(one.keyed.place);
  const token = known?.token ?? one.token;
  const same = (known?.checked ?? 0) === 0 && token.pod === pod && token.epoch === epoch;
  return same && token.exp * 1000 > now && edge.feed.below(sid, epoch) === undefined ? token : undefined;
}

/** What is waiting to be told of a key that memory has no place for any more; the store must be asked. */
export function waiting({ edge, now }: Trip, sid: string): Keyed | undefined {
  const token = edge.untold.get(sid)?.token;
  return token !== undefined && token.exp * 1000 >= now ? { token, checked: 0 } : undefined;
}

async function tell(trip: Trip, one: Untold, token: Token): Promise<void> {
  const { edge } = trip;
  const { sid, epoch, pod, home } = token;
  const at = { sid, epoch, pod, to: pod, home, exp: token.exp * 1000, created: one.created };
  // By its epoch: a session that others have found, and that was revoked since, must not begin again.
  const find: Swap = { op: "find", ...at, cause: "expired-idle", via: viaOf(trip.route) };
  const ask = (swap: Swap) => edge.guard.background(() => edge.store.swap(swap, retain(trip, token)));
  let swap = find;
  let answer = await ask(swap);
  if (answer?.verdict === "ABSENT") {
    // Of this key there was a session before, which had ended when the pod minted it again.
    swap = { ...find, op: "create", epoch: 0 };
    answer = await ask(swap);
  }
  if (answer === undefined) putOff(trip, one.token, one.created);
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
  const { place } = one.keyed;
  const token = asItIs(trip, one);
  if (answer.verdict === "WON" && answer.cause === "expired-idle") {
    recordKeyEnd(trip, answer);
    edge.recorded(background);
  }
  if (answer.verdict === "REVOKED" && token !== undefined) edge.keyed.delete(place);
  // Where another pod has taken the key the client's next request asks, follows, and tells of it.
  if (answer.verdict === "REVOKED" || answer.pod !== token?.pod) return;
  const { epoch, home } = answer;
  edge.keyed.set(place, { token: { ...token, epoch, home, flags: 0 }, checked: edge.clock.now() });
}
