import type { Cause } from "../model/binding.ts";

/** What a state means for new sessions, for bound ones, and the cause that the ledger gives when they must leave. */
export interface Meaning {
  /** Takes new sessions. */
  readonly admit: boolean;
  /** Keeps the sessions it has. */
  readonly keep: boolean;
  /** Admits again, and keeps what it has, when too few pods are left (panic). */
  readonly panics: boolean;
  /** May be tried when no pod admits at all: nobody told it to stop. */
  readonly tried: boolean;
  readonly cause: Cause;
}

/**
 * The states of a pod in the shared view. `unready` is Kubernetes' degraded pod: bound sessions stay, new ones go
 * elsewhere. A pod that probes call down while edges report successes is `unready`, not `down`.
 */
export const STATES = {
  ready: { admit: true, keep: true, panics: true, tried: true, cause: "pod-gone" },
  unready: { admit: false, keep: true, panics: true, tried: true, cause: "pod-unhealthy" },
  /** It fails while others do not, as edges tell (ejection.ts). */
  ejected: { admit: false, keep: true, panics: true, tried: true, cause: "pod-unhealthy" },
  /** Its startup probe has not passed yet. What it has it keeps: the coordinator's disk may be new, and not the pod. */
  starting: { admit: false, keep: true, panics: false, tried: true, cause: "pod-unhealthy" },
  /** Its startup probe has failed, as often as it may. */
  failed: { admit: false, keep: false, panics: false, tried: true, cause: "pod-unhealthy" },
  /** Unready under `gates: all`. */
  unhealthy: { admit: false, keep: false, panics: true, tried: true, cause: "pod-unhealthy" },
  down: { admit: false, keep: false, panics: false, tried: true, cause: "pod-gone" },
  draining: { admit: false, keep: true, panics: false, tried: false, cause: "drain-deadline" },
  drained: { admit: false, keep: false, panics: false, tried: false, cause: "drain-deadline" },
  disabled: { admit: false, keep: false, panics: false, tried: false, cause: "moved-by-operator" },
  /** Every pod of a canary that was rolled back. */
  "rolled-back": { admit: false, keep: false, panics: false, tried: false, cause: "canary-rollback" },
  /** Every pod of a canary that takes no new sessions for now. */
  paused: { admit: false, keep: true, panics: false, tried: false, cause: "pod-gone" },
  /** Every pod of a primary whose canary was promoted; retired from its deadline on. */
  retiring: { admit: false, keep: true, panics: false, tried: false, cause: "canary-promote" },
  retired: { admit: false, keep: false, panics: false, tried: false, cause: "canary-promote" },
} as const satisfies Record<string, Meaning>;

export type PodState = keyof typeof STATES;

export function isPodState(text: string): text is PodState {
  return Object.hasOwn(STATES, text);
}

/** The states of the pods that are not ready, by 12 hex digits of their tag. What the coordinator sends down. */
export type HealthView = Readonly<Record<string, PodState>>;
