import type { Measure } from "../core/core.ts";
import type { Standing } from "./policy.ts";

/** All of the sessions that a pod would get: `Standing.slow` of one that is warm. */
const WARM = 0xffffffff;
/** The least that a worth counts, as loads are divided by it; so little is the least warmth, too. */
const LEAST = 2 ** -32;
/** The heaviest pod weighs less than 2^27 in draws: 32 of them fit into 32 bits, as the core's blocks want it. */
const LEADING_ZEROS = 5;

/** Which part of its weight a pod is drawn by: min(1, worth) · warmth, 0..1. */
export function keenness(
  index: number,
  worths: ArrayLike<number> | undefined,
  slow: ArrayLike<number> | undefined,
): number {
  return Math.min(1, worths?.[index] ?? 1) * (slow === undefined ? 1 : slow[index]! / WARM);
}

/**
 * The load of a pod is (own + others) / (weight · worth · warmth): one that is slow, or starts slowly, counts as a smaller
 * one. Of equal loads one is drawn ∝ weight · min(1, worth) · warmth, to one part in 2^26 of the heaviest weight.
 */
export class PodMeasure implements Measure {
  version = 0;
  readonly #weights: readonly number[];
  readonly #unit: number;
  #standing: number | undefined;
  #revision = 0;
  #out: Uint8Array = new Uint8Array();
  #slow: Uint32Array | undefined;
  #others: Float64Array | undefined;
  #worths: Float64Array | undefined;

  /** @param weights one a pod, 0 or more */
  constructor(weights: readonly number[]) {
    this.#weights = weights;
    const heaviest = weights.reduce((most, weight) => Math.max(most, weight), 0);
    this.#unit = 2 ** Math.max(0, Math.clz32(heaviest) - LEADING_ZEROS);
  }

  /**
   * Measures by this from now on, and reads it only when asked. A standing without a version is another one each time.
   * @param revision another number for other contents of `others` and `worths`
   */
  look(
    { out, slow, version }: Pick<Standing, "out" | "slow"> & { readonly version?: number },
    others: Float64Array | undefined,
    worths: Float64Array | undefined,
    revision: number,
  ): void {
    const same =
      version === this.#standing &&
      revision === this.#revision &&
      others === this.#others &&
      worths === this.#worths;
    if (same && version !== undefined) return;
    this.version++;
    this.#standing = version;
    this.#revision = revision;
    this.#out = out;
    this.#slow = slow;
    this.#others = others;
    this.#worths = worths;
  }

  weight(index: number): number {
    const weight = this.#weights[index]!;
    if (this.#out[index] !== 0 || weight === 0) return 0;
    return Math.max(1, Math.round(weight * this.#unit * keenness(index, this.#worths, this.#slow)));
  }

  size(index: number): number {
    const warm = this.#slow === undefined ? 1 : Math.max(1, this.#slow[index]!) / WARM;
    return Math.max(1, this.#weights[index]!) * Math.max(LEAST, this.#worths?.[index] ?? 1) * warm;
  }

  others(index: number): number {
    return this.#others?.[index] ?? 0;
  }
}
