import type { Table } from "../../src/core/core.ts";
import type { Break } from "../../src/model/beat.ts";
import type { Swapped } from "../../src/model/ports.ts";
import { nextVersion } from "../../src/policies/policy.ts";
import type { Failure, Forwarder } from "../../src/route/edge.ts";
import type { PoolRuntime } from "../../src/route/pods.ts";
import { GUARD, type GuardOptions } from "../../src/sessions/guard.ts";
import { settle } from "../../src/sessions/settle.ts";
import type { Told } from "./coordinator.ts";

/** Rules that can be broken on purpose, to see that the watch finds it: in the wiring alone, never in src. */
export const BROKEN = {
  "adopt-as-won": "an edge takes ADOPT for WON",
  "settle-without-epoch": "the store compares no epochs",
  "own-suspicion": "the candidate of a rebind comes from the edge's own suspicion, not from the shared view",
  "follower-epoch": "whoever follows a move records it under an epoch of its own",
  "two-causes": "edges give two causes for one break",
  "cookie-without-pod": "a cookie is set though no pod answered",
  "expiry-ignored": "an edge's clock stands still, so that nothing ever expires there",
  "deaf-edge": "an edge hears no feed",
  "never-strict": "an edge moves sessions of a strict pool though no store confirms it",
  "never-waits": "an edge moves sessions from a pod that is down though their pool says `failover: none`",
  "no-cap": "an edge sends a pod as much at once as there is",
  "no-budget": "an edge waits for the store as long as it takes",
  "drain-begins": "an edge begins sessions at pods that drain",
  "old-config": "an edge hears of no newer config",
  "late-as-lost": "an edge takes a pod that is late for one that could not be reached",
  "own-address": "an edge shows the pod what the client says of its address",
} as const;

export type Broken = keyof typeof BROKEN;

export function isBroken(name: string): name is Broken {
  return Object.hasOwn(BROKEN, name);
}

export function ruleOf(broken: Broken | undefined): typeof settle {
  if (broken !== "settle-without-epoch") return settle;
  return (stored, swap) =>
    settle(
      stored !== undefined && stored.epoch > swap.epoch
        ? { ...stored, epoch: swap.epoch, pod: swap.pod }
        : stored,
      swap,
    );
}

export function beliefOf(broken: Broken | undefined): (answer: Swapped) => Swapped {
  if (broken !== "adopt-as-won") return (answer) => answer;
  return (answer) => (answer.verdict === "ADOPT" ? { ...answer, verdict: "WON" } : answer);
}

/** The breaks that an edge records, as they would be told by a broken one. */
export function breaksOf(broken: Broken | undefined, edge: number): Break[] {
  const breaks: Break[] = [];
  if (broken !== "follower-epoch" && broken !== "two-causes") return breaks;
  breaks.push = (...entries) => {
    for (const entry of entries) {
      const told =
        broken === "follower-epoch"
          ? { ...entry, epoch: entry.epoch + edge }
          : { ...entry, cause: edge % 2 === 1 ? ("rebalanced" as const) : entry.cause };
      breaks[breaks.length] = told;
    }
    return breaks.length;
  };
  return breaks;
}

/** Has an edge read of a pool what its config does not say. */
export function misread(broken: Broken | undefined, runtime: PoolRuntime): void {
  const { pool } = runtime;
  if (broken === "never-strict" && pool.strict) runtime.pool = { ...pool, strict: false };
  if (broken === "never-waits" && pool.failover === "none") runtime.pool = { ...pool, failover: "sticky" };
  if (broken === "no-cap" && pool.maxInFlight !== undefined) {
    runtime.pool = { ...pool, maxInFlight: undefined };
  }
  if (broken !== "drain-begins") return;
  for (const { state, pod } of runtime.pods) if (state === "draining") runtime.shared.out[pod.index] = 0;
}

/** What an edge hears with a heartbeat. @param held the stamp of what it has */
export function heard(
  broken: Broken | undefined,
  told: Told,
  held: { readonly incarnation: number; readonly revision: number } | undefined,
): Told {
  if (broken === "deaf-edge") return { ...told, feed: { entries: [], seq: 0 } };
  if (broken !== "old-config" || held === undefined) return told;
  const { config: _, ...rest } = told;
  return { ...rest, incarnation: held.incarnation, revision: held.revision };
}

export function guardOf(broken: Broken | undefined): GuardOptions {
  return broken === "no-budget" ? { ...GUARD, budget: 60_000 } : GUARD;
}

/** How an edge sends a request to its pod. */
export function senderOf(broken: Broken | undefined, send: Forwarder["send"]): Forwarder["send"] {
  if (broken === "own-address") {
    return (shipment, background) => {
      const headers = new Headers(shipment.headers);
      headers.set("x-real-ip", "203.0.113.9");
      return send({ ...shipment, headers }, background);
    };
  }
  if (broken !== "late-as-lost") return send;
  const lost = (answer: Response | Failure) => (answer === "timeout" ? "connect" : answer);
  return (shipment, background) => send(shipment, background).then(lost);
}

/** Lets a pool's table, which rebinding goes by, pass over what this edge alone suspects. */
export function suspectCandidates(pool: PoolRuntime, now: () => number): void {
  if (Object.hasOwn(pool, "table")) return;
  const real = pool.table.bind(pool);
  pool.table = () => {
    const table = real();
    const lookup: Table["lookup"] = (key, view) => {
      const out = view.out.slice();
      for (const { pod, suspectUntil } of pool.pods) if (suspectUntil > now()) out[pod.index] = 1;
      const found = table.lookup(key, { ...view, out, version: nextVersion() });
      return found < 0 ? table.lookup(key, view) : found;
    };
    return new Proxy(table, {
      get(target, name) {
        if (name === "lookup") return lookup;
        const value: unknown = Reflect.get(target, name, target);
        return typeof value === "function" ? value.bind(target) : value;
      },
    });
  };
}
