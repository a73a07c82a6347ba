import { type PodState, STATES } from "../../health/state.ts";
import { type Found, ofPools, rounded } from "../finding.ts";

/** A pod that has just come is not ready by nature. Milliseconds. */
const LASTING = 10_000;

/** Pods that nobody took out take no new sessions. Where none is left, clients get 502 or 503. */
export const podsNotReady = ofPools(
  "Pods are not ready, by their probes or by failing: with none left clients get 502 or 503",
  "a pod that nobody took out takes no new sessions for 10 s; at once when none does. Error: half of them",
  ({ name, pods, readiness }): Found | undefined => {
    const expected = pods.filter(({ state }) => STATES[state].tried);
    const away = expected.filter(({ state }) => !STATES[state].admit);
    const none = away.length === expected.length;
    const long = away.filter(({ lasting }) => none || lasting >= LASTING);
    if (long.length === 0) return undefined;
    const share = long.length / expected.length;
    const states = [...new Set(long.map(({ state }) => state))];
    return {
      severity: share >= 0.5 ? "error" : "warning",
      title: `${long.length} of ${expected.length} pods of ${name} are not ready`,
      evidence: {
        pool: name,
        notReady: long.length,
        expected: expected.length,
        share: rounded(share),
        pods: Object.fromEntries(long.slice(0, 20).map(({ id, state }) => [id, state])),
      },
      fix: states.map((state) => fixOf(state, readiness)).join(" "),
    };
  },
);

function fixOf(state: PodState, readiness: string | undefined): string {
  const path = readiness === undefined ? "its readiness path" : `GET ${readiness}`;
  if (state === "down") return "down: start the pod, or mend its url: nothing accepts connections there.";
  if (state === "ejected")
    return "ejected: the pod fails while the others do not: its own log says why; it comes back by itself.";
  if (state === "starting" || state === "failed")
    return `${state}: the startup probe has not passed: see the pod's log, or give it more failure × period.`;
  return `${state}: ${path} does not answer 200–399 in time: ask it by hand from the edge's network, and mend the pod or the probe.`;
}
