/**
 * A quantile of a histogram, by linear interpolation in the bucket that it falls into, as Prometheus' histogram_quantile
 * does; in the open bucket the last bound, as nothing says how far beyond it lies. Undefined: nothing was counted.
 *
 * @param counts of each bucket by itself, the open one last
 * @param bounds upper bounds of all but the open one
 * @param share 0..1
 */
export function quantile(
  counts: ArrayLike<number>,
  bounds: readonly number[],
  share: number,
): number | undefined {
  let total = 0;
  for (let i = 0; i < counts.length; i++) total += counts[i]!;
  if (total === 0) return undefined;
  const rank = share * total;
  let below = 0;
  for (let i = 0; i < bounds.length; i++) {
    const count = counts[i]!;
    if (count > 0 && below + count >= rank) {
      const from = i === 0 ? 0 : bounds[i - 1]!;
      return from + (bounds[i]! - from) * ((rank - below) / count);
    }
    below += count;
  }
  return bounds.at(-1);
}
