import type { PodTag } from "./pod.ts";

/** Why a session changed its pod or ended. Each break has exactly one. */
export const CAUSES = [
  "pod-gone",
  "pod-unhealthy",
  "pod-replaced",
  "drain-deadline",
  "config-change",
  "canary-rollback",
  "canary-promote",
  "rebalanced",
  "failback",
  "moved-by-operator",
  "revoked",
  "expired-idle",
  "expired-absolute",
  "key-retired",
  "store-adopt",
] as const;
export type Cause = (typeof CAUSES)[number];

/** 32 lower-case hex digits: 128 bits that name a session, in every scope there is. */
export type Sid = string;

/** What the store holds for a session. Times in milliseconds since the epoch. */
export interface Binding {
  readonly sid: Sid;
  readonly epoch: number;
  readonly pod: PodTag;
  /** The pod it was first bound to; where `failover: temporary` returns. */
  readonly home: PodTag;
  /** A: live. R: revoked; kept until `exp`, or an old cookie would resurrect it. */
  readonly state: "A" | "R";
  /** Why the last epoch began; empty for the first. */
  readonly cause: Cause | "";
  readonly created: number;
  /** Absolute expiry. */
  readonly exp: number;
  /** By which route it came: see {@link viaOf}. Empty where a version wrote it that did not say. */
  readonly via: string;
}

/** How long the store must remember. Milliseconds. */
export interface Retention {
  /** Time to live of the binding from now: 1.5 × idle + 10 min. */
  readonly ttl: number;
  /** Score in the index of the pod: when the session ends unless it is seen again (since the epoch). */
  readonly expires: number;
}

/** What {@link viaOf} named; both undefined of an empty text. */
export function parseVia(via: string): { readonly scope?: string; readonly host?: string } {
  const [scope, host] = via.split("@");
  return scope === "" || scope === undefined || host === undefined ? {} : { scope, host };
}

/** How a binding names by what it came: the id of its scope, and the host of the route as the config has it. */
export function viaOf({
  scope: { scope },
  host,
}: {
  scope: { scope: { id: string } };
  host: string;
}): string {
  return `${scope.id}@${host}`;
}
