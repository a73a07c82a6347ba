import type { Probes } from "../../src/health/probes.ts";
import type { PodState } from "../../src/health/state.ts";
import type { Pool } from "../../src/model/pool.ts";
import type { Fleet } from "./fleet.ts";
import type { HealthLog } from "./health-log.ts";
import type { PodHealth } from "./pod-status.ts";
import type { Seen } from "./pods.ts";

/** The check under which ejections are logged: `ejected`, `returned`. */
export const EJECTION = "ejection";
/** Flips that are shown of a pod. */
const SHOWN = 20;

/** What probes and edges together make of pods. Ejection holds back what is ready; what probes say of others is worse. */
export class Sight implements Seen {
  readonly #probes: Probes;
  readonly #fleet: Fleet;
  readonly #log: HealthLog;
  readonly #now: () => number;

  constructor(probes: Probes, fleet: Fleet, log: HealthLog, now: () => number) {
    this.#probes = probes;
    this.#fleet = fleet;
    this.#log = log;
    this.#now = now;
  }

  state(tag: string): PodState {
    return this.#over(tag, this.#probes.state(tag, this.#now()));
  }

  foresee(pool: Pool, tag: string): PodState {
    return this.#over(tag, this.#probes.foresee(pool, tag, this.#now()));
  }

  health(tag: string): PodHealth {
    const probes = this.#probes.checks(tag).map(({ check, state }) => {
      const since = this.#log.since(tag, check) ?? null;
      return [check, { state, since }] as const;
    });
    const { out, times, at } = this.#fleet.ejection(tag);
    return {
      state: this.state(tag),
      since: this.since(tag),
      probes: Object.fromEntries(probes),
      ejected: { until: out ? at : null, times },
      history: this.#log.history(tag).slice(0, SHOWN),
    };
  }

  since(tag: string): number | null {
    // Liveness is shown, and decides nothing.
    const since = ["startup", "readiness", EJECTION].map((check) => this.#log.since(tag, check) ?? 0);
    return Math.max(...since) || null;
  }

  inFlight(tag: string): number {
    return this.#fleet.inflight(tag, this.#now());
  }

  #over(tag: string, probed: PodState): PodState {
    return probed === "ready" && this.#fleet.ejection(tag).out ? "ejected" : probed;
  }
}
