import type { PodState } from "./state.ts";

/** Orders after which a pod keeps nothing, whatever the probes say. The first that stands gives the cause. */
const FINAL: readonly PodState[] = ["disabled", "rolled-back", "retired", "drained"];

/**
 * The state of a pod in the shared view, by what operators said over what the probes say.
 *
 * @param pod the order that stands for the pod itself, if any
 * @param pool that for its whole pool
 */
export function ordered(pod: PodState | undefined, pool: PodState | undefined, probed: PodState): PodState {
  const final = FINAL.find((state) => state === pod || state === pool);
  if (final !== undefined) return final;
  // Its sessions must go though it drains; when it is up again it drains on.
  if (probed === "down") return "down";
  return pod ?? pool ?? probed;
}
