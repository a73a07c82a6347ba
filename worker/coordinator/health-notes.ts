import type { Tell } from "../../src/events/catalog.ts";
import type { EjectionFlip } from "../../src/health/ejection.ts";
import { type Pod, tagToHex } from "../../src/model/pod.ts";
import type { Snapshot } from "../../src/model/snapshot.ts";
import type { HealthLog } from "./health-log.ts";
import type { Ledger } from "./ledger.ts";
import { EJECTION } from "./sight.ts";

/** Knows pods by the names that the config has for them, and tells, lists and counts what flips of their health. */
export class HealthNotes {
  readonly #log: HealthLog;
  readonly #ledger: Ledger;
  readonly #tell: Tell;
  readonly #flipped: (now: number) => void;
  #pods: ReadonlyMap<string, Pod> = new Map();

  /** @param flipped is called once a flip is told and on the disk */
  constructor(log: HealthLog, ledger: Ledger, tell: Tell, flipped: (now: number) => void) {
    this.#log = log;
    this.#ledger = ledger;
    this.#tell = tell;
    this.#flipped = flipped;
  }

  /** The pods of the snapshot in force by the 12 hex digits of their tags. */
  get pods(): ReadonlyMap<string, Pod> {
    return this.#pods;
  }

  follow(snapshot: Snapshot): void {
    this.#pods = new Map(snapshot.pools.flatMap(({ pods }) => pods.map((pod) => [tagToHex(pod.tag), pod])));
  }

  note(tag: string, check: string, state: string): void {
    const { pool, id } = this.#pods.get(tag) ?? { pool: "", id: tag };
    this.#tell("health-changed", { pool, pod: id, check, state });
    this.#log.record(tag, check, state, Date.now());
    this.#flipped(Date.now());
  }

  ejections(flips: readonly EjectionFlip[]): void {
    for (const { tag, out } of flips) {
      this.note(tag, EJECTION, out ? "ejected" : "returned");
      const pool = JSON.stringify([this.#pods.get(tag)?.pool ?? ""]);
      if (out) this.#ledger.tally({ mooring_ejections_total: { [pool]: 1 } });
    }
  }
}
