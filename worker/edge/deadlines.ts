import type { Background } from "../../src/model/ports.ts";

/** How late a deadline may be seen. Milliseconds. */
const SWEEP = 250;
/** How long one sweeper goes on at most: Cloudflare ends what waits for 30 s after its response. Milliseconds. */
const WATCH = 25_000;
/** A sweeper that has not swept for so long was ended by the platform. Milliseconds. */
const SILENT = 4 * SWEEP;

/** Within which a request that lives has heard that its time is over. Milliseconds. */
const HEARD = 1000;

/** One wait that may end by its deadline. */
export interface Deadline {
  readonly at: number;
  readonly expire: () => void;
  /** Told a little later, by whoever sweeps then: the request may have ended with its client, and hear of nothing. */
  readonly after?: (() => void) | undefined;
}

/**
 * The time-outs of all requests of an isolate, swept by one of them: a timer for each would cost a request 4 % of its
 * CPU. A timer ends with the request that set it, so a request relies on a sweeper only when that one is alive and will
 * outlast its deadline; else it sweeps itself.
 */
export class Deadlines {
  readonly #waits = new Set<Deadline>();
  /** Until when the newest sweeper goes on. */
  #until = 0;
  #swept = 0;
  /** The request that it sweeps for. */
  #host: Background | undefined;

  /** How many requests wait for a pod's headers, or the next piece of its body. */
  get size(): number {
    return this.#waits.size;
  }

  add(timeout: number, expire: () => void, background: Background, after?: () => void): Deadline {
    const now = Date.now();
    const wait = { at: now + timeout, expire, after };
    this.#waits.add(wait);
    if (wait.at + SWEEP > this.#until || now - this.#swept > SILENT) {
      this.#swept = now;
      const until = Math.max(now + WATCH, wait.at + 2 * SWEEP);
      this.#until = until;
      this.#host = background;
      background.waitUntil(this.#sweep(until));
    }
    return wait;
  }

  delete(wait: Deadline): void {
    this.#waits.delete(wait);
  }

  /** All work of a request will end at once: the next one that waits sweeps for all. */
  leave(background: Background): void {
    if (this.#host === background) this.#until = 0;
  }

  /** Sweeps until its time is over, a younger one has taken over, or nothing waits any more. */
  async #sweep(until: number): Promise<void> {
    while (this.#until === until) {
      await new Promise((resolve) => setTimeout(resolve, SWEEP));
      const now = Date.now();
      this.#swept = now;
      for (const wait of this.#waits) {
        if (wait.at > now) continue;
        this.#waits.delete(wait);
        wait.expire();
        if (wait.after !== undefined) this.#waits.add({ at: now + HEARD, expire: wait.after });
      }
      if (now >= until || this.#waits.size === 0) break;
    }
    if (this.#until === until) this.#until = 0;
  }
}
