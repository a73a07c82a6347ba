import type { Binding, Cause, Retention } from "../model/binding.ts";
import type { PodTag } from "../model/pod.ts";
import type { Swap, Swapped } from "../model/ports.ts";
import { without } from "../policies/policy.ts";
import { renewalAge, retention } from "../sessions/expiry.ts";
import { PROVISIONAL, type Token } from "../sessions/token.ts";
import type { PodRuntime, PoolRuntime } from "./pods.ts";
import { NO_POD } from "./problem.ts";
import { seatNew } from "./seat.ts";
import { type Seat, type Seated, seconds, type Trip } from "./trip.ts";

/**
 * Step 5: the session's pod does not keep it any more. The candidate comes from the pool's hash table by the sid and the
 * shared view alone, so that every edge finds the same one; the store's compare-and-set lets one of them win. Without an
 * answer in time the candidate is taken anyway, provisionally.
 *
 * @param pod the pod that the token names, if it is still in the config
 * @param failed a pod that this very request could not connect to, which no shared view knows of yet
 */
export async function rebind(
  trip: Trip,
  token: Token,
  pod: PodRuntime | undefined,
  failed: PodRuntime | undefined,
): Promise<Seated> {
  const candidate = candidateFor(trip, token, pod, failed);
  // With nowhere to go it may as well be tried where it is: the view may be wrong, and nothing moves for it.
  const stay = candidate === pod || (candidate === undefined && failed === undefined && pod?.meaning.tried);
  if (pod !== undefined && stay) return seated(trip, token, token, pod, undefined, false);
  if (candidate === undefined) return NO_POD;
  const cause: Cause = pod === undefined ? "config-change" : failed === pod ? "pod-gone" : pod.meaning.cause;
  if (trip.preflight) return seated(trip, token, token, candidate, cause, false);
  const swap = swapOf(trip, "rebind", token, candidate, cause);
  const answer = await ask(trip, swap, token);
  if (answer === undefined) return provisional(trip, token, candidate, cause, token.epoch);
  return follow(trip, token, answer, swap, candidate, failed);
}

/** The next request after the store was found ahead: asks it, and follows. */
export async function touch(trip: Trip, token: Token, pod: PodRuntime): Promise<Seated> {
  const swap = swapOf(trip, "touch", token, pod, "store-adopt");
  const answer = await ask(trip, swap, token);
  if (answer === undefined) return seated(trip, token, token, pod, undefined, false);
  trip.edge.settlements.delete(token.sid);
  return follow(trip, token, answer, swap, pod, undefined);
}

/** What the store answered, made a seat. An adopted pod that is dead in this view too is replaced once. */
async function follow(
  trip: Trip,
  token: Token,
  answer: Swapped,
  swap: Swap,
  candidate: PodRuntime,
  failed: PodRuntime | undefined,
): Promise<Seated> {
  if (answer.verdict === "REVOKED") return seatNew(trip, undefined);
  // The store has spoken, so nothing is provisional any more.
  const next = { ...token, epoch: answer.epoch, pod: answer.pod, home: answer.home, flags: 0 };
  if (answer.verdict === "KEPT") return seated(trip, next, token, candidate, undefined, true);
  if (answer.verdict === "WON") return seated(trip, next, token, candidate, swap.cause, true);
  const adopted = trip.route.scope.pods.get(answer.pod);
  if (adopted?.keep && adopted !== failed) {
    return seated(trip, next, token, adopted, answer.cause || "store-adopt", true);
  }
  if (swap.op === "rebind2") return provisional(trip, token, candidate, swap.cause, answer.epoch);
  const target = swap.op === "touch" ? candidateFor(trip, next, adopted, failed) : candidate;
  if (target === undefined) return NO_POD;
  const cause: Cause = adopted === undefined ? "config-change" : adopted.meaning.cause;
  const second = swapOf(trip, "rebind2", next, target, cause);
  const final = await ask(trip, second, token);
  if (final === undefined) return provisional(trip, token, target, cause, answer.epoch);
  return follow(trip, token, final, second, target, failed);
}

/** The candidate could not be reached either: back to the old pod, so that the store names no pod that never answered. */
export function undo(trip: Trip, seat: Seat, before: Token): void {
  const { session } = seat;
  if (session === undefined || session.epoch === before.epoch || (session.flags & PROVISIONAL) !== 0) return;
  const { store, guard } = trip.edge;
  const swap = { ...swapOf(trip, "rebind2", session, seat.pod, "pod-gone"), to: before.pod };
  const keep = retain(trip, session);
  trip.background.waitUntil(guard.background(async () => settle(trip, swap, await store.swap(swap, keep))));
}

