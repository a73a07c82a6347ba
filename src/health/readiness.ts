import type { ReadinessProbe } from "../model/pool.ts";
import type { PodState } from "./state.ts";

/** What one probe saw. `failed`: it connected, but the status was not 200–399. `unreachable`: it could not connect. */
export type Observation = "passed" | "failed" | "unreachable" | "timeout";

/** The readiness of one pod as a value: an observation makes a new one. */
export interface Readiness {
  readonly state: Extract<PodState, "ready" | "unready" | "unhealthy" | "down">;
  /** Observations in a row of the kind that would flip the state. */
  readonly passes: number;
  readonly failures: number;
  /** Failures in a row that could not even connect. */
  readonly unreachable: number;
}

/**
 * Before the first pass a pod takes no new sessions, as in Kubernetes, but keeps what it has: a coordinator on a new disk
 * must not move every session. While no pod of a pool has passed yet, panic admits them all.
 */
export const UNKNOWN: Readiness = { state: "unready", passes: 0, failures: 0, unreachable: 0 };

/**
 * Folds an observation into a state. Kubernetes' thresholds: `success` passes in a row make it ready, `failure` failures
 * in a row make it unready; when that many could not even connect, it is down, and one that connects gives keep back.
 *
 * @returns the next value, and whether the state flipped: only flips are logged
 */
export function observe(
  before: Readiness,
  seen: Observation,
  probe: Pick<ReadinessProbe, "success" | "failure" | "gates">,
): { next: Readiness; flipped: boolean } {
  const next = seen === "passed" ? pass(before, probe) : fail(before, seen, probe);
  return { next, flipped: next.state !== before.state };
}

function pass(before: Readiness, probe: Pick<ReadinessProbe, "success" | "gates">): Readiness {
  const passes = before.passes + 1;
  const counts = { passes, failures: 0, unreachable: 0 };
  if (before.state === "ready" || passes >= probe.success) return { state: "ready", ...counts };
  return { state: before.state === "down" ? closed(probe) : before.state, ...counts };
}

function fail(
  before: Readiness,
  seen: Observation,
  probe: Pick<ReadinessProbe, "failure" | "gates">,
): Readiness {
  const failures = before.failures + 1;
  const unreachable = seen === "unreachable" ? before.unreachable + 1 : 0;
  const counts = { passes: 0, failures, unreachable };
  if (unreachable >= probe.failure) return { state: "down", ...counts };
  // It connects again, so its sessions may come back, though it is not ready.
  if (before.state === "down" && seen === "failed") return { state: closed(probe), ...counts };
  if (before.state === "ready" && failures >= probe.failure) return { state: closed(probe), ...counts };
  return { state: before.state, ...counts };
}

/** The name of "not ready" under the probe's gates. */
function closed(probe: Pick<ReadinessProbe, "gates">): "unready" | "unhealthy" {
  return probe.gates === "all" ? "unhealthy" : "unready";
}
