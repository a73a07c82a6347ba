import type { Break } from "../model/beat.ts";
import type { Cause } from "../model/binding.ts";
import type { PodTag } from "../model/pod.ts";
import type { Swapped } from "../model/ports.ts";
import { isRefusal } from "../model/refusal.ts";
import { PROVISIONAL, type Token } from "../sessions/token.ts";
import type { Seat, Seated, Trip } from "./trip.ts";

/** One move of a session, as the ledger is told of it. `from` is empty where the teller does not know. */
export type Leg = Pick<Break, "epoch" | "pool" | "from" | "to" | "cause" | "passed">;

type Place = Pick<Token, "epoch" | "pod"> & Partial<Pick<Token, "flags">>;

/**
 * Why a session is where it is now, to someone who brings it from elsewhere. Two pods of one epoch are two edges that had each
 * moved it without the other: what made the other move it is no reason to leave this pod. Of a key that is so where this edge
 * had the session there without the store. That it had ended before it began anew is none either.
 *
 * @param cause of the epoch that it is in now; empty: it was never moved
 */
export function reasonOf(
  { keyed }: Pick<Trip, "keyed">,
  before: Pick<Token, "epoch" | "flags">,
  { epoch }: Pick<Place, "epoch">,
  cause: Cause | "",
): Cause {
  const apart = epoch === before.epoch && (keyed === undefined || isAlone(before));
  return cause === "" || isEnd(cause) || apart ? "store-adopt" : cause;
}

/**
 * Whether the session of a key that this isolate remembers had ended before it began anew where it is now: then nobody was
 * moved, and whoever began it has told of the end. Where this edge had it without the store its client was served, and moves.
 *
 * @param cause of the epoch that it is in now
 */
export function isOver(
  before: Pick<Token, "epoch" | "flags">,
  { epoch, cause }: Pick<Swapped, "epoch" | "cause">,
): boolean {
  return isEnd(cause) && epoch > before.epoch && !isAlone(before);
}

function isEnd(cause: Cause | ""): boolean {
  return cause === "expired-idle" || cause === "revoked";
}

/** Whether an edge had a session where it was by itself, as no store had answered. */
function isAlone({ flags = 0 }: Partial<Pick<Token, "flags">>): boolean {
  return (flags & PROVISIONAL) !== 0;
}

/**
 * The move that brought a session to where it is now, told by someone who last knew it elsewhere. What was moved more than
 * once since then came from a pod that only those who moved it can name; so did what a key has moved to in the same epoch,
 * which this isolate remembers otherwise. What it left itself by `store-adopt` it knows.
 *
 * @returns none where it is at the same pod, or nothing moved it
 */
export function legTo(
  trip: Trip,
  before: Place,
  { epoch, pod }: Place,
  cause: Cause | undefined,
): readonly Leg[] {
  if (before.pod === pod || cause === undefined) return [];
  const alone = epoch === before.epoch || isAlone(before);
  const knows = epoch === before.epoch + 1 || (alone && cause === "store-adopt");
  const from = knows ? podId(trip, before.pod) : "";
  return [{ epoch, pool: poolOf(trip, pod), from, to: podId(trip, pod), cause }];
}

/** What the ledger must hear of a seat whose session moved. */
export function legsOf({ legs, session, from = "", pod: { pod }, cause }: Seat): readonly Leg[] {
  if (legs !== undefined) return legs;
  if (session === undefined || cause === undefined) return [];
  return [{ epoch: session.epoch, pool: pod.pool, from, to: pod.id, cause }];
}

/**
 * A seat of a session that went on from where others had moved it. Whether they could still tell of their part nobody knows:
 * it is told again, so that the ledger leads from the one pod to the other.
 */
export function following<S extends Seated>(first: readonly Leg[], seat: S): S {
  if (first.length === 0 || isRefusal(seat) || seat.outcome !== "moved") return seat;
  // To a pod that nobody can name any more would read as an end.
  const passed = first.filter(({ to }) => to !== "").map((leg) => ({ ...leg, passed: true }));
  return { ...seat, legs: [...passed, ...legsOf(seat)] };
}

/**
 * The moves of a session that went on from a pod that it had been given for this very request, and that never answered: one
 * move, from the pod that it left and for the reason it had. What others have moved since is told apart.
 *
 * @param unsaid whether no store had heard of the first, so that what it says now is the whole story
 */
export function straight(tried: Seat, seat: Seat, unsaid: boolean): readonly Leg[] {
  const legs = legsOf(tried);
  const next = legsOf(seat);
  const last = legs.at(-1);
  const [own] = next;
  // They may have brought it back to the same pod: then their epochs alone tell of them.
  const skipped = last !== undefined && own !== undefined && own.epoch !== last.epoch + 1;
  const others = seat.own === undefined || next.length > 1 || skipped;
  if (last === undefined || own === undefined || others) return unsaid ? next : [...legs, ...next];
  return [...legs.slice(0, -1), { ...own, from: last.from }];
}

/** The id of a pod of the scope, or of one that has left it; empty when nobody knows it any more. */
export function podId({ route, view }: Trip, tag: PodTag): string {
  return route.scope.pods.get(tag)?.pod.id ?? view.departed.get(tag)?.id ?? "";
}

function poolOf({ route, view }: Trip, tag: PodTag): string {
  return route.scope.pods.get(tag)?.pod.pool ?? view.departed.get(tag)?.pool ?? route.scope.scope.id;
}
