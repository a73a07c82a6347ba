import type { SeenDecision } from "./decision.js";

export function causeInWords(cause: string | undefined, from: string | undefined): string;
export function decisionInWords(decision: SeenDecision): string;
export function count(number: number, noun: string): string;
