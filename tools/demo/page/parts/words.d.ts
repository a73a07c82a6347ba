import type { SeenDecision } from "./decision.js";

export function causeInWords(cause: string | undefined, from: string | undefined): string;
export function decisionInWords(decision: SeenDecision): string;
export function count(number: number, noun: string): string;
export function drainInWords(
  drain: {
    readonly state: "draining" | "drained";
    readonly sessions: number | null;
    readonly deadline: number | null;
  },
  clock: (at: number) => string,
): string;