/** Off path after a response: tells the store of a new session, or that one is still there. */
export function runErrand(trip: Trip, seat: Seat): void {
  const { session } = seat;
  if (session === undefined || seat.errand === "none") return;
  const { store, guard, settlements } = trip.edge;
  const keep = retain(trip, session);
  const binding = bindingOf(trip, session);
  const work = guard.background(async () => {
    if (seat.errand === "create") return store.create(binding, keep);
    const found = await store.renew(binding, keep);
    settlements.set(session.sid, { epoch: session.epoch, ahead: found === "ahead" });
  });
  trip.background.waitUntil(work);
}

/** The pod for a session that must move; its own side first, so that a canary's session stays a canary's. */
function candidateFor(
  trip: Trip,
  token: Token,
  pod: PodRuntime | undefined,
  failed: PodRuntime | undefined,
): PodRuntime | undefined {
  const { pools } = trip.route.scope;
  const home = pod?.pool.pool.name ?? trip.view.departed.get(token.pod)?.pool;
  const own = pools.find((pool) => pool.pool.name === home);
  const order: PoolRuntime[] =
    own === undefined ? [...pools] : [own, ...pools.filter((pool) => pool !== own)];
  for (const pool of order) {
    const { shared } = pool;
    const standing = failed?.pool === pool ? without(shared, pool.pool.pods, failed.pod.index) : shared;
    const index = pool.table().lookup(token.sid, standing);
    if (index >= 0) return pool.pods[index];
  }
  return undefined;
}

/** One compare-and-set for each (sid, epoch) in this isolate; each waiter waits by its own timer. */
function ask(trip: Trip, swap: Swap, token: Token): Promise<Swapped | undefined> {
  const { flights, guard, store } = trip.edge;
  const key = `${swap.op} ${swap.sid} ${swap.epoch} ${swap.to}`;
  let flight = flights.get(key);
  if (flight === undefined) {
    flight = guard
      .start(async () => settle(trip, swap, await store.swap(swap, retain(trip, token))))
      .finally(() => flights.delete(key));
    flights.set(key, flight);
    // Its owner's client may go away while others wait for it.
    trip.background.waitUntil(flight);
  }
  return guard.within(flight);
}

/** Once for each answer, however many wait for it: the index follows off path. */
function settle(trip: Trip, swap: Swap, answer: Swapped): Swapped {
  const won = answer.verdict === "WON";
  if (!won && answer.verdict !== "KEPT") return answer;
  const { store, guard } = trip.edge;
  const { idle } = trip.cookie!;
  const keep = retention(idle, renewalAge(idle, swap.sid), swap.exp / 1000, trip.now / 1000);
  const left = won && swap.pod !== swap.to ? swap.pod : undefined;
  trip.background.waitUntil(guard.background(() => store.index(swap.sid, left, answer.pod, keep)));
  return answer;
}

/** The id of a pod of the scope, or of one that has left it; empty when nobody knows it any more. */
function podId(trip: Trip, tag: PodTag): string {
  return trip.route.scope.pods.get(tag)?.pod.id ?? trip.view.departed.get(tag)?.id ?? "";
}

function provisional(trip: Trip, token: Token, candidate: PodRuntime, cause: Cause, above: number): Seat {
  const next = { ...token, epoch: above + 1, pod: candidate.pod.tag, flags: PROVISIONAL };
  return seated(trip, next, token, candidate, cause, true);
}

function seated(
  trip: Trip,
  session: Token,
  before: Token,
  pod: PodRuntime,
  cause: Cause | undefined,
  issue: boolean,
): Seat {
  const moved = before.pod !== pod.pod.tag;
  return {
    pod,
    outcome: moved ? "moved" : "kept",
    session: issue ? { ...session, iat: seconds(trip.now) } : session,
    issue,
    errand: "none",
    from: moved ? podId(trip, before.pod) || undefined : undefined,
    cause: moved ? cause : undefined,
  };
}

function swapOf(trip: Trip, op: Swap["op"], token: Token, to: PodRuntime, cause: Cause): Swap {
  const { sid, epoch, pod, home } = token;
  const { created, exp } = bindingOf(trip, token);
  return { op, sid, epoch, pod, to: to.pod.tag, home, cause, created, exp };
}

function bindingOf(trip: Trip, token: Token): Binding {
  const { sid, epoch, pod, home } = token;
  // Absolute expiry is never extended, so it tells when the session began.
  const created = (token.exp - trip.cookie!.absolute) * 1000;
  return { sid, epoch, pod, home, state: "A", cause: "", created, exp: token.exp * 1000 };
}

function retain(trip: Trip, token: Token): Retention {
  const { idle } = trip.cookie!;
  return retention(idle, renewalAge(idle, token.sid), token.exp, trip.now / 1000);
}
