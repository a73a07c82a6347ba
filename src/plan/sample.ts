/** The 97.5th percentile of the normal distribution: for margins at 95 %. */
const Z = 1.96;

/** Margin of a share of which `hits` in `size` were seen, at 95 % (Agresti and Coull, 1998): never 0, as none seen is not none. */
export function margin(hits: number, size: number): number {
  const n = size + 4;
  const p = (hits + 2) / n;
  return Z * Math.sqrt((p * (1 - p)) / n);
}

/** One pod's sessions in a sample. */
export interface Stratum {
  /** How many there are, and how many of them were looked at. */
  readonly total: number;
  readonly seen: number;
  readonly hits: number;
}

/** How many in all strata are hits, with the margin at 95 %; a stratum that was seen whole adds nothing to it. */
export function estimate(strata: Iterable<Stratum>): { count: number; error: number } {
  let count = 0;
  let variance = 0;
  for (const { total, seen, hits } of strata) {
    if (total === 0) continue;
    if (seen === 0) {
      // Nothing is known of it: half of it, give or take the other half.
      count += total / 2;
      variance += (total / 2 / Z) ** 2;
      continue;
    }
    count += (hits / seen) * total;
    if (seen < total) variance += (margin(hits, seen) / Z) ** 2 * total ** 2 * (1 - seen / total);
  }
  return { count: Math.round(count), error: Math.ceil(Z * Math.sqrt(variance)) };
}
