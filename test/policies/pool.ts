import type { Core, Table } from "../../src/core/core.ts";
import type { Pod } from "../../src/model/pod.ts";
import type { Pool } from "../../src/model/pool.ts";
import type { PickerTools, Standing } from "../../src/policies/policy.ts";
import { nextVersion } from "../../src/policies/policy.ts";
import { testCore } from "../support/core.ts";
import type { Seeded } from "../support/seeded.ts";

/** A pool of pods with these weights: `web-0`, `web-1`, … */
export function poolOf(weights: readonly number[]): Pool {
  const pods = weights.map(
    (weight, index): Pod => ({
      id: `web-${index}`,
      pool: "web",
      index,
      tag: index + 1,
      url: `http://10.0.0.1:${9000 + index}`,
      authority: `10.0.0.1:${9000 + index}`,
      basePath: "",
      weight,
      zone: undefined,
      generation: 0,
    }),
  );
  return {
    name: "web",
    index: 0,
    pods,
    policy: { name: "random", options: {} },
    tableBits: 16,
    affinity: [],
    readiness: undefined,
    failover: "sticky",
    strict: false,
    panic: 0,
    drain: 0,
    slowStart: { window: 0, aggression: 1, minimum: 0.1 },
    zones: "any",
    retry: { attempts: 1, budget: 0, on: [], methods: [], bodies: false },
    timeouts: { headers: 1000, queue: 5000 },
    queue: 100,

    empty: 503,
  };
}

/** How the pods stand: those of `out` are out, `inflight` is 0 unless given. Each call has a version of its own. */
export function standingOf(
  pods: readonly Pod[],
  out: readonly number[] = [],
  inflight: readonly number[] = pods.map(() => 0),
): Standing {
  const flags = Uint8Array.from(pods, ({ index }) => (out.includes(index) ? 1 : 0));
  const live = pods.filter(({ index, weight }) => weight > 0 && flags[index] === 0).length;
  return { out: flags, live, version: nextVersion(), inflight: Uint32Array.from(inflight) };
}

/** Each pod out with this probability. */
export function someOut(chance: Seeded, pods: readonly Pod[], share: number): number[] {
  return pods.map(({ index }) => index).filter(() => chance.fraction() < share);
}

/** Up to 40 pods of weights 0 to 9, mostly different. */
export function someWeights(chance: Seeded): number[] {
  return Array.from({ length: 1 + chance.below(40) }, () => chance.below(10));
}

/** Weights whose sum is a power of two: every share of it is a binary fraction, so that no sum of shares is rounded. */
export function binaryWeights(chance: Seeded): number[] {
  const weights = someWeights(chance);
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return [...weights, 2 ** Math.ceil(Math.log2(sum + 1)) - sum];
}

/** Tools with one table of the pool, built on first use, as a pool keeps it. */
export function toolsFor(pool: Pool, core: Core = testCore()): PickerTools {
  let table: Table | undefined;
  return {
    core,
    table: () => {
      table ??= core.table(pool.pods, pool.tableBits);
      return table;
    },
  };
}
