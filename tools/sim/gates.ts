import { cpus } from "node:os";
import type { Tally } from "./tally.ts";
import type { Invariant } from "./watch.ts";

/** One line of the report, in the shape of bench's; `pass` null: told, not judged. */
export interface Gate {
  readonly name: string;
  readonly value: number;
  readonly bar: number | null;
  readonly unit: string;
  readonly pass: boolean | null;
}

const INVARIANTS: readonly Invariant[] = [
  "I1",
  "I2",
  "I3",
  "I4",
  "I5",
  "I6",
  "I7",
  "I8",
  "I10",
  "cap",
  "ledger",
  "bug",
];

/** How often each thing was looked at: a check that never ran proves nothing. */
const LOOKED: Readonly<Record<string, string>> = {
  answers: "responses looked at",
  decisions: "decisions looked at",
  kept: "requests with a good token that went to its pod",
  mustKeep: "of them, with nothing wrong anywhere, judged from outside",
  moves: "sessions that moved and were answered",
  swaps: "compare-and-sets",
  samePod: "moves without the store",
  arrivals: "arrivals at pods",
  ejections: "pods ejected for what edges told of them",
};

/** @param seconds of real time */
export function gatesOf(tally: Tally, seconds: number): Gate[] {
  const told = (name: string, value: number, unit: string): Gate => ({
    name,
    value,
    bar: null,
    unit,
    pass: null,
  });
  const broken = INVARIANTS.map((invariant): Gate => {
    const value = tally.failures.filter((failure) => failure.invariant === invariant).length;
    return { name: `schedules that break ${invariant}`, value, bar: 0, unit: "schedules", pass: value === 0 };
  });
  return [
    told("schedules", tally.schedules, "schedules"),
    ...broken,
    ...Object.entries(LOOKED).map(([key, name]) => told(name, tally.checks[key] ?? 0, "times")),
    told("events of virtual time", tally.steps, "events"),
    told("real time", Math.round(seconds), "s"),
  ];
}

export function machine() {
  return {
    cpu: cpus()[0]?.model ?? "unknown",
    cores: cpus().length,
    platform: `${process.platform}-${process.arch}`,
    node: process.version,
  };
}

export function table(gates: readonly Gate[]): string {
  const rows = gates.map(({ name, value, bar, unit, pass }) => {
    const verdict = pass === null ? "" : pass ? "  ok" : `  NOT OK, bar ${bar}`;
    return `${name.padEnd(58)} ${String(value).padStart(10)} ${unit}${verdict}`;
  });
  return rows.join("\n");
}
