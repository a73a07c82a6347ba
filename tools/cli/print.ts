/** A cell of a table; null and undefined are shown as a dash. */
export type Cell = string | number | boolean | null | undefined;

/** How text comes out: in colours where there is a terminal that takes them. */
export interface Paint {
  readonly bold: (text: string) => string;
  readonly dim: (text: string) => string;
  readonly bad: (text: string) => string;
}

/** No colours with NO_COLOR (https://no-color.org), on a dumb terminal, or where nobody sees them. */
export function isPlain(stream: { readonly isTTY?: boolean }, env = process.env): boolean {
  return !stream.isTTY || (env.NO_COLOR ?? "") !== "" || env.TERM === "dumb";
}

export function paint(stream: { readonly isTTY?: boolean }, env = process.env): Paint {
  const plain = isPlain(stream, env);
  const code = (on: number, off: number) => (text: string) =>
    plain ? text : `\x1b[${on}m${text}\x1b[${off}m`;
  return { bold: code(1, 22), dim: code(2, 22), bad: code(31, 39) };
}

/** Columns under headings, numbers to the right. */
export function table(
  headings: readonly string[],
  rows: readonly (readonly Cell[])[],
  { bold }: Paint,
): string {
  const cells = rows.map((row) =>
    row.map((cell) => (cell === null || cell === undefined || cell === "" ? "–" : String(cell))),
  );
  const right = headings.map((_, i) => rows.every((row) => row[i] == null || typeof row[i] === "number"));
  const widths = headings.map((heading, i) =>
    Math.max(heading.length, ...cells.map((row) => row[i]!.length)),
  );
  const line = (row: readonly string[]) =>
    row
      .map((cell, i) => (right[i] ? cell.padStart(widths[i]!) : cell.padEnd(widths[i]!)))
      .join("  ")
      .trimEnd();
  return [bold(line(headings.map((heading) => heading.toUpperCase()))), ...cells.map(line)].join("\n");
}

/** `12 s`, `5 min`, `3 h`, `2 d` since then, or until then with `in`. Milliseconds. */
export function age(at: number | null | undefined, now: number): string {
  if (at === null || at === undefined) return "–";
  const seconds = Math.round(Math.abs(now - at) / 1000);
  const [count, unit] =
    seconds < 90
      ? [seconds, "s"]
      : seconds < 5400
        ? [seconds / 60, "min"]
        : seconds < 129_600
          ? [seconds / 3600, "h"]
          : [seconds / 86_400, "d"];
  return `${at > now ? "in " : ""}${Math.round(Number(count))} ${unit}`;
}

export function percent(part: number): string {
  return `${Math.round(part * 1000) / 10} %`;
}
