import { type KindName, NAMES } from "./kinds.ts";
import { BASE, type Model } from "./model.ts";
import { type Estimate, estimate } from "./statistics.ts";
import { failure, fewer, peak, rate, sum, type Tally } from "./tally.ts";
import { runAll } from "./threads.ts";
import type { Task } from "./worker.ts";

/** Period of the probes of a run in virtual time: the default of Kubernetes. */
const PROBE = "10s";

/** What was seen of some kinds of stickiness under one model, by so many seeds. */
export interface Seen {
  readonly model: Model;
  readonly kinds: Readonly<Partial<Record<KindName, Readings>>>;
  /** The part of the interruptions by the client's address that there are not by cookies; undefined: not both were run. */
  readonly fewer: Estimate | undefined;
}

export interface Readings {
  /** Of all seeds together. */
  readonly total: Tally;
  /** In a hundred hours that users spend. */
  readonly rate: Estimate;
  /** Of the transfers. */
  readonly failure: Estimate;
  /** Requests of the busiest pod / those of the mean pod. */
  readonly peak: Estimate;
}

export interface Setting {
  readonly model: Model;
  readonly kinds: readonly KindName[];
}

/** What runs are made of, over all settings alike. */
export interface Effort {
  /** Runs of each setting. */
  readonly seeds: number;
  /** Of the first run; the others count up. */
  readonly first: number;
}

/** Runs every setting by the same seeds, so that users and pods of one do as those of the other where the models agree. */
export async function measure(settings: readonly Setting[], { seeds, first }: Effort): Promise<Seen[]> {
  const tasks = settings.flatMap(({ model, kinds }) =>
    Array.from({ length: seeds }, (_, i) => taskOf(model, kinds, first + i)),
  );
  const runs = await runAll(tasks);
  return settings.map((setting, i) => seenOf(setting, runs.slice(i * seeds, (i + 1) * seeds)));
}

export function taskOf(model: Model, kinds: readonly KindName[], seed: number): Task {
  return { model, kinds, script: seed, seed, probe: PROBE };
}

function seenOf({ model, kinds }: Setting, runs: readonly Readonly<Record<string, Tally>>[]): Seen {
  const readings: Partial<Record<KindName, Readings>> = {};
  for (const kind of kinds) {
    const own = runs.map((run) => run[kind]!);
    readings[kind] = {
      total: sum(own),
      rate: estimate(own.map(rate)),
      failure: estimate(own.map(failure)),
      peak: estimate(own.map(peak)),
    };
  }
  const both = kinds.includes("cookie") && kinds.includes("client-ip");
  return { model, kinds: readings, fewer: both ? fewerOf(runs) : undefined };
}

/** Of all runs together, as one with few interruptions says little; the error by leaving out one run after another. */
function fewerOf(runs: readonly Readonly<Record<string, Tally>>[]): Estimate {
  const of = (some: typeof runs) =>
    fewer(sum(some.map((run) => run.cookie!)), sum(some.map((run) => run["client-ip"]!)));
  const all = of(runs);
  if (runs.length < 2) return { mean: all, deviation: 0, error: 0 };
  const without = runs.map((_, i) => of(runs.toSpliced(i, 1)));
  const mean = without.reduce((total, value) => total + value, 0) / runs.length;
  const squares = without.reduce((total, value) => total + (value - mean) ** 2, 0);
  const error = Math.sqrt(((runs.length - 1) / runs.length) * squares);
  return { mean: all, deviation: error * Math.sqrt(runs.length), error: 2 * error };
}

/**
 * What the same must come to where addresses change by themselves and pods restart by themselves: a change of the address
 * leads to another of n pods with (n − 1)/n, and only the client's address minds it; a restart is minded by both.
 */
export function expectedFewer({ phones, changes, pods, restarts }: Model): number {
  const moved = phones * changes * (1 - 1 / pods);
  return moved + restarts === 0 ? 0 : moved / (moved + restarts);
}

/** One line of each sweep: which parameter takes which values, with all others as they are. */
export interface Sweep {
  readonly parameter: "changes" | "restarts" | "usersPerNat" | "pods" | "keepAlive";
  readonly values: readonly number[];
  readonly kinds: readonly KindName[];
}

const TIMES = [1 / 8, 1 / 4, 1 / 2, 1, 2, 4, 8];

export const SWEEPS: readonly Sweep[] = [
  {
    parameter: "changes",
    values: TIMES.map((times) => times * BASE.changes),
    kinds: ["client-ip", "cookie"],
  },
  {
    parameter: "restarts",
    values: TIMES.map((times) => times * BASE.restarts),
    kinds: ["client-ip", "cookie"],
  },
  { parameter: "usersPerNat", values: [1, 5, 10, 20, 40, 80, 120], kinds: ["client-ip", "cookie"] },
  { parameter: "pods", values: [2, 3, 6, 12, 24, 48], kinds: NAMES },
  { parameter: "keepAlive", values: [0, 2, 5, 10, 20, 40, 75], kinds: ["connection"] },
];

export interface Swept {
  readonly sweep: Sweep;
  readonly seen: readonly Seen[];
}

export async function sweep(effort: Effort): Promise<Swept[]> {
  const settings = SWEEPS.map(({ parameter, values, kinds }) =>
    values.map((value) => ({ model: { ...BASE, [parameter]: value }, kinds })),
  );
  const seen = await measure(settings.flat(), effort);
  return SWEEPS.map((one) => ({ sweep: one, seen: seen.splice(0, one.values.length) }));
}
