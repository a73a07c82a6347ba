/** A mean, and how far it may be off. */
export interface Estimate {
  readonly mean: number;
  /** Standard deviation of one value. */
  readonly deviation: number;
  /**
   * Twice the standard error of the mean. By Student's distribution one of thirteen such is further off with ten values, and one
   * of nine with five: an interval of 95 % would be 2.26 and 2.78 times it.
   */
  readonly error: number;
}

/** Of independent values; of one alone nothing is known but itself. */
export function estimate(values: readonly number[]): Estimate {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  const deviation = values.length < 2 ? 0 : Math.sqrt(squares / (values.length - 1));
  return { mean, deviation, error: (2 * deviation) / Math.sqrt(values.length) };
}

/**
 * Where a curve first comes to a level, by straight lines between its points in order of x; undefined where it never does.
 */
export function reaches(
  points: readonly { readonly x: number; readonly y: number }[],
  level: number,
): number | undefined {
  for (let i = 1; i < points.length; i++) {
    const [a, b] = [points[i - 1]!, points[i]!];
    if ((a.y - level) * (b.y - level) > 0 || a.y === b.y) continue;
    return a.x + ((b.x - a.x) * (level - a.y)) / (b.y - a.y);
  }
  return undefined;
}
