import type { Fields, KindName, Tell, Told } from "../../src/events/catalog.ts";
import { errorText, recordOf } from "../../src/events/record.ts";
import { write } from "../log.ts";
import { EventRing } from "./event-ring.ts";
import { EventStreams } from "./event-streams.ts";

/** What the coordinator tells for the fleet: each event once into its log, onto its disk and to whoever follows. */
export class EventLog {
  readonly ring: EventRing;
  readonly streams: EventStreams;
  #unkept = false;

  constructor(sql: SqlStorage) {
    this.ring = new EventRing(sql, Date.now());
    this.streams = new EventStreams(this.ring, (after) =>
      this.tell("stream-dropped", { after, error: "its client read nothing" }),
    );
  }

  /** Never throws: what happened has happened, whether the disk takes it or not. */
  readonly tell: Tell = <K extends KindName>(kind: K, fields: Fields<K>, at: number = Date.now()) => {
    const record = recordOf({ at, kind, fields } as Told);
    let id = 0;
    try {
      id = this.ring.add(record);
      this.#unkept = false;
    } catch (error) {
      const first = !this.#unkept;
      this.#unkept = true;
      // Once: the log must not double while a disk is full.
      if (first) this.tell("events-unkept", { error: errorText(error) });
    }
    write(record, "coordinator", id);
    if (id > 0) this.streams.wake();
  };
}
