import type { Cause } from "../model/binding.ts";
import type { Swap, Swapped } from "../model/ports.ts";
import { isRefusal, type Refusal } from "../model/refusal.ts";
import { DOUBTED, PROVISIONAL, type Token } from "../sessions/token.ts";
import { seatFresh } from "./fresh.ts";
import { lookUpAgain } from "./keyed.ts";
import { following, isOver, legTo, podId, reasonOf } from "./legs.ts";
import { causeOf, onward, waits } from "./onward.ts";
import type { PodRuntime } from "./pods.ts";
import { NO_STORE, POD_DOWN } from "./problem.ts";
import { ask, swapOf } from "./swap.ts";
import { kept, type Seat, type Seated, seconds, type Trip } from "./trip.ts";

/**
 * Step 5: the session's pod does not keep it any more. The candidate comes from the pool's hash table by the sid and the
 * shared view alone, so that every edge finds the same one; the store's compare-and-set lets one of them win. Without an
 * answer in time the candidate is taken anyway, provisionally.
 *
 * @param pod the pod that the token names, if it is still in the config
 * @param failed a pod that this very request could not connect to, which no shared view knows of yet
 * @param cause why it is on its way already, where no pod has answered it since; undefined: why it must leave now
 * @param above what this request took it for already without the store; undefined: nothing
 * @param was where it was before that, when the store is asked from what it was taken for
 */
export async function rebind(
  trip: Trip,
  token: Token,
  pod: PodRuntime | undefined,
  failed: PodRuntime | undefined,
  cause?: Cause,
  above?: Token,
  was?: Token,
): Promise<Seated> {
  const next = onward(trip, token, pod, failed, cause);
  // What others have moved to a pod that cannot be reached, or to where nothing else is left.
  const followed = failed !== undefined && cause === undefined && trip.keyed === undefined;
  const own = followed || isRefusal(next) ? ownPod(trip, token, next) : undefined;
  if (own !== undefined) {
    const why = next === POD_DOWN ? "store-adopt" : (cause ?? causeOf(trip, token.pod, pod, failed));
    return move(trip, token, own, why, undefined, failed, undefined, was);
  }
  if (isRefusal(next)) return (next === POD_DOWN ? waiting(trip, token) : undefined) ?? next;
  if (next.to === pod) return seated(trip, token, token, pod, undefined, false);
  return move(trip, token, next.to, next.cause, undefined, failed, above, was);
}

/**
 * The pod of the request's own cookie, when its session was moved on from there: it may as well go on there. In a pool that
 * waits only what is in doubt does, which would else stay so.
 *
 * @param next where it would go instead: without any, a pod that could not be reached just now is none either
 */
function ownPod(
  { held, route, now }: Trip,
  token: Token,
  next: ReturnType<typeof onward>,
): PodRuntime | undefined {
  if (held === undefined || held.pod === token.pod) return undefined;
  if (next === POD_DOWN && held.flags === 0) return undefined;
  const own = route.scope.pods.get(held.pod);
  return own?.keep && !(isRefusal(next) && own.suspected(now)) ? own : undefined;
}

/**
 * In a pool that waits, where the pod that the store named cannot be reached: the session may as well wait at its cookie's pod,
 * which keeps it, and be asked for again when it is renewed. What an operator has told every edge is waited for.
 */
function waiting({ edge, held, keyed, route, now }: Trip, token: Token): Seat | undefined {
  if (held === undefined || held.pod === token.pod || keyed !== undefined) return undefined;
  if (edge.feed.below(held.sid, held.epoch) !== undefined) return undefined;
  const own = route.scope.pods.get(held.pod);
  if (!own?.keep || own.suspected(now)) return undefined;
  edge.settlements.delete(held.sid);
  return kept(own, held, false, "none");
}

/**
 * To a pod that is known, by compare-and-set.
 *
 * @param stay the seat where it is, for a strict pool whose store does not answer; undefined: there is none
 */
