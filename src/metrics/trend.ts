import { OUTCOMES, type Outcome } from "../model/decision.ts";
import { CATALOG } from "./catalog.ts";
import { quantile } from "./quantile.ts";

const { bounds: BOUNDS } = CATALOG.mooring_request_duration_seconds;
/** What a bin holds: requests by outcome, those answered 5xx, and the histogram of how long they took. */
const ERRORS = OUTCOMES.length;
const BUCKETS = ERRORS + 1;
const WIDTH = BUCKETS + BOUNDS.length + 1;

/** Requests of one stretch of time. */
export interface TrendBin {
  readonly outcomes: Readonly<Record<Outcome, number>>;
  /** Those of them that were answered 5xx. */
  readonly errors: number;
  /** Until the response's headers, by interpolation in the histogram's buckets. Milliseconds; null: none was timed. */
  readonly p50: number | null;
  readonly p99: number | null;
}

/** Requests of the last while in bins of equal length, in a ring: what is older is written over. */
export class Trend {
  /** Milliseconds. */
  readonly step: number;
  readonly length: number;
  readonly #numbers: Int32Array;
  readonly #cells: Float64Array;

  /**
   * @param step of a bin, milliseconds
   * @param length bins
   */
  constructor(step: number, length: number) {
    this.step = step;
    this.length = length;
    this.#numbers = new Int32Array(length).fill(-1);
    this.#cells = new Float64Array(length * WIDTH);
  }

  count(outcome: Outcome, code: number, count: number, now: number): void {
    const at = this.#at(now);
    this.#cells[at + OUTCOMES.indexOf(outcome)]! += count;
    if (code >= 500) this.#cells[at + ERRORS]! += count;
  }

  time(bucket: number, count: number, now: number): void {
    this.#cells[this.#at(now) + BUCKETS + Math.min(bucket, BOUNDS.length)]! += count;
  }

  /** The newest bins, the oldest of them first; the last is the one that now is in. */
  bins(count: number, now: number): TrendBin[] {
    const last = this.#number(now);
    return Array.from({ length: count }, (_, i) => binOf(this.#row(last - count + 1 + i)));
  }

  /** The same bins as one. */
  sum(count: number, now: number): TrendBin {
    const last = this.#number(now);
    const all = new Float64Array(WIDTH);
    for (let i = 0; i < count; i++) {
      const row = this.#row(last - i);
      for (let cell = 0; cell < WIDTH; cell++) all[cell]! += row[cell] ?? 0;
    }
    return binOf(all);
  }

  #number(now: number): number {
    return Math.floor(now / this.step);
  }

  #row(number: number): Float64Array {
    const slot = number % this.length;
    return this.#numbers[slot] === number
      ? this.#cells.subarray(slot * WIDTH, (slot + 1) * WIDTH)
      : new Float64Array(WIDTH);
  }

  #at(now: number): number {
    const number = this.#number(now);
    const slot = number % this.length;
    if (this.#numbers[slot] !== number) {
      this.#numbers[slot] = number;
      this.#cells.fill(0, slot * WIDTH, (slot + 1) * WIDTH);
    }
    return slot * WIDTH;
  }
}

function binOf(row: Float64Array): TrendBin {
  const outcomes = Object.fromEntries(OUTCOMES.map((name, i) => [name, row[i]!])) as Record<Outcome, number>;
  const counts = row.subarray(BUCKETS);
  return {
    outcomes,
    errors: row[ERRORS]!,
    p50: quantile(counts, BOUNDS, 0.5) ?? null,
    p99: quantile(counts, BOUNDS, 0.99) ?? null,
  };
}
