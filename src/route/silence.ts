import type { Swapped } from "../model/ports.ts";
import { recordBreak } from "./edge.ts";
import type { Keyed } from "./key-memory.ts";
import { podId } from "./legs.ts";
import type { Trip } from "./trip.ts";

/** A pause that is worth a note: since this isolate last heard of the session, which another may have seen since. */
export function noteKeyReturn({ edge, route, now, life }: Trip, { checked }: Keyed, sid: string): void {
  const gap = (now - checked) / 1000;
  if (gap * 4 > life.idle) edge.clues?.returned(route.scope.scope.id, sid, gap, false);
}

/** The session of this key had ended by silence when the key came again. */
export function recordKeyEnd(trip: Trip, answer: Swapped): void {
  // How long it was silent no store says: more than its time-out.
  trip.edge.clues?.returned(trip.route.scope.scope.id, trip.keyed!.sid, trip.life.idle + 1, true);
  const from = answer.from === undefined ? "" : podId(trip, answer.from);
  const pool = trip.route.scope.scope.id;
  const { sid } = trip.keyed!;
  // The epoch that ended; the one that began is the next.
  const epoch = answer.epoch - 1;
  const { idle } = trip.life;
  recordBreak(trip.edge, { at: trip.now, sid, epoch, pool, from, to: "", cause: "expired-idle", idle });
}

/** It fell silent, and a key that pods mint begins no other: said once, however often the old key comes. */
export function recordSilence(trip: Trip, answer: Swapped): void {
  const known = `${trip.keyed!.sid} ${answer.epoch}`;
  if (trip.edge.expired.get(known)) return;
  trip.edge.expired.set(known, true);
  // None has begun that would be the next epoch.
  recordKeyEnd(trip, { ...answer, epoch: answer.epoch + 1 });
}
