import { viaOf } from "../model/binding.ts";
import type { Swap } from "../model/ports.ts";
import { PROVISIONAL } from "../sessions/token.ts";
import { LONG, remember } from "./key-memory.ts";
import { recordKeyEnd } from "./silence.ts";
import type { SourceRuntime } from "./source.ts";
import { ask } from "./swap.ts";
import { type Seat, seconds, type Trip } from "./trip.ts";
import { catchUp, heardLate, putOff } from "./untold.ts";

/**
 * Takes in what the pod's response mints: a new key is bound to this pod before the response's headers pass, or the
 * client's next request would be there first. A pod that takes its cookie back ends the session.
 *
 * @returns undefined when there is nothing to wait for
 */
export function learn(trip: Trip, seat: Seat, response: Response): Promise<Seat> | undefined {
  const { edge, route, now } = trip;
  const bound: Promise<Seat>[] = [];
  for (const source of route.scope.minting) {
    const minted = source.minted(response.headers, now);
    if (minted === undefined) continue;
    if (minted.gone) {
      release(trip, source);
      continue;
    }
    const known = minted.key.length > LONG ? undefined : edge.keyed.get(source.label + minted.key);
    if (!route.issue) continue;
    // Many pods send their cookie with every response: only the first says anything, or one after the session's end.
    const lives = known !== undefined && known.checked > 0 && known.token.exp * 1000 >= now;
    if (lives && known.token.pod === seat.pod.pod.tag) continue;
    bound.push(bind(trip, source, minted.key, seat));
  }
  // A pod may mint for several sources of the chain at once: the client comes back with any of them.
  return bound.length === 0 ? undefined : Promise.all(bound).then((seats) => seats[0]!);
}

async function bind(trip: Trip, source: SourceRuntime, value: string, seat: Seat): Promise<Seat> {
  const { edge, view, now } = trip;
  const sid = await edge.keyer.sid(view.stamp.salt ?? "", source.label, value);
  const place = source.label + (value.length > LONG ? sid : value);
  const own: Trip = { ...trip, life: source.life, keyed: { source, sid, value, made: false, place } };
  const { tag } = seat.pod.pod;
  const exp = now + source.life.idle * 1000;
  const token = { sid, pod: tag, home: tag, epoch: 1, iat: seconds(now), exp: seconds(exp), flags: 0 };
  const swap: Swap = {
    op: "create",
    ...{ sid, epoch: 0, pod: tag, to: tag, home: tag, exp },
    cause: "expired-idle",
    created: now,
    via: viaOf(trip.route),
  };
  const answer = await ask(own, swap, token, "mint", (late) => heardLate(own, token, late));
  if (answer === undefined) {
    trip.untold = true;
    const alone = { ...token, flags: PROVISIONAL };
    putOff(own, alone, now);
    remember(own, alone);
  } else {
    if (answer.verdict === "WON" && answer.cause === "expired-idle") recordKeyEnd(own, answer);
    remember(own, { ...token, epoch: answer.epoch, pod: answer.pod, home: answer.home });
    if (edge.untold.size > 0) catchUp(own);
  }
  return seat.outcome === "unkeyed" ? { ...seat, outcome: "bound" } : seat;
}

/** Which value a deletion means is told by the request that was answered with it. */
function release(trip: Trip, source: SourceRuntime): void {
  const { edge, keyed, held } = trip;
  if (keyed?.source !== source || held === undefined) return;
  edge.keyed.delete(keyed.place);
  edge.untold.delete(keyed.sid);
  trip.released = true;
  const { store, guard } = edge;
  trip.background.waitUntil(guard.background(() => store.release(keyed.sid, held.pod)));
}
