/** The windows that failures are counted in. Milliseconds. */
export const WINDOWS = [1000, 3000, 10_000] as const;
const BUCKET = 250;
const BUCKETS = WINDOWS[2] / BUCKET;

/** Answers of one window. */
export interface Tally {
  done: number;
  fail: number;
  /** From how many isolates the failures were told: 0, 1, or 2 for more. */
  isolates: number;
}

/** What one pod answered in the last 10 s, in buckets of 250 ms: its size does not depend on how many isolates there are. */
export class Failures {
  readonly #done = new Float64Array(BUCKETS);
  readonly #fail = new Float64Array(BUCKETS);
  /** Which 250 ms a bucket is of. */
  readonly #stamp = new Float64Array(BUCKETS).fill(-1);
  /** The first isolate that told failures, and whether another did. */
  readonly #first: string[] = new Array(BUCKETS).fill("");
  readonly #several = new Uint8Array(BUCKETS);

  add(isolate: string, done: number, fail: number, now: number): void {
    const stamp = Math.floor(now / BUCKET);
    const at = stamp % BUCKETS;
    if (this.#stamp[at] !== stamp) {
      this.#stamp[at] = stamp;
      this.#done[at] = this.#fail[at] = this.#several[at] = 0;
      this.#first[at] = "";
    }
    this.#done[at] = this.#done[at]! + done;
    this.#fail[at] = this.#fail[at]! + fail;
    if (fail === 0 || this.#first[at] === isolate) return;
    if (this.#first[at] === "") this.#first[at] = isolate;
    else this.#several[at] = 1;
  }

  /** What was told in the last `window` ms, one of {@link WINDOWS}, the bucket that is open included. */
  tally(window: number, now: number): Tally {
    const tally = { done: 0, fail: 0, isolates: 0 };
    const last = Math.floor(now / BUCKET);
    let first = "";
    for (let stamp = last - window / BUCKET + 1; stamp <= last; stamp++) {
      const at = ((stamp % BUCKETS) + BUCKETS) % BUCKETS;
      if (this.#stamp[at] !== stamp) continue;
      tally.done += this.#done[at]!;
      tally.fail += this.#fail[at]!;
      const told = this.#first[at]!;
      if (told === "") continue;
      const other = this.#several[at] === 1 || (first !== "" && told !== first);
      tally.isolates = other ? 2 : Math.max(1, tally.isolates);
      first = told;
    }
    return tally;
  }
}

/**
 * The lower end of what a rate may be when `hits` of `count` were seen, `z` standard deviations away (Wilson, 1927). Unlike
 * hits/count it says little of few: 5 of 5 are at least 0.36 at z = 3.
 */
export function wilsonLower(hits: number, count: number, z: number): number {
  if (count <= 0) return 0;
  const rate = hits / count;
  const zz = (z * z) / count;
  const spread = z * Math.sqrt((rate * (1 - rate)) / count + zz / (4 * count));
  return (rate + zz / 2 - spread) / (1 + zz);
}
