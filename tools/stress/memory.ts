import { readFileSync } from "node:fs";

/** Of Linux on x64, and on most arm64. Bytes. */
const PAGE = 4096;

/** A process that is watched. */
export interface Watched {
  readonly name: string;
  /** Undefined while it does not run, as it was told. */
  pid(): number | undefined;
}

/** Whether this system tells what a process holds. */
export const TELLS = process.platform === "linux";

/** What a process holds in memory, in MiB; undefined when it is not there, or nothing tells. */
export function resident(pid: number): number | undefined {
  try {
    const pages = Number(readFileSync(`/proc/${pid}/statm`, "utf8").split(" ")[1]);
    return (pages * PAGE) / 2 ** 20;
  } catch {
    // It is gone.
    return undefined;
  }
}

/** Whether a process runs: one that nobody has buried yet holds nothing, and is gone as well. */
export function isThere(pid: number): boolean {
  if (TELLS) return (resident(pid) ?? 0) > 0;
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/**
 * How much more a process holds in the end of a time than at its beginning, of what it held then: by the medians of its first
 * and last quarter, so that no single collection of garbage tells. 0: as much.
 */
export function growth(values: readonly number[]): number {
  const quarter = Math.max(1, values.length >> 2);
  const middle = (some: readonly number[]) => some.toSorted((a, b) => a - b)[some.length >> 1] ?? 0;
  const before = middle(values.slice(0, quarter));
  return before === 0 ? 0 : middle(values.slice(-quarter)) / before - 1;
}
