const SECOND = 1000;

/** Counts of the last minute and a bit by second, so that a share over any window up to that is exact to the second. */
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

  /** Of the last `length` milliseconds, 60,000 at most. */
  sum(now: number, length: number): { readonly all: number; readonly bad: number } {
    const last = Math.floor(now / SECOND) % 2 ** 31;
    const first = last - Math.ceil(length / SECOND) + 1;
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
