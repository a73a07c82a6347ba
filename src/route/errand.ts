import { PROVISIONAL, type Token } from "../sessions/token.ts";
import { bindingOf, retain, settle, swapOf } from "./swap.ts";
import type { Seat, Trip } from "./trip.ts";

/**
 * The candidate could not be reached either: back to the pod that this edge moved it from, so that the store names no pod
 * that never answered. Who meets that from elsewhere follows the store, and has left no pod for having failed.
 */
export function undo(trip: Trip, seat: Seat, before: Token): void {
  const { session, own } = seat;
  if (own === undefined || session === undefined || session.epoch === before.epoch) return;
  if ((session.flags & PROVISIONAL) !== 0) return;
  const { store, guard, settlements } = trip.edge;
  const { sid, epoch, pod } = before;
  const swap = { ...swapOf(trip, "rebind2", session, seat.pod, "store-adopt"), to: own };
  settlements.delete(sid);
  const keep = retain(trip, session);
  const work = async () => {
    settle(trip, swap, await store.swap(swap, keep));
    // Two epochs on, or wherever another has moved it: the cookie has heard of neither.
    settlements.set(sid, { epoch, pod, ahead: true });
  };
  trip.background.waitUntil(guard.background(work));
}

/** Off path after a response: tells the store of a new session, or that one is still there. */
export function runErrand(trip: Trip, seat: Seat): void {
  const { session } = seat;
  if (session === undefined || seat.errand === "none") return;
  const { store, guard, settlements } = trip.edge;
  const keep = retain(trip, session);
  const binding = bindingOf(trip, session);
  const { sid, epoch, pod } = session;
  const work = guard.background(async () => {
    if (seat.errand === "create") await store.create(binding, keep);
    else settlements.set(sid, { epoch, pod, ahead: (await store.renew(binding, keep)) === "ahead" });
    return true;
  });
  trip.background.waitUntil(
    work.then((done) => {
      // Its lists would miss the session until it is renewed, which may be long.
      if (done === undefined && seat.outcome === "bound")
        settlements.set(sid, { epoch, pod, ahead: false, owed: true });
    }),
  );
}
