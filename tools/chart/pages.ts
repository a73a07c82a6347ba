import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { cpus, loadavg } from "node:os";
import { dirname, join } from "node:path";
import { root } from "../build/root.ts";

/** A report and its plots, by their places under docs. */
export type Pages = Readonly<Record<string, string>>;

/** Writes them into docs. */
export function publish(pages: Pages): void {
  for (const [name, text] of Object.entries(pages)) {
    const path = join(root, "docs", name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }
}

/** What docs has under this name. */
export function published(name: string): string {
  return readFileSync(join(root, "docs", name), "utf8");
}

/** Figures as a file of docs, of which the pages can be made again without another run. */
export function asFile(figures: unknown): string {
  return `${JSON.stringify(figures, (_, value) => (typeof value === "number" ? rounded(value) : value), 1)}\n`;
}

/** Today, and where a run was made, in one line. */
export function whereabouts(): string {
  const date = new Date().toISOString().slice(0, 10);
  const [load = 0] = loadavg();
  const busy = load > cpus().length ? `, with a load average of ${Math.round(load)}` : "";
  return `${date}, ${cpus()[0]?.model ?? "unknown"} (${cpus().length} cores), ${process.platform}-${process.arch}, Node ${process.version}${busy}`;
}

/** Twelve digits are more than any figure has. */
function rounded(value: number): number {
  return Number(value.toPrecision(12));
}
