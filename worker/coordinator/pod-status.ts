import type { PodState } from "../../src/health/state.ts";
import type { HealthFlip } from "./health-log.ts";

/** How one pod stands. Times in milliseconds since the epoch; null where nothing is known. */
export interface PodStatus {
  readonly pool: string;
  readonly id: string;
  /** 12 hex digits. */
  readonly tag: string;
  /** What the edges go by: an operator's, or that of the config. */
  readonly weight: number;
  readonly configWeight: number;
  /** What the edges go by: the operator's word together with the probes'. */
  readonly state: PodState;
  readonly since: number | null;
  /** When draining or retiring ends, or ended. */
  readonly deadline: number | null;
  /** By all edges together, smoothed over a heartbeat's period. */
  readonly inFlight: number;
  /** What probes and edges say, whatever the operator said. */
  readonly health: PodHealth;
}

/** What probes and edges made of one pod. What a single edge suspects is that edge's own business, and not here. */
export interface PodHealth {
  readonly state: PodState;
  readonly since: number | null;
  /** Those that the pool has, by name. */
  readonly probes: Readonly<Record<string, { readonly state: string; readonly since: number | null }>>;
  /** Passive ejection: until when it lasts, null when it does not, and how often it was needed in a row. */
  readonly ejected: { readonly until: number | null; readonly times: number };
  /** The last flips of each check, the newest first. */
  readonly history: readonly HealthFlip[];
}

/** A pool with the weight that an operator gave it as a side of splits, null when none did. */
export interface PoolStatus {
  readonly weight: number | null;
  readonly pods: readonly PodStatus[];
}

/** A part of a pool's pods. */
export interface PodPage {
  readonly pods: readonly PodStatus[] | null;
  readonly cursor: string | null;
}
