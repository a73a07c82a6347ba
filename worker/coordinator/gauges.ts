import { type PodState, STATES } from "../../src/health/state.ts";
import type { Share } from "../../src/metrics/alerts.ts";
import type { Gauges } from "../../src/metrics/samples.ts";
import { tagToHex } from "../../src/model/pod.ts";
import type { Snapshot } from "../../src/model/snapshot.ts";

/** Pods by pool and state, and the requests in flight at each pool's. */
export function standing(
  snapshot: Snapshot | undefined,
  states: Readonly<Record<string, PodState>>,
  inflight: (tag: string) => number,
): Pick<Gauges, "pods" | "inflight"> {
  const pods: Record<string, Record<string, number>> = {};
  const flying: Record<string, number> = {};
  for (const pool of snapshot?.pools ?? []) {
    const own: Record<string, number> = {};
    let sum = 0;
    for (const { tag } of pool.pods) {
      const hex = tagToHex(tag);
      const state = states[hex] ?? "ready";
      own[state] = (own[state] ?? 0) + 1;
      sum += inflight(hex);
    }
    pods[pool.name] = own;
    flying[pool.name] = sum;
  }
  return { pods, inflight: flying };
}

/** By pool: pods of the config that nobody took out, and those of them that take no new sessions. */
export function unavailable(
  snapshot: Snapshot | undefined,
  states: Readonly<Record<string, PodState>>,
): Record<string, Share> {
  const shares: Record<string, Share> = {};
  for (const pool of snapshot?.pools ?? []) {
    let all = 0;
    let bad = 0;
    for (const { tag } of pool.pods) {
      const { admit, tried } = STATES[states[tagToHex(tag)] ?? "ready"];
      // What may not be tried was taken out by somebody.
      if (!tried) continue;
      all++;
      if (!admit) bad++;
    }
    shares[pool.name] = { all, bad };
  }
  return shares;
}
