import { CATALOG } from "./catalog.ts";
import type { Tally } from "./tally.ts";

/** The label that stands last in the samples of a histogram: a bucket's number, or its sum. */
export const SUM = "sum";

/** One histogram in the making: how many fell into each bucket, the open one last. */
export class Histogram {
  readonly counts: Uint32Array;
  readonly #bounds: readonly number[];
  sum = 0;

  constructor(bounds: readonly number[]) {
    this.#bounds = bounds;
    this.counts = new Uint32Array(bounds.length + 1);
  }

  /** @param ms a value at a bound is within it, as in Prometheus */
  add(ms: number): void {
    const bounds = this.#bounds;
    let bucket = 0;
    while (bucket < bounds.length && ms > bounds[bucket]!) bucket++;
    this.counts[bucket] = this.counts[bucket]! + 1;
    this.sum += ms;
  }

  /** Adds what it holds to a tally, and is empty again. */
  drain(tally: Tally, family: string, labels: readonly string[]): void {
    this.counts.forEach((count, bucket) => {
      tally.add(family, [...labels, String(bucket)], count);
    });
    tally.add(family, [...labels, SUM], this.sum);
    this.counts.fill(0);
    this.sum = 0;
  }
}

const TOTAL = "mooring_request_duration_seconds";
const OVERHEAD = "mooring_overhead_duration_seconds";

/** How long requests took, by pool: typed arrays, so that a request allocates nothing here. */
export class Timings {
  readonly #pools = new Map<string, readonly [total: Histogram, overhead: Histogram]>();
  #pending = false;

  get pending(): boolean {
    return this.#pending;
  }

  /**
   * @param total until the response's headers, milliseconds
   * @param waited of that, what pods took, milliseconds
   */
  add(pool: string, total: number, waited: number): void {
    let pair = this.#pools.get(pool);
    if (pair === undefined) {
      pair = [new Histogram(CATALOG[TOTAL].bounds), new Histogram(CATALOG[OVERHEAD].bounds)];
      this.#pools.set(pool, pair);
    }
    // A clock that was put back makes nothing negative.
    pair[0].add(Math.max(0, total));
    pair[1].add(Math.max(0, total - waited));
    this.#pending = true;
  }

  /** Adds what was timed to a tally, and is empty again. */
  drain(tally: Tally): void {
    if (!this.#pending) return;
    for (const [pool, [total, overhead]] of this.#pools) {
      total.drain(tally, TOTAL, [pool]);
      overhead.drain(tally, OVERHEAD, [pool]);
    }
    this.#pending = false;
  }
}
