import type { Gate } from "../gates.ts";
import { type Over, runs } from "./figures.ts";
import type { Seen } from "./scene.ts";

/** What all gates share: how much is run, and every run by the rule that is judged. */
export interface Bench {
  readonly quick: boolean;
  readonly judged: Seen[];
  /** Those of a minute or more. */
  readonly steady: Seen[];
}

export function told(name: string, value: number, unit: string): Gate {
  return { name, value: rounded(value), bar: null, unit, pass: null };
}

export function atMost(name: string, value: number, bar: number, unit: string): Gate {
  return { name, value: rounded(value), bar, unit, pass: value <= bar };
}

export function rounded(value: number): number {
  return Number.isFinite(value) ? Math.round(value * 1000) / 1000 : 1e9;
}

/** Runs by the rule that is judged. */
export function judged(bench: Bench, count: number, over: Over): Seen[] {
  const seen = runs(count, { ...over, rule: "guarded" });
  bench.judged.push(...seen);
  // The sums lag by τ, up to 5 s: in a short run what is in flight at its two ends would be taken for an error.
  if ((over.length ?? 0) >= 60_000) bench.steady.push(...seen);
  return seen;
}
