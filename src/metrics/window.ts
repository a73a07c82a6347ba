const SECOND = 1000;
/** What can be looked back on. Milliseconds. */
export const LONGEST = 60_000;

/** Counts of the last minute and a bit by second, so that a share over any window up to that is exact to a second. */
export class Window {
  readonly #seconds = new Int32Array(64).fill(-1);
  readonly #all = new Float64Array(64);
  readonly #bad = new Float64Array(64);

  /** @param now milliseconds since the epoch */
  add(now: number, all: number, bad: number): void {
    const second = Math.floor(now / SECOND) % 2 ** 31;
    const slot = second % 64;
    if (this.#seconds[slot] !== second) {
      this.#seconds[slot] = second;
      this.#all[slot] = 0;
      this.#bad[slot] = 0;
    }
    this.#all[slot]! += all;
    this.#bad[slot]! += bad;
  }

  /**
   * Of the last `length` milliseconds, {@link LONGEST} at most, and what came before them in the second in which they begin:
   * windows of which each begins where the last ended leave nothing out.
   */
  sum(now: number, length: number): { readonly all: number; readonly bad: number } {
    const last = Math.floor(now / SECOND) % 2 ** 31;
    const first = Math.floor((now - length) / SECOND) % 2 ** 31;
    let all = 0;
    let bad = 0;
    for (let slot = 0; slot < 64; slot++) {
      const second = this.#seconds[slot]!;
      if (second < first || second > last) continue;
      all += this.#all[slot]!;
      bad += this.#bad[slot]!;
    }
    return { all, bad };
  }
}
