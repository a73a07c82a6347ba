import type { Outcome } from "../model/decision.ts";
import type { PoolCheckup } from "./checkup.ts";

/** How many requests a pool had lately. */
export function requestsOf({ requests }: PoolCheckup): number {
  return requests.reduce((sum, { count }) => sum + count, 0);
}

/** Those that the pool's pods answered with an error of their own. */
export function failedByPods({ requests }: PoolCheckup): number {
  return sum(requests.filter(isPodError).map(({ count }) => count));
}

export function isPodError({ outcome, code }: { readonly outcome: Outcome; readonly code: number }): boolean {
  return outcome !== "refused" && code >= 500;
}

/** Those that were refused with this status, and not on purpose. */
export function refusedWith({ requests, aborts }: PoolCheckup, status: number): number {
  if (aborts.includes(status)) return 0;
  const refused = requests.filter(({ outcome, code }) => outcome === "refused" && code === status);
  return sum(refused.map(({ count }) => count));
}

/** Whether some of all are enough to say so: at least `least`, and this share. */
export function isMany(some: number, all: number, least: number, share: number): boolean {
  return some >= least && some >= share * all;
}

export function sum(values: readonly number[]): number {
  return values.reduce((all, value) => all + value, 0);
}
