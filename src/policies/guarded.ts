import type { Standing } from "./policy.ts";
import { spread, Wheel } from "./wheel.ts";

/** What the fleet's load looks like from one isolate; indexes are `Pod.index`. */
export interface FleetView {
  /** Requests in flight by other isolates. */
  readonly others: Float64Array;
  /** What a pod is worth beside a normal one, 0..1. */
  readonly worth: Float64Array;
  /** Seconds that a request is in flight; 0: not known. */
  readonly m: number;
  /** What the load is smoothed over. Milliseconds. */
  readonly tau: number;
  /** Of when the view is. Milliseconds since the epoch; −∞: there is none. */
  readonly at: number;
  /** Whether no other isolate is active. */
  readonly alone: boolean;
}

/** What a heartbeat takes one way. Milliseconds. */
const WAY = 30;
/** A view that foretells the present as well as this is as good as being there. */
const FRESH = 0.78;
/** Worths are believed for this long. Milliseconds. */
const WORTH_LASTS = 60_000;
/** The period of heartbeats below which nobody waits for one. Seconds: long requests only. */
const LONG = 2;
/** Draws that pods of little worth may refuse before the worths are added up one by one; draws of a challenger. */
const TRIES = 8;

/**
 * How well a view foretells the present, 0..1: of the requests that were in flight then, this part still is, if they take
 * `m` seconds. The view is as old as its age, the way here and half of what it was smoothed over. All but `m` in ms.
 */
export function foresight(age: number, tau: number, m: number): number {
  return m > 0 ? Math.exp(-(age + WAY + tau / 2) / (1000 * m)) : 0;
}

/**
 * How far two loads must differ before what is known of others decides: two standard deviations of what may have changed
 * since. The number in flight by others is about Poisson, so that of x + y then, (x + y)(1 − φ²) is unexplained now.
 */
export function tolerance(phi: number, x: number, y: number): number {
  return phi > FRESH ? 0 : 2 * Math.sqrt((x + y) * (1 - phi * phi));
}

/**
 * Whether a new placement of a long request gains by asking the coordinator first: its view would be old by the measure of
 * how long requests last. Times in ms, m in s.
 */
export function worthAsking(view: FleetView, now: number, period: number): boolean {
  return view.m >= LONG && now - view.at > Math.min(period, 500 * view.m);
}

/**
 * Guarded power of two choices: of two pods drawn by weight and worth, the one with less load, that of other isolates
 * included, when the difference is more than the age of that knowledge explains; else the one with less of this isolate's
 * own. Adding a stale total to one's own would send everybody to the same pods.
 */
export class Guarded {
  /** Relative to the mean of those above 0, so that loads for each weight are still about as large as the numbers they come from. */
  readonly #weights: Float64Array;
  readonly #wheel: Wheel;
  readonly #all: boolean;

