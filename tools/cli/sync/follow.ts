import type { Listed, WatchEvent } from "./events.ts";
import { Mirror } from "./mirror.ts";
import type { Synced, Writer } from "./writer.ts";

export interface Timing {
  /** After the last event. Milliseconds. */
  readonly quiet: number;
  /** After the first of many that do not end. Milliseconds. */
  readonly most: number;
}

/** A rolling deploy comes in bursts: what stands a second later is written, or five at the latest. */
export const TIMING: Timing = { quiet: 1000, most: 5000 };

/**
 * Writes what events come to, once it is quiet. Nothing is written before all kinds have been listed: a half of a cluster
 * would take the pods of the other half away.
 */
export class Follow {
  readonly #mirror = new Mirror();
  readonly #missing: Set<string>;
  readonly #writer: Pick<Writer, "write">;
  readonly #done: (synced: Synced | undefined) => void;
  readonly #timing: Timing;
  #first: number | undefined;
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> = Promise.resolve();
  #fail: (error: unknown) => void = () => undefined;
  /** Rejects when writing failed for good. */
  readonly failed: Promise<never>;

  /** @param kinds that must be listed first; none for a recorded stream */
  constructor(
    kinds: Iterable<string>,
    writer: Pick<Writer, "write">,
    done: (synced: Synced | undefined) => void,
    timing: Timing = TIMING,
  ) {
    this.#missing = new Set(kinds);
    this.#writer = writer;
    this.#done = done;
    this.#timing = timing;
    this.failed = new Promise((_, reject) => {
      this.#fail = reject;
    });
    this.failed.catch(() => undefined);
  }

  /** Takes one event in; `kind` says what an empty list is one of. */
  event(event: WatchEvent | Listed, kind?: string): void {
    const waited = this.#missing.size > 0;
    const changed =
      event.type === "LISTED" ? this.#mirror.relist(event.object, kind) : this.#mirror.take(event);
    if (event.type === "LISTED" && kind !== undefined) this.#missing.delete(kind);
    if (this.#missing.size > 0 || !(changed || waited)) return;
    const now = Date.now();
    this.#first ??= now;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(
      () => this.flush(),
      Math.max(0, Math.min(this.#timing.quiet, this.#first + this.#timing.most - now)),
    );
  }

  /** Writes now what is not written yet, after what is being written. Resolves when it is in force. */
  flush(): Promise<void> {
    clearTimeout(this.#timer);
    if (this.#first === undefined) return this.#writing;
    this.#first = undefined;
    this.#writing = this.#writing.then(async () => this.#done(await this.#writer.write(this.#mirror)));
    this.#writing.catch(this.#fail);
    return this.#writing;
  }
}
