/** One line of the table, in the shape that all figures of this project are written in. */
export interface Gate {
  readonly name: string;
  /** Null: not measured. */
  readonly value: number | null;
  readonly bar: number | null;
  readonly unit: string;
  /** Null where there is no bar, or nothing was measured. */
  readonly pass: boolean | null;
}

/** A figure that must not pass its bar. */
export function atMost(name: string, value: number, bar: number, unit: string): Gate {
  return { name, value, bar, unit, pass: value <= bar };
}

/** A figure that must reach its bar: mostly, that there was something to check at all. */
export function atLeast(name: string, value: number, bar: number, unit: string): Gate {
  return { name, value, bar, unit, pass: value >= bar };
}

/** What must be nought. */
export function none(name: string, value: number, unit: string): Gate {
  return atMost(name, value, 0, unit);
}

/** A figure that is told and not judged. */
export function told(name: string, value: number, unit: string): Gate {
  return { name, value, bar: null, unit, pass: null };
}

/** The gates as a Markdown table. */
export function table(gates: readonly Gate[]): string {
  const rows = gates.map(({ name, value, bar, unit, pass }) => [
    name,
    value === null ? "not measured" : `${Math.round(value * 1000) / 1000} ${unit}`,
    bar === null ? "" : String(Math.round(bar * 1000) / 1000),
    pass === null ? "" : pass ? "yes" : "NO",
  ]);
  const all = [["", "value", "bar", "pass"], ...rows];
  const widths = [0, 1, 2, 3].map((column) => Math.max(...all.map((row) => row[column]!.length)));
  const line = (row: readonly string[]) => `| ${row.map((cell, i) => cell.padEnd(widths[i]!)).join(" | ")} |`;
  return [
    line(all[0]!),
    `|${widths.map((width) => "-".repeat(width + 2)).join("|")}|`,
    ...rows.map(line),
  ].join("\n");
}
