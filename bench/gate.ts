/** One line of the table; `pass` null: there is no bar, or it was not measured. */
export interface Gate {
  readonly name: string;
  /** Null: not measured. */
  readonly value: number | null;
  readonly bar: number | null;
  readonly unit: string;
  readonly pass: boolean | null;
}

/** A figure that must reach its bar. */
export function atLeast(name: string, value: number, bar: number, unit: string): Gate {
  return { name, value, bar, unit, pass: value >= bar };
}

/** A figure that must not pass its bar; null when there was no way to measure it. */
export function atMost(name: string, value: number | null, bar: number, unit: string): Gate {
  return { name, value, bar, unit, pass: value === null ? null : value <= bar };
}

/** A figure that is told and not judged. */
export function told(name: string, value: number, unit: string): Gate {
  return { name, value, bar: null, unit, pass: null };
}

/** The middle one, or half-way between the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2;
}

/**
 * Standard error of the median, from the median absolute deviation, so that one bad round does not blow it up:
 * 1.4826 × MAD estimates the standard deviation of a normal distribution, and √(π/2) / √n is the median's share of it.
 */
export function medianError(values: readonly number[]): number {
  const middle = median(values);
  const deviation = 1.4826 * median(values.map((value) => Math.abs(value - middle)));
  return (deviation * Math.sqrt(Math.PI / 2)) / Math.sqrt(values.length);
}

/** The gates as a Markdown table. */
export function table(gates: readonly Gate[]): string {
  const rows = gates.map(({ name, value, bar, unit, pass }) => [
    name,
    value === null ? "not measured" : `${value} ${unit}`,
    bar === null ? "" : String(bar),
    pass === null ? "" : pass ? "yes" : "NO",
  ]);
  const all = [["", "value", "bar", "pass"], ...rows];
  const widths = [0, 1, 2, 3].map((column) => Math.max(...all.map((row) => row[column]!.length)));
  const line = (row: readonly string[]) => `| ${row.map((cell, i) => cell.padEnd(widths[i]!)).join(" | ")} |`;
  const rule = `|${widths.map((width) => "-".repeat(width + 2)).join("|")}|`;
  return [line(all[0]!), rule, ...rows.map(line)].join("\n");
}
