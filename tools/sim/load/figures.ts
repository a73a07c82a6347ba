import { COLUMN } from "./notes.ts";
import { SCENE, type Scene, type Seen } from "./scene.ts";
import { simulate } from "./simulate.ts";

/** What is changed of the usual scene; seeds are counted from 1. */
export type Over = Partial<Omit<Scene, "seed">>;

/** The same scene by so many seeds. */
export function runs(count: number, over: Over): Seen[] {
  return Array.from({ length: count }, (_, i) => simulate({ ...SCENE, ...over, seed: i + 1 }));
}

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

export function meanOf(seen: readonly Seen[], of: (one: Seen) => number): number {
  return mean(seen.map(of));
}

/** The value that `part` of all do not pass. */
export function quantile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(part * sorted.length) - 1)]!;
}

/** Pod 0's part of the new work, relative to a fair one, over time and all runs together. */
export function timeline(seen: readonly Seen[], pods: number): number[] {
  return seen[0]!.onAll.map((_, column) => {
    const first = seen.reduce((sum, { onFirst }) => sum + onFirst[column]!, 0);
    const all = seen.reduce((sum, { onAll }) => sum + onAll[column]!, 0);
    return all === 0 ? 0 : (first / all) * pods;
  });
}

/** Milliseconds from `at` to the end of the first of two columns in a row that satisfy; infinity: never. */
export function until(line: readonly number[], at: number, satisfies: (share: number) => boolean): number {
  const first = Math.ceil(at / COLUMN);
  for (let i = first; i + 1 < line.length; i++) {
    if (satisfies(line[i]!) && satisfies(line[i + 1]!)) return (i + 1) * COLUMN - at;
  }
  return Number.POSITIVE_INFINITY;
}
