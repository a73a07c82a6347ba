import type { Cause } from "../model/binding.ts";
import type { PodTag } from "../model/pod.ts";
import type { Refusal } from "../model/refusal.ts";
import type { Token } from "../sessions/token.ts";
import { hashPod } from "./choose.ts";
import type { PodRuntime } from "./pods.ts";
import { NO_POD, POD_DOWN } from "./problem.ts";
import type { ScopeRuntime, View } from "./view.ts";

/** A scope in a view: all that the way of a session that must move goes by. */
export interface Ground {
  readonly route: { readonly scope: Pick<ScopeRuntime, "pools" | "holders" | "pods"> };
  readonly view: Pick<View, "departed">;
}

/**
 * Where a session goes whose pod does not keep it, and why, before any store is asked: to that same pod when there is
 * nowhere else, as the view may be wrong, and nothing moves for it. Plans and explanations ask this too.
 */
export function onward(
  ground: Ground,
  token: Pick<Token, "sid" | "pod">,
  pod: PodRuntime | undefined,
  failed: PodRuntime | undefined,
  cause = causeOf(ground, token.pod, pod, failed),
): { readonly to: PodRuntime; readonly cause: Cause } | Refusal {
  if (waits(pod, cause)) return POD_DOWN;
  const candidate = candidateFor(ground, token, pod, failed);
  if (candidate !== undefined) return { to: candidate, cause };
  return pod !== undefined && failed === undefined && pod.meaning.tried ? { to: pod, cause } : NO_POD;
}

/** Whether a pool would rather have its sessions wait for a pod that failed. */
export function waits(pod: PodRuntime | undefined, cause: Cause): boolean {
  return pod?.pool.pool.failover === "none" && (cause === "pod-gone" || cause === "pod-unhealthy");
}

/** The pod for a session that must move; its own side first, so that a canary's session stays a canary's. */
function candidateFor(
  { route, view }: Ground,
  token: Pick<Token, "sid" | "pod">,
  pod: PodRuntime | undefined,
  failed: PodRuntime | undefined,
): PodRuntime | undefined {
  const { holders } = route.scope;
  const home = pod?.pool.pool.name ?? view.departed.get(token.pod)?.pool;
  const own = holders.find((pool) => pool.pool.name === home);
  const order = own === undefined ? holders : [own, ...holders.filter((pool) => pool !== own)];
  return hashPod(token.sid, order, failed);
}

/** Why a session must leave its pod. */
export function causeOf(
  { route, view }: Ground,
  tag: PodTag,
  pod: PodRuntime | undefined,
  failed: PodRuntime | undefined,
): Cause {
  if (pod !== undefined) return failed === pod && pod.keep ? "pod-gone" : pod.meaning.cause;
  const left = view.departed.get(tag);
  const { pools } = route.scope;
  const again = pools.find((pool) => pool.pool.name === left?.pool)?.pods;
  // The same id with another tag: an operator has raised its generation.
  return again?.some((other) => other.pod.id === left?.id) ? "pod-replaced" : "config-change";
}
