import type { EjectionOptions } from "../../../src/health/ejection.ts";

/** What happens to a pod at a moment after the warm-up. Times in milliseconds. */
export interface Change {
  readonly at: number;
  readonly pod: number;
  /** Requests take this many times as long from then on. */
  readonly slowness?: number;
  /** Part of the requests that it answers with an error, after the usual time. */
  readonly errors?: number;
  /** Refuses all from then on: a failed answer in a millisecond. Or works again. */
  readonly dead?: boolean;
}

/** One simulated run. Times in milliseconds. */
export interface Scene {
  readonly seed: number;
  readonly pods: number;
  /** Requests that a pod works on at once; others queue there in their order. */
  readonly slots: number;
  /** Mean of the lognormal service time, and the standard deviation of its logarithm. */
  readonly service: number;
  readonly sigma: number;
  /** Offered load as a part of what all pods can do at their usual speed. */
  readonly load: number;
  readonly isolates: number;
  /** T at rest. */
  readonly period: number;
  /** One way to the coordinator. */
  readonly way: number;
  readonly rule: RuleName;
  /** Simulated before anything is measured, and how long is measured then. */
  readonly warmup: number;
  readonly length: number;
  readonly sampled: number;
  readonly changes: readonly Change[];
  readonly ejection: EjectionOptions | undefined;
  /** How long an isolate's own new sessions avoid a pod that refused it: milliseconds, or as src/health/suspicion.ts says. */
  readonly suspicion: number | "rule";
  /** How many zones pods and isolates are spread over, what a hop to another costs, and whether the own is preferred. */
  readonly zones: number;
  readonly hop: number;
  readonly prefer: boolean;
  /** The part of the requests that come from zone 0; undefined: as many as from each other. */
  readonly skew: number | undefined;
}

/** How isolates choose. All but `guarded` are here to be compared with. */
export const RULES = [
  "random",
  "local",
  "perfect",
  "own+fleet",
  "least-stale",
  "guarded",
  "guarded-all",
] as const;
export type RuleName = (typeof RULES)[number];

export const SCENE: Scene = {
  seed: 1,
  pods: 20,
  slots: 4,
  service: 100,
  sigma: 1,
  load: 0.75,
  isolates: 8,
  period: 1000,
  way: 30,
  rule: "guarded",
  warmup: 30_000,
  length: 60_000,
  sampled: 100,
  changes: [],
  ejection: undefined,
  suspicion: 0,
  zones: 1,
  hop: 0,
  prefer: false,
  skew: undefined,
};

/** What was seen. */
export interface Seen {
  /** Milliseconds from arrival to answer, of requests that arrived after the warm-up and did not fail. Sorted. */
  readonly latencies: Float64Array;
  readonly mean: number;
  readonly p99: number;
  /** Mean over the samples of the most loaded pod's requests in flight / the mean pod's. */
  readonly peak: number;
  /** Part of the new work that each pod got after the warm-up. */
  readonly shares: Float64Array;
  /** Requests in flight by the coordinator's sums / the true ones, both averaged over the samples. */
  readonly told: number;
  /** Requests that were decided on a view over 10 s old, and those that waited for a newer one. */
  readonly stale: number;
  readonly waited: number;
  /** Placements on pod 0 and on all, for each 250 ms after the warm-up. */
  readonly onFirst: readonly number[];
  readonly onAll: readonly number[];
  /** Ejections after the warm-up, times from its end. */
  readonly ejections: readonly { readonly at: number; readonly pod: number }[];
  readonly beats: number;
  readonly requests: number;
  readonly failed: number;
  /** Part of the requests that went to another zone. */
  readonly crossed: number;
}