export async function move(
  trip: Trip,
  token: Token,
  candidate: PodRuntime,
  cause: Cause,
  stay: (() => Seated | Promise<Seated>) | undefined,
  failed: PodRuntime | undefined,
  above: Token = token,
  was: Token = token,
): Promise<Seated> {
  if (trip.preflight) return seated(trip, token, token, candidate, cause, false);
  const swap = swapOf(trip, "rebind", token, candidate, cause);
  const answer = recent(trip, swap) ?? (await ask(trip, swap, token, "move"));
  if (answer !== undefined) return follow(trip, token, answer, swap, candidate, failed, was);
  if (stay !== undefined && candidate.pool.pool.strict) return stay();
  return provisional(trip, token, candidate, cause, above);
}

/** What the store just answered to the same: a page asks for many things, not all of them at the same moment. */
function recent({ edge, now }: Trip, { sid, epoch, pod, to }: Swap): Swapped | undefined {
  const known = edge.settlements.get(sid);
  if (known?.epoch !== epoch || known.pod !== pod || known.moved?.to !== to) return undefined;
  return now - known.moved.at <= edge.period() ? known.moved.answer : undefined;
}

/**
 * The next request after the store was found ahead: asks it, and follows. So do those that bring the same cookie after that, as
 * a client is told nothing where its pod gave no answer, or one that a shared cache may keep: until a newer cookie of the
 * session is settled.
 */
export async function touch(trip: Trip, token: Token, pod: PodRuntime): Promise<Seated> {
  const { settlements, clock, guard } = trip.edge;
  const swap = swapOf(trip, "touch", token, pod, "store-adopt");
  const note = settlements.get(token.sid);
  // A store that is always late would never be followed, and who has followed one that is away now stays there.
  const late = note?.late ?? (note?.moved?.to === swap.to ? note.moved.answer : undefined);
  const heard = (told: Swapped) => {
    if (clock.now() - trip.now < guard.budget) return;
    settlements.set(token.sid, { epoch: token.epoch, pod: token.pod, ahead: true, late: told });
  };
  const known = recent(trip, swap);
  const asked = known ?? (await ask(trip, swap, token, "move", heard));
  const answer = asked ?? late;
  if (answer === undefined) return seated(trip, token, token, pod, undefined, false);
  const seat = await follow(trip, token, answer, swap, pod, undefined);
  // What was found out while this request waited says more than it does.
  if (settlements.get(token.sid) !== note) return seat;
  // A revocation is for good: who begins nothing new now, as no pod has a place, comes back with the old cookie.
  if (answer.verdict === "REVOKED") {
    settlements.set(token.sid, { epoch: token.epoch, pod: token.pod, ahead: true, late: answer });
  } else if (isRefusal(seat) || seat.outcome !== "moved") settlements.delete(token.sid);
  else if (known === undefined && asked !== undefined) {
    const moved = { to: swap.to, answer: asked, at: trip.now };
    settlements.set(token.sid, { epoch: token.epoch, pod: token.pod, ahead: true, moved });
  }
  return seat;
}

/**
 * What the store answered, made a seat. An adopted pod that is dead in this view too is replaced once.
 *
 * @param was where the session was last seen: the token's place, unless nobody but this request ever knew of that
 */
