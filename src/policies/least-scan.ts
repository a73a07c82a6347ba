import type { Measure } from "../core/core.ts";
import { below } from "./wheel.ts";

/** The least loaded pod of all by a look at each; among the best, one with probability ∝ weight. -1 when all are out. */
export function leastByScan(measure: Measure, word: number, inflight: Uint32Array): number {
  let least = Number.POSITIVE_INFINITY;
  let total = 0;
  for (let i = 0; i < inflight.length; i++) {
    const weight = measure.weight(i);
    const load = weight > 0 ? loadOf(i, measure, inflight) : Number.POSITIVE_INFINITY;
    if (load > least || weight === 0) continue;
    total = (load < least ? 0 : total) + weight;
    least = load;
  }
  let left = below(word, total);
  for (let i = 0; i < inflight.length; i++) {
    const weight = measure.weight(i);
    if (weight === 0 || loadOf(i, measure, inflight) !== least) continue;
    left -= weight;
    if (left < 0) return i;
  }
  return -1;
}

/** As in the core, where loads have the 24 bits of an f32. */
function loadOf(index: number, measure: Measure, inflight: Uint32Array): number {
  return Math.fround((inflight[index]! + measure.others(index)) / measure.size(index));
}
