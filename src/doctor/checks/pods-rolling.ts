import type { Cause } from "../../model/binding.ts";
import { isMany, sum } from "../count.ts";
import { type Found, ofPools } from "../finding.ts";

const LEAST = 5;
const SHARE = 0.1;
const PODS = 2;
/** What a pod that goes away leaves in the ledger. */
const WENT: readonly Cause[] = [
  "pod-gone",
  "pod-unhealthy",
  "pod-replaced",
  "drain-deadline",
  "config-change",
];

/** Pods go one after another, and each takes its sessions along. */
export const podsRolling = ofPools(
  "Sessions are interrupted often, as pods roll: each one that goes moves its sessions",
  "in 5 min at least 2 pods lost 5 sessions together, and a tenth of those that live",
  ({ name, pods, breaks }): Found | undefined => {
    const went = breaks.filter(({ cause }) => WENT.includes(cause));
    const left = [...new Set(went.map(({ from }) => from))].sort();
    const moved = sum(went.map(({ count }) => count));
    const live = sum(pods.map(({ sessions }) => sessions ?? 0));
    if (left.length < PODS || !isMany(moved, live, LEAST, SHARE)) return undefined;
    const causes: Record<string, number> = {};
    for (const { cause, count } of went) causes[cause] = (causes[cause] ?? 0) + count;
    return {
      severity: "error",
      title: `Pods of ${name} go one after another, and their sessions with them`,
      evidence: { pool: name, sessionsMoved: moved, sessionsLive: live, pods: left.slice(0, 20), causes },
      fix: `Drain each pod before it ends: a preStop hook that calls POST /pools/${name}/pods/{pod}/drain, a terminationGracePeriodSeconds above its deadline, maxSurge 1 and maxUnavailable 0. If the pods crash, their own log says why.`,
    };
  },
);