async function follow(
  trip: Trip,
  token: Token,
  answer: Swapped,
  swap: Swap,
  candidate: PodRuntime,
  failed: PodRuntime | undefined,
  was: Token = token,
): Promise<Seated> {
  if (answer.verdict === "REVOKED") return anew(trip, failed);
  // The store has spoken, so nothing is provisional any more. But all edges will go by this cookie until it is renewed: what
  // came unasked, or from a store that has just failed, must be said twice.
  const flags = answer.verdict !== "KEPT" && trip.edge.guard.shaky ? DOUBTED : 0;
  const next = { ...token, epoch: answer.epoch, pod: answer.pod, home: answer.home, flags };
  if (answer.verdict === "KEPT") return seated(trip, next, token, candidate, undefined, true);
  if (answer.verdict === "WON") {
    // Who comes late may have another reason by now, but it is the winner's that counts.
    const seat = seated(trip, next, token, candidate, answer.cause || swap.cause, true, swap);
    return seat.outcome === "moved" ? { ...seat, own: token.pod } : seat;
  }
  const adopted = trip.route.scope.pods.get(answer.pod);
  const over = trip.keyed !== undefined && isOver(token, answer);
  // What others have begun since has left no pod.
  const before = over ? next : token;
  if (over) trip.held = next;
  const left = was === token ? { epoch: swap.epoch, pod: swap.pod, flags: token.flags } : was;
  const told = over ? undefined : reasonOf(trip, left, answer, answer.cause);
  if (adopted?.keep && adopted !== failed) {
    const known = over || was === token ? before : was;
    return seated(trip, { ...next, flags: DOUBTED }, known, adopted, told, true, left);
  }
  // Who asked from a pod that keeps the session has no reason to leave it.
  const stays = candidate.pod.tag === token.pod;
  const legs = legTo(trip, left, answer, told);
  const unsettled = (cause: Cause) =>
    stays
      ? seated(trip, token, token, candidate, undefined, false)
      : provisional(trip, before, candidate, cause, answer);
  if (swap.op === "rebind2") return following(legs, unsettled(swap.cause));
  const cause = causeOf(trip, answer.pod, adopted, failed);
  const waiting = waits(adopted, cause);
  // Where the cookie's own pod keeps it, it may as well wait there. What is in doubt would stay so for as long.
  if (waiting && !(stays && token.flags !== 0)) return stays ? unsettled(cause) : POD_DOWN;
  const second = swapOf(trip, "rebind2", next, candidate, waiting ? "store-adopt" : cause);
  const final = await ask(trip, second, token, "move");
  if (final === undefined) return following(legs, unsettled(cause));
  return following(legs, await follow(trip, before, final, second, candidate, failed));
}

/** The store has revoked the session: whoever sent the request begins a new one. */
async function anew(trip: Trip, tried: PodRuntime | undefined): Promise<Seated> {
  if (trip.keyed !== undefined) {
    const seat = await lookUpAgain(trip);
    if (seat !== undefined) return seat;
  }
  // What begins now has been served by no pod yet.
  trip.held = undefined;
  return seatFresh(trip, trip.route.scope.behind, tried && [tried]);
}

/**
 * Not in a strict pool, which would rather refuse than let two edges disagree.
 *
 * @param left the epoch and the pod that it leaves, where the store has told of a later one than the token's
 */
function provisional(
  trip: Trip,
  token: Token,
  candidate: PodRuntime,
  cause: Cause,
  left: Pick<Token, "epoch" | "pod">,
): Seat | Refusal {
  if (candidate.pool.pool.strict) return NO_STORE;
  const next = { ...token, epoch: left.epoch + 1, pod: candidate.pod.tag, flags: PROVISIONAL };
  return { ...seated(trip, next, token, candidate, cause, true, left), own: token.pod };
}

/** @param left what its last move, if this is one, began from: an epoch, and the pod there */
function seated(
  trip: Trip,
  session: Token,
  before: Token,
  pod: PodRuntime,
  cause: Cause | undefined,
  issue: boolean,
  left: Pick<Token, "epoch" | "pod"> = before,
): Seat {
  const moved = before.pod !== pod.pod.tag;
  const apart = moved && (left.pod !== before.pod || session.epoch !== left.epoch + 1);
  return {
    pod,
    outcome: moved ? "moved" : "kept",
    session: issue ? { ...session, iat: seconds(trip.now) } : session,
    issue,
    errand: "none",
    from: moved ? podId(trip, before.pod) || undefined : undefined,
    cause: moved ? cause : undefined,
    legs: apart && cause !== undefined ? legTo(trip, left, session, cause) : undefined,
  };
}
