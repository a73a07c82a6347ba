import type { Outlier } from "../model/pool.ts";
import { type Ejection, eject, IN, readmit } from "./ejection.ts";

/**
 * What one isolate makes of a pod's failures in a row, by Istio's outlierDetection (Envoy's): it only keeps the isolate's
 * own new sessions away. What all isolates see together ejects for the fleet.
 */
export class Streak {
  #errors = 0;
  #gateway = 0;
  #state: Ejection = IN;

  passed(): void {
    this.#errors = this.#gateway = 0;
  }

  isOut(now: number): boolean {
    const state = readmit(this.#state, now);
    // What it did while it was out does not count again.
    if (state !== this.#state) this.passed();
    this.#state = state;
    return state.out;
  }

  /**
   * Counts a failure.
   *
   * @param gateway no answer, or 502, 503 or 504
   * @param room whether one more pod may be kept out
   * @returns until when the pod is out from now on; undefined: nothing has changed. Milliseconds since the epoch
   */
  failed(gateway: boolean, outlier: Outlier, room: () => boolean, now: number): number | undefined {
    const out = this.isOut(now);
    this.#errors++;
    this.#gateway = gateway ? this.#gateway + 1 : 0;
    const { consecutive5xx, consecutiveGatewayErrors, baseEjection: base, interval, maxEjection } = outlier;
    const over = reached(this.#errors, consecutive5xx) || reached(this.#gateway, consecutiveGatewayErrors);
    if (!over || out || !room()) return undefined;
    this.passed();
    this.#state = eject(this.#state, { base, interval, most: maxEjection }, now);
    return this.#state.at;
  }
}

function reached(count: number, limit: number): boolean {
  return limit > 0 && count >= limit;
}
