import type { Outcome } from "./simulate.ts";
import type { Invariant } from "./watch.ts";

/** A schedule that broke an invariant. */
export interface Failure {
  readonly seed: number;
  readonly invariant: Invariant;
  readonly text: string;
}

/** What many schedules came to; sums add up over workers. */
export interface Tally {
  schedules: number;
  steps: number;
  checks: Record<string, number>;
  failures: Failure[];
}

export function emptyTally(): Tally {
  return { schedules: 0, steps: 0, checks: {}, failures: [] };
}

export function count(tally: Tally, seed: number, { violation, steps, checks }: Outcome): void {
  tally.schedules++;
  tally.steps += steps;
  addChecks(tally.checks, checks);
  if (violation !== undefined) {
    const { invariant, text } = violation;
    tally.failures.push({ seed, invariant, text });
  }
}

export function add(to: Tally, from: Tally): void {
  to.schedules += from.schedules;
  to.steps += from.steps;
  addChecks(to.checks, from.checks);
  to.failures.push(...from.failures);
}

function addChecks(to: Record<string, number>, from: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(from)) to[name] = (to[name] ?? 0) + value;
}
