import { type Binding, type Cause, type Retention, viaOf } from "../model/binding.ts";
import type { Swap, Swapped } from "../model/ports.ts";
import { renewalAge, retention } from "../sessions/expiry.ts";
import type { Lane } from "../sessions/guard.ts";
import { reindex } from "../sessions/reindex.ts";
import type { Token } from "../sessions/token.ts";
import type { PodRuntime } from "./pods.ts";
import type { Trip } from "./trip.ts";

/**
 * One compare-and-set for each (sid, epoch) in this isolate; each waiter waits by its own timer.
 *
 * @param heard is told the answer also when it comes too late for all who wait
 */
export function ask(
  trip: Trip,
  swap: Swap,
  token: Token,
  lane: Lane,
  heard?: (answer: Swapped) => void,
): Promise<Swapped | undefined> {
  const { flights, guard, store } = trip.edge;
  // Who creates is told where it was created; who moves must know that it went where they meant.
  const to = lane === "move" ? swap.to : "";
  const key = `${swap.op} ${swap.sid} ${swap.epoch} ${to}`;
  let flight = flights.get(key);
  if (flight === undefined) {
    flight = guard
      .start(async () => {
        const answer = settle(trip, swap, await store.swap(swap, retain(trip, token)));
        heard?.(answer);
        return answer;
      }, lane)
      .finally(() => flights.delete(key));
    flights.set(key, flight);
    // Its owner's client may go away while others wait for it.
    trip.background.waitUntil(flight);
  }
  return guard.within(flight);
}

/**
 * Once for each answer, however many wait for it or have given up: the index follows off path, and whoever comes late with
 * the epoch that ended is told the same.
 */
export function settle(trip: Trip, swap: Swap, answer: Swapped): Swapped {
  const { clock, settlements } = trip.edge;
  if (swap.op === "rebind" || swap.op === "touch") {
    trip.edge.clues?.swapped(trip.route.scope.scope.id, answer.verdict === "ADOPT");
  }
  if (swap.op === "rebind") {
    const moved = { to: swap.to, answer, at: clock.now() };
    settlements.set(swap.sid, { epoch: swap.epoch, pod: swap.pod, ahead: true, moved });
  }
  const step = reindex(swap, answer);
  if (step === undefined) return answer;
  const { store, guard } = trip.edge;
  const keep = retain(trip, swap, swap.exp / 1000);
  trip.background.waitUntil(guard.background(() => store.index(swap.sid, step.from, step.to, keep)));
  return answer;
}

export function swapOf(trip: Trip, op: Swap["op"], token: Token, to: PodRuntime, cause: Cause): Swap {
  const { sid, epoch, pod, home } = token;
  const { created, exp, via } = bindingOf(trip, token);
  return { op, sid, epoch, pod, to: to.pod.tag, home, cause, created, exp, via };
}

export function bindingOf(trip: Trip, token: Token): Binding {
  const { sid, epoch, pod, home } = token;
  const { idle, absolute } = trip.life;
  // Absolute expiry is never extended, so it tells when the session began; what has none is seen now.
  const created = absolute === undefined ? trip.now : (token.exp - absolute) * 1000;
  const exp = absolute === undefined ? trip.now + idle * 1000 : token.exp * 1000;
  const via = viaOf(trip.route);
  return { sid, epoch, pod, home, state: "A", cause: "", created, exp, via };
}

/** @param exp the absolute expiry in seconds; the token's unless given */
export function retain(trip: Trip, { sid, exp: own }: Pick<Token, "sid" | "exp">, exp = own): Retention {
  const { idle, absolute } = trip.life;
  const now = trip.now / 1000;
  if (absolute !== undefined) return retention(idle, renewalAge(idle, sid), exp, now);
  const { ttl } = retention(idle, 0, now + idle, now);
  return { ttl, expires: trip.now + idle * 1000 };
}