  /** @param all the best of all pods, where the view is as good as being there; else of two */
  constructor(weights: readonly number[], all: boolean) {
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    this.#weights = Float64Array.from(weights, (weight) =>
      total > 0 ? (weight * weights.length) / total : 0,
    );
    this.#wheel = new Wheel(weights);
    this.#all = all;
  }

  /**
   * The index of the pod for a new session, or -1 when every pod is out.
   *
   * @param word 32 random bits @param warmth 0..1 for each pod, below 1 while it starts slowly; undefined: all are warm
   */
  pick(
    word: number,
    standing: Pick<Standing, "out" | "live" | "inflight">,
    view: FleetView,
    now: number,
    warmth?: ArrayLike<number>,
  ): number {
    const age = Math.max(0, now - view.at);
    const known = age <= 3 * Math.max(view.tau, 1000 * view.m);
    const worths = age <= WORTH_LASTS ? view.worth : undefined;
    const phi = known ? foresight(age, view.tau, view.m) : 0;
    const first = this.#draw(word, standing, worths, warmth);
    if (standing.live < 2) return first;
    const others = known ? view.others : undefined;
    if (this.#all && (view.alone || phi > FRESH)) return this.#least(first, standing, others, worths);
    const second = this.#challenger(first, word, standing, worths, warmth);
    return this.#better(second, first, phi, standing.inflight, others, worths) ? second : first;
  }

  /** Another pod than the first, drawn by weight; the first again when it refuses, by its worth and warmth. */
  #challenger(
    first: number,
    word: number,
    standing: Pick<Standing, "out" | "live">,
    worths: Float64Array | undefined,
    warmth: ArrayLike<number> | undefined,
  ): number {
    for (let turn = 1; turn <= TRIES; turn++) {
      // The wheel derives further words by adding small turns; these start far from them.
      const second = this.#wheel.draw(spread(~word >>> 0, turn), standing);
      if (second === first) continue;
      return this.#willing(second, spread(~word >>> 0, TRIES + turn), worths, warmth) ? second : first;
    }
    return first;
  }

  /** Whether a pod that was drawn by weight takes it: with probability min(1, worth) · warmth. */
  #willing(
    index: number,
    word: number,
    worths: Float64Array | undefined,
    warmth: ArrayLike<number> | undefined,
  ): boolean {
    const part = keenness(index, worths, warmth);
    return part >= 1 || word / 2 ** 32 < part;
  }

  /** Whether pod `a` beats pod `b`. Of equals `b` stays: it was drawn first, by weight and worth. */
  #better(
    a: number,
    b: number,
    phi: number,
    inflight: Uint32Array,
    others: Float64Array | undefined,
    worths: Float64Array | undefined,
  ): boolean {
    const [p, q] = [this.#size(a, worths), this.#size(b, worths)];
    const [u, v] = [inflight[a]! / p, inflight[b]! / q];
    if (others === undefined) return u < v;
    const [x, y] = [others[a]! / p, others[b]! / q];
    const difference = u + x - (v + y);
    return Math.abs(difference) > tolerance(phi, x, y) ? difference < 0 : u < v;
  }

  /** The least loaded of all; `first` among equals. */
  #least(
    first: number,
    { out, inflight }: Pick<Standing, "out" | "inflight">,
    others: Float64Array | undefined,
    worths: Float64Array | undefined,
  ): number {
    const load = (i: number) => (inflight[i]! + (others?.[i] ?? 0)) / this.#size(i, worths);
    let best = first;
    let least = load(first);
    for (let i = 0; i < out.length; i++) {
      if (out[i] !== 0 || this.#weights[i] === 0) continue;
      const own = load(i);
      if (own < least) [best, least] = [i, own];
    }
    return best;
  }

  #size(index: number, worths: Float64Array | undefined): number {
    return this.#weights[index]! * (worths?.[index] ?? 1);
  }

  /** Draws with probability ∝ weight · min(1, worth) · warmth: by weight, and each pod refuses with the rest's. */
  #draw(
    word: number,
    standing: Pick<Standing, "out" | "live">,
    worths: Float64Array | undefined,
    warmth: ArrayLike<number> | undefined,
  ): number {
    let index = this.#wheel.draw(word, standing);
    if (index < 0) return -1;
    for (let turn = 1; turn <= TRIES; turn++) {
      if (this.#willing(index, spread(word ^ 0x5bd1e995, turn), worths, warmth)) return index;
      index = this.#wheel.draw(spread(word ^ 0x68e31da4, turn), standing);
    }
    const { out } = standing;
    let total = 0;
    for (let i = 0; i < out.length; i++)
      if (out[i] === 0) total += this.#weights[i]! * keenness(i, worths, warmth);
    let left = (spread(word, TRIES + 1) / 2 ** 32) * total;
    for (let i = 0; i < out.length; i++) {
      if (out[i] !== 0) continue;
      left -= this.#weights[i]! * keenness(i, worths, warmth);
      if (left < 0) return i;
    }
    // Every pod is cold: as if none were.
    return index;
  }
}

function keenness(
  index: number,
  worths: Float64Array | undefined,
  warmth: ArrayLike<number> | undefined,
): number {
  return Math.min(1, worths?.[index] ?? 1) * (warmth?.[index] ?? 1);
}
