import type { Checkup, PoolCheckup } from "./checkup.ts";

/** `error`: clients see it, or lose their session by it. `warning`: they may. */
export type Severity = "error" | "warning";

/** Figures and names that a finding rests on. Pods by id, sessions by sid; no address. */
export type Evidence = Readonly<Record<string, unknown>>;

/** What is wrong, what shows it, and what to do. */
export interface Found {
  readonly severity: Severity;
  readonly title: string;
  readonly evidence: Evidence;
  readonly fix: string;
}

export interface Finding extends Found {
  /** The check's name in the registry. */
  readonly id: string;
}

/** One thing that can be wrong: a pure function of the live data. */
export interface Check {
  /** What it names, in a line, as the manual has it. */
  readonly summary: string;
  /** From when on, as the manual has it. */
  readonly threshold: string;
  look(checkup: Checkup): readonly Found[];
}

/** A check of each pool by itself. */
export function ofPools(
  summary: string,
  threshold: string,
  look: (pool: PoolCheckup, checkup: Checkup) => Found | undefined,
): Check {
  return {
    summary,
    threshold,
    look: (checkup) => checkup.pools.flatMap((pool) => look(pool, checkup) ?? []),
  };
}

/** Two decimals are what a reader takes in. */
export function rounded(value: number): number {
  return Math.round(value * 100) / 100;
}
