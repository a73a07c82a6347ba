/** Time in which an old latency loses all but 1/e of its say. Milliseconds. */
const DECAY = 10_000;

/** A load beyond all that latencies make: of a pod that has a request in flight and was never seen to answer one. */
const UNSEEN = 1e15;

/**
 * What the next request at each pod costs: its latency × its requests in flight. The latency is a moving average that
 * falls with time and jumps to every peak at once (Finagle, PeakEwma): a pod that turns slow is found out by its first slow
 * answer, and forgiven by and by. Also when nothing is sent to it: it is 0 after a while, and gets another try.
 */
export class Ewma {
  readonly #weights: Float64Array;
  readonly #mean: number;
  readonly #latency: Float64Array;
  readonly #seen: Float64Array;
  #last = 0;

  /** @param weights one a pod, ≥ 0 */
  constructor(weights: readonly number[]) {
    this.#weights = Float64Array.from(weights);
    this.#mean = weights.reduce((sum, weight) => sum + weight, 0) / Math.max(1, weights.length);
    this.#latency = new Float64Array(weights.length);
    this.#seen = new Float64Array(weights.length);
  }

  /** A pod answered after `latency` milliseconds. What is no latency is not taken; a clock that goes back stands still. */
  observe(index: number, latency: number, now: number): void {
    if (!(latency >= 0) || latency === Number.POSITIVE_INFINITY || index >= this.#latency.length) return;
    const before = this.#latency[index]!;
    const kept = this.#kept(index, now);
    this.#latency[index] = latency >= before ? latency : before * kept + latency * (1 - kept);
    this.#seen[index] = Math.max(now, this.#seen[index]!);
    this.#last = Math.max(now, this.#last);
  }

  /**
   * The load of a pod of positive weight. Requests in flight count by its weight against the mean, so that idle pods that
   * are equally fast are equal, and the draw by weight decides.
   * @param now absent: when the last answer came
   */
  load(index: number, inflight: number, now: number = this.#last): number {
    const latency = this.#latency[index]! * this.#kept(index, now);
    const own = (inflight * this.#mean) / this.#weights[index]!;
    return latency === 0 && inflight > 0 ? UNSEEN + own : latency * (1 + own);
  }

  /** The last moment, then latencies, then when they were seen. */
  state(): readonly number[] {
    return [this.#last, ...this.#latency, ...this.#seen];
  }

  restore([last = 0, ...rest]: readonly number[]): void {
    this.#last = last;
    this.#latency.set(rest.slice(0, this.#latency.length));
    this.#seen.set(rest.slice(this.#latency.length));
  }

  /** The part of the average that is left: e^(−t/decay). */
  #kept(index: number, now: number): number {
    return Math.exp(-Math.max(0, now - this.#seen[index]!) / DECAY);
  }
}
