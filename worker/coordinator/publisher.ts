import type { Tell } from "../../src/events/catalog.ts";
import { errorText } from "../../src/events/record.ts";
import type { SnapshotStore } from "../sessions/snapshot.ts";
import type { ConfigStore } from "./config-store.ts";

/** What could not be written is tried again no sooner than this, however many heartbeats come. Milliseconds. */
const RETRY = 10_000;

/** Leaves the record of the config in the store, where it outlives this disk, and where cold edges find it. */
export class Publisher {
  readonly #config: ConfigStore;
  readonly #snapshots: SnapshotStore;
  readonly #tell: Tell;
  #busy = false;
  /** When it was last tried in vain. Milliseconds since the epoch. */
  #failed = 0;

  constructor(config: ConfigStore, snapshots: SnapshotStore, tell: Tell) {
    this.#config = config;
    this.#snapshots = snapshots;
    this.#tell = tell;
  }

  /** Writes what the store has not got. What fails is tried again with a later heartbeat. */
  publish(background: Pick<DurableObjectState, "waitUntil">): void {
    const { record } = this.#config;
    if (record === undefined || this.#busy) return;
    if (Math.abs(Date.now() - this.#failed) < RETRY) return;
    const mark = `${record.revision} ${record.salt}`;
    if (this.#config.meta("published") === mark) return;
    this.#busy = true;
    this.#failed = Date.now();
    const put = this.#snapshots.put(JSON.stringify(record)).then(
      () => {
        this.#config.setMeta("published", mark);
        this.#failed = 0;
      },
      (error) => this.#tell("snapshot-unwritten", { error: errorText(error) }),
    );
    background.waitUntil(put.finally(() => (this.#busy = false)));
  }
}
