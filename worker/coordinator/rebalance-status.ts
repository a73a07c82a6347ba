import { type RebalanceStep, skewOf } from "../../src/sessions/rebalance.ts";
import type { Round } from "./rebalance-pods.ts";
import type { Run } from "./rebalance-runs.ts";

/** What is asked for. */
export interface RebalanceOrder {
  readonly pool: string;
  /** Sessions a second. */
  readonly rate: number;
  readonly target: number;
  readonly dryRun: boolean;
  readonly who: string;
}

/** How a rebalance stands. Times in milliseconds since the epoch; null where nothing is known. */
export interface RebalanceStatus {
  /** `none`: there never was one. `planned`: a dry run, which moves nobody. */
  readonly state: Run["state"] | "none" | "planned";
  readonly moved: number;
  /** Sessions above what the target allows, active ones too; of a dry run those that would move. */
  readonly left: number | null;
  readonly skew: { readonly before: number | null; readonly now: number | null; readonly after?: number };
  readonly rate?: number;
  readonly target?: number;
  readonly since?: number;
  /** Why it waits or ended: `store-down`, `no-pod`, `no-idle`, `no-such-pool`, `operator`; empty when it need not be said. */
  readonly why?: string;
  /** Of a dry run: how many would go from which pod to which. */
  readonly moves?: readonly { readonly from: string; readonly to: string; readonly sessions: number }[];
}

/** What these steps would come to, as a dry run tells it. */
export function planned(
  { pods, seats }: Round,
  steps: readonly RebalanceStep[],
  target: number,
): RebalanceStatus {
  const counts = seats.map(({ sessions }) => sessions);
  const moves = new Map<string, { from: string; to: string; sessions: number }>();
  for (const { from, to } of steps) {
    counts[from]!--;
    counts[to]!++;
    const key = `${from} ${to}`;
    const sessions = (moves.get(key)?.sessions ?? 0) + 1;
    moves.set(key, { from: pods[from]!.id, to: pods[to]!.id, sessions });
  }
  const now = skewOf(seats);
  const after = skewOf(seats.map(({ weight }, i) => ({ weight, sessions: counts[i]! })));
  return {
    state: "planned",
    moved: 0,
    left: steps.length,
    skew: { before: now, now, after },
    target,
    moves: [...moves.values()],
  };
}
