import type { Cut, Quality } from "./net.ts";
import type { PodMode } from "./pods.ts";
import type { StoreMode } from "./store.ts";

/** One burst of requests of one client. */
export interface RequestEvent {
  readonly kind: "request";
  readonly client: number;
  /** The edge of the first; the others of a burst go around when `around`. */
  readonly edge: number;
  readonly around: boolean;
  readonly count: number;
  /** The requests of a burst leave within so many milliseconds. */
  readonly spread: number;
  readonly method: "GET" | "POST" | "PREFLIGHT";
  /** A method that may be repeated, with a body that may not. */
  readonly body: boolean;
  readonly cookie: "newest" | "older" | "none" | "forged" | "both";
  /** The pod lets shared caches keep its response. */
  readonly shared: boolean;
}

/** What an operator writes into the config. */
export type Change =
  | {
      readonly what: "add" | "remove" | "replace" | "weight";
      readonly pool: string;
      readonly pod: number;
      readonly weight: number;
    }
  | { readonly what: "ramp"; readonly weight: number }
  | { readonly what: "policy"; readonly pool: string; readonly policy: string };

export type PlanEvent = { readonly at: number } & (
  | RequestEvent
  | { readonly kind: "pod"; readonly pool: string; readonly pod: number; readonly mode: PodMode }
  | { readonly kind: "config"; readonly edge: number; readonly change: Change; readonly twice: boolean }
  | {
      readonly kind: "operator";
      readonly pool: string;
      readonly pod: number;
      readonly state: "ready" | "draining" | "disabled";
      readonly deadline: number;
    }
  | { readonly kind: "weigh"; readonly pool: string; readonly pod: number; readonly weight: number | null }
  | {
      readonly kind: "canary";
      readonly pool: string;
      readonly state: "ready" | "paused" | "rolled-back" | "retiring";
      readonly deadline: number;
    }
  | { readonly kind: "move"; readonly client: number; readonly pod: number }
  | { readonly kind: "revoke"; readonly client: number }
  | { readonly kind: "rotate"; readonly retire: boolean }
  | { readonly kind: "store"; readonly mode: StoreMode; readonly lasts: number }
  | { readonly kind: "failover"; readonly lag: number }
  | {
      readonly kind: "cut";
      readonly a: string;
      readonly b: string;
      readonly how: Cut;
      readonly lasts: number;
    }
  | { readonly kind: "edge"; readonly edge: number; readonly lasts: number }
  | { readonly kind: "coordinator"; readonly lasts: number; readonly disk: "kept" | "lost" }
);

/** A pool as a schedule begins with it. */
export interface PoolPlan {
  readonly name: string;
  /** Weights of its pods, named `<pool>-0` and so on. */
  readonly weights: readonly number[];
  readonly policy: string;
  readonly failover: "sticky" | "temporary" | "none";
  readonly strict: boolean;
  readonly attempts: number;
  /** Whether a time-out is tried again elsewhere. */
  readonly onTimeout: boolean;
  /** Requests that an edge has in flight at a pod at most; undefined: any number. */
  readonly maxInFlight: number | undefined;
  readonly panic: number;
  /** Undefined: no probe. Milliseconds. */
  readonly probe:
    | { readonly period: number; readonly failure: number; readonly gates: "new" | "all" }
    | undefined;
  /** Undefined: none, as in plans of before there was one. */
  readonly startup?: { readonly period: number; readonly failure: number } | undefined;
}

/**
 * A schedule: what a world is made of and what happens to it. Plain data: it is generated from a seed, can be made
 * smaller, printed, and run again with the same result.
 */
export interface Plan {
  /** Of everything that chance decides while it runs. */
  readonly seed: number;
  /** Clock skew of each edge in milliseconds. */
  readonly skews: readonly number[];
  readonly clients: number;
  readonly pools: readonly PoolPlan[];
  /** Weight of the canary in percent; undefined: there is no second pool. */
  readonly canary: number | undefined;
  /** What carries the sessions: a cookie of ours, or a key that the client has, is, or was given by a pod. */
  readonly affinity: "cookie" | "header" | "client-ip" | "learn";
  /** Seconds. */
  readonly idle: number;
  readonly absolute: number;
  readonly store: "redis" | "durable";
  readonly cloudflare: boolean;
  /** Whether cold edges may begin with the first config. */
  readonly bundled: boolean;
  readonly quality: Quality;
  /** In order of time. Milliseconds from the start. */
  readonly events: readonly PlanEvent[];
  /** When the faults end and the world is healed. */
  readonly length: number;
}
