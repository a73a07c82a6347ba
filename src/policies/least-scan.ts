import type { Standing } from "./policy.ts";
import { below } from "./wheel.ts";

/** The least loaded pod of all by a look at each; among the best, one with probability ∝ weight. -1 when all are out. */
export function leastByScan(weights: readonly number[], word: number, standing: Standing): number {
  if (standing.live === 0) return -1;
  let least = Number.POSITIVE_INFINITY;
  let total = 0;
  for (let i = 0; i < weights.length; i++) {
    const own = loadOf(i, weights, standing);
    if (own > least || own === Number.POSITIVE_INFINITY) continue;
    total = (own < least ? 0 : total) + weights[i]!;
    least = own;
  }
  let left = below(word, total);
  for (let i = 0; i < weights.length; i++) {
    if (loadOf(i, weights, standing) !== least) continue;
    left -= weights[i]!;
    if (left < 0) return i;
  }
  return -1;
}

/**
 * A correctly rounded quotient is the same for equal fractions, so that equals are equal here; so are loads that differ by
 * less than one part in 2^24, as in the core. ∞ of a pod that is out.
 */
function loadOf(index: number, weights: readonly number[], { out, inflight }: Standing): number {
  return out[index] !== 0 || weights[index] === 0
    ? Number.POSITIVE_INFINITY
    : inflight[index]! / weights[index]!;
}
