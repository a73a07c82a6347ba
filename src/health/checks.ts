import type { Probe, ReadinessProbe } from "../model/pool.ts";
import { type Observation, observe, type Readiness } from "./readiness.ts";

/** The three probes of Kubernetes, in the order in which they come about. */
export const CHECKS = ["startup", "liveness", "readiness"] as const;
export type CheckName = (typeof CHECKS)[number];

export type CheckState = "starting" | "started" | "failed" | "live" | "failing" | Readiness["state"];

/** What one check says of one pod, as a value: an observation makes a new one. */
export interface Verdict {
  readonly state: CheckState;
  /** Observations in a row. */
  readonly passes: number;
  readonly failures: number;
  /** Failures in a row that could not even connect. */
  readonly unreachable: number;
}

interface Check {
  /** The first is that of a pod of which nothing is known yet: kubelet's, too. */
  readonly states: readonly CheckState[];
  fold(before: Verdict, seen: Observation, probe: Probe): Verdict;
}

/**
 * `startup` fails after `failure` in a row and has then to pass once; once it has passed it is never asked again. `liveness`
 * is only shown, as the restart is kubelet's: it moves nobody.
 */
const KINDS: Readonly<Record<CheckName, Check>> = {
  startup: {
    states: ["starting", "started", "failed"],
    fold: (before, seen, probe) => folded(before, seen, probe, "started", "failed"),
  },
  liveness: {
    states: ["live", "failing"],
    fold: (before, seen, probe) => folded(before, seen, probe, "live", "failing"),
  },
  readiness: {
    states: ["unready", "ready", "unhealthy", "down"],
    fold: (before, seen, probe) => observe(before as Readiness, seen, probe as ReadinessProbe).next,
  },
};

/** What a check begins with: where it stood before a restart, if that is a state of its own; its counts begin anew. */
export function firstVerdict(name: CheckName, stored: string | undefined): Verdict {
  const { states } = KINDS[name];
  const state = states.find((known) => known === stored) ?? states[0]!;
  return { state, passes: 0, failures: 0, unreachable: 0 };
}

export function fold(name: CheckName, before: Verdict, seen: Observation, probe: Probe): Verdict {
  return KINDS[name].fold(before, seen, probe);
}

function folded(
  before: Verdict,
  seen: Observation,
  { success, failure }: Probe,
  good: CheckState,
  bad: CheckState,
): Verdict {
  if (seen === "passed") {
    const passes = before.passes + 1;
    return { state: passes >= success ? good : before.state, passes, failures: 0, unreachable: 0 };
  }
  const failures = before.failures + 1;
  const unreachable = seen === "unreachable" ? before.unreachable + 1 : 0;
  return { state: failures >= failure ? bad : before.state, passes: 0, failures, unreachable };
}
