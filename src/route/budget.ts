/** What is looked back on. Seconds. */
const SPAN = 10;
/** Retries that are always allowed, each second. */
const FLOOR = 3;

/**
 * How many requests of a pool may be tried again: a share of those that came in the last 10 s, or 3 a second where that
 * is more (after Finagle's RetryBudget). Without it retries would multiply the load just when every pod has too much.
 */
export class RetryBudget {
  readonly #offered = new Uint32Array(SPAN);
  readonly #spent = new Uint32Array(SPAN);
  /** The newest second that is counted; sums of all that are. */
  #second = 0;
  #requests = 0;
  #retries = 0;

  /** A request came. Milliseconds since the epoch, as everywhere here. */
  count(now: number): void {
    const slot = this.#turn(now);
    this.#offered[slot] = this.#offered[slot]! + 1;
    this.#requests++;
  }

  /** Retries that are left now. @param share of the requests, 0..1 */
  left(now: number, share: number): number {
    this.#turn(now);
    return Math.max(0, Math.floor(Math.max(share * this.#requests, FLOOR * SPAN)) - this.#retries);
  }

  /** One more request is sent, whether or not any is left. */
  spend(now: number): void {
    const slot = this.#turn(now);
    this.#spent[slot] = this.#spent[slot]! + 1;
    this.#retries++;
  }

  /** Forgets what is too old, and everything when the clock was put back. */
  #turn(now: number): number {
    const second = Math.floor(now / 1000);
    const ahead = second - this.#second;
    if (ahead <= -SPAN || ahead >= SPAN) {
      this.#offered.fill(0);
      this.#spent.fill(0);
      this.#requests = 0;
      this.#retries = 0;
      this.#second = second;
    }
    // A request that came a moment ago may be counted after one that came since.
    while (this.#second < second) {
      const slot = ++this.#second % SPAN;
      this.#requests -= this.#offered[slot]!;
      this.#retries -= this.#spent[slot]!;
      this.#offered[slot] = 0;
      this.#spent[slot] = 0;
    }
    return this.#second % SPAN;
  }
}
