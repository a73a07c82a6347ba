import type { LeastOfAll, Standings } from "./least-of-all.ts";
import { keenness } from "./measure.ts";
import { spread, Wheel } from "./wheel.ts";

/** What the fleet's load looks like from one isolate; indexes are `Pod.index`. */
export interface FleetView {
  /** Requests in flight by other isolates. */
  readonly others: Float64Array;
  /** What a pod is worth beside a normal one, 0..1. */
  readonly worth: Float64Array;
  /** Another number for other contents of `others` and `worth`. */
  readonly revision: number;
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
/** A view that foretells the present better than this is as good as being there. */
const FRESH = 0.78;
/** e^(−age/m) is above that while the age is below so many thousandths of m. */
const FRESH_FOR = -1000 * Math.log(FRESH);
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

/** Whether {@link foresight} is above 0.78: such a view is as good as being there. */
export function isFresh(age: number, tau: number, m: number): boolean {
  return age + WAY + tau / 2 < FRESH_FOR * m;
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
  readonly #all: LeastOfAll | undefined;

  /** @param all finds the best of all pods of these weights, where the view is as good as being there; absent: of two always */
  constructor(weights: readonly number[], all?: LeastOfAll) {
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
   * @param word 32 random bits
   */
  pick(word: number, standing: Standings, view: FleetView, now: number): number {
    const age = Math.max(0, now - view.at);
    const worths = age <= WORTH_LASTS ? view.worth : undefined;
    if (this.#all !== undefined && (view.alone || isFresh(age, view.tau, view.m))) {
      return this.#all.pick(word, standing, view.alone ? undefined : view.others, worths, view.revision);
    }
    const first = this.#draw(word, standing, worths);
    if (standing.live < 2) return first;
    const known = age <= 3 * Math.max(view.tau, 1000 * view.m);
    const phi = known ? foresight(age, view.tau, view.m) : 0;
    const others = known ? view.others : undefined;
    const second = this.#challenger(first, word, standing, worths);
    return this.#better(second, first, phi, standing.inflight, others, worths) ? second : first;
  }

  /** Another pod than the first, drawn by weight; the first again when it refuses, by its worth and warmth. */
  #challenger(first: number, word: number, standing: Standings, worths: Float64Array | undefined): number {
    for (let turn = 1; turn <= TRIES; turn++) {
      // The wheel derives further words by adding small turns; these start far from them.
      const second = this.#wheel.draw(spread(~word >>> 0, turn), standing);
      if (second === first) continue;
      const keen = keenness(second, worths, standing.slow);
      return isWilling(keen, spread(~word >>> 0, TRIES + turn)) ? second : first;
    }
    return first;
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

  #size(index: number, worths: Float64Array | undefined): number {
    return this.#weights[index]! * (worths?.[index] ?? 1);
  }

  /** Draws with probability ∝ weight · min(1, worth) · warmth: by weight, and each pod refuses with the rest's. */
  #draw(word: number, standing: Standings, worths: Float64Array | undefined): number {
    const { out, slow } = standing;
    let index = this.#wheel.draw(word, standing);
    if (index < 0) return -1;
    for (let turn = 1; turn <= TRIES; turn++) {
      if (isWilling(keenness(index, worths, slow), spread(word ^ 0x5bd1e995, turn))) return index;
      index = this.#wheel.draw(spread(word ^ 0x68e31da4, turn), standing);
    }
    let total = 0;
    for (let i = 0; i < out.length; i++)
      if (out[i] === 0) total += this.#weights[i]! * keenness(i, worths, slow);
    let left = (spread(word, TRIES + 1) / 2 ** 32) * total;
    for (let i = 0; i < out.length; i++) {
      if (out[i] !== 0) continue;
      left -= this.#weights[i]! * keenness(i, worths, slow);
      if (left < 0) return i;
    }
    // Every pod is cold: as if none were.
    return index;
  }
}

/** Whether a pod that was drawn by weight takes it: with this probability. */
function isWilling(keen: number, word: number): boolean {
  return keen >= 1 || word / 2 ** 32 < keen;
}
