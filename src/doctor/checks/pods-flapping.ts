import { type Found, ofPools } from "../finding.ts";

const TURNS = 4;

/** A check turns again and again: new sessions avoid the pod and come back. */
export const podsFlapping = ofPools(
  "A pod's probe, or its ejection, turns again and again",
  "4 turns of one pod in 5 min",
  ({ name, pods, readiness }): Found | undefined => {
    const turning = pods.filter(({ flips }) => flips >= TURNS);
    if (turning.length === 0) return undefined;
    const probe = readiness === undefined ? "" : ` (readiness ${readiness})`;
    return {
      severity: "warning",
      title: `Checks of pods of ${name} turn again and again`,
      evidence: {
        pool: name,
        turns: Object.fromEntries(turning.slice(0, 20).map(({ id, flips }) => [id, flips])),
      },
      fix: `See health.history in GET /pools/${name}/pods for which check turns${probe}: raise its timeout or failure if the pod is merely slow at times; else mend the pod.`,
    };
  },
);
