import type { Break } from "../model/beat.ts";
import type { Told } from "./catalog.ts";

/** A break as an event, with the words of the ledger. Its key there, (sid, epoch) and whether it ended, is its key here. */
export function toldOf({
  at,
  sid,
  epoch,
  pool,
  from,
  to,
  cause,
}: Break): Told<"session-rebound" | "session-ended"> {
  return to === ""
    ? { at, kind: "session-ended", fields: { pool, from, cause, sid, epoch } }
    : { at, kind: "session-rebound", fields: { pool, from, to, cause, sid, epoch } };
}
