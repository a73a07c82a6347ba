import type { Gate } from "../fleet/gate.ts";
import { atMost, none, told } from "../fleet/gate.ts";
import { type Beats, beats } from "./beats.ts";
import { type Commands, commands, PRICE } from "./commands.ts";
import { type Inflight, inflight } from "./inflight.ts";
import { type Movement, move, type Placement, place, sessions } from "./placement.ts";
import { type Probing, probing } from "./probing.ts";

/** How much of everything. */
export interface Effort {
  readonly sessions: number;
  readonly isolates: number;
  /** Requests that all isolates serve in a second: each session one in half a minute. */
  readonly requests: number;
  readonly placed: readonly number[];
  readonly moved: readonly number[];
  readonly busy: readonly number[];
  /** Before anything in flight is looked at, and how long that is. Milliseconds. */
  readonly warmup: number;
  readonly length: number;
  readonly told: readonly number[];
  readonly probed: readonly (readonly [pods: number, hanging: number])[];
  readonly idles: readonly string[];
}

export const FULL: Effort = {
  sessions: 1_000_000,
  isolates: 1000,
  requests: 33_333,
  placed: [10, 100, 1000, 3000, 10_000],
  moved: [10, 100, 1000, 10_000],
  busy: [100, 1000, 10_000],
  warmup: 10_000,
  length: 6000,
  told: [10, 100, 1000, 3000, 10_000],
  probed: [
    ...[50, 100, 300, 1000, 3000, 10_000].map((pods) => [pods, 0] as const),
    ...[50, 100, 300, 1000, 3000].map((pods) => [pods, 0.1] as const),
  ],
  idles: ["10m", "30m", "1h", "2h", "4h"],
};

/** The same in small. */
export const QUICK: Effort = {
  sessions: 100_000,
  isolates: 100,
  requests: 3333,
  placed: [10, 100, 1000],
  moved: [10, 100, 1000],
  busy: [20, 100],
  warmup: 10_000,
  length: 10_000,
  told: [10, 100, 1000],
  probed: [
    [50, 0],
    [300, 0],
    [300, 0.1],
  ],
  idles: ["30m", "2h"],
};

/** Of the probes. Seconds. */
export const PERIOD = 5;
const LASTS = 20;
/** Slots: the default, and the most that there may be. */
export const BITS = [16, 18] as const;

/** Everything that the report tells. */
export interface Figures {
  readonly placements: readonly Placement[];
  readonly movements: readonly Movement[];
  readonly inflight: readonly Inflight[];
  readonly beats: readonly Beats[];
  readonly probing: readonly Probing[];
  readonly commands: readonly Commands[];
}

/** @param say is told of the way to the figures */
export async function figures(effort: Effort, seed: number, say: (line: string) => void): Promise<Figures> {
  say("sessions on pods");
  const sids = sessions(effort.sessions, seed);
  const placements = [...BITS, undefined].flatMap((bits) =>
    effort.placed.map((pods) => place(sids, pods, bits, seed)),
  );
  const movements = effort.moved.map((pods) => move(sids, pods, Math.max(1, pods / 100), bitsOf(pods)));
  say("heartbeats");
  const heard: Beats[] = [];
  for (const pods of effort.told) heard.push(await beats(pods, effort.isolates, effort.requests));
  say("probes");
  const probed: Probing[] = [];
  for (const [pods, hanging] of effort.probed) probed.push(await probing(pods, hanging, PERIOD, LASTS, seed));
  say("the store");
  const asked: Commands[] = [];
  for (const idle of effort.idles) asked.push(await commands("cookie", idle, seed));
  for (const kind of ["client-ip", "none"] as const) asked.push(await commands(kind, undefined, seed));
  say("requests in flight");
  const busy = effort.busy.map((pods) => inflight(pods, effort.isolates, effort.warmup, effort.length, seed));
  return { placements, movements, inflight: busy, beats: heard, probing: probed, commands: asked };
}

/** As docs/config.md has it for pools of so many pods. */
function bitsOf(pods: number): number {
  return pods < 500 ? BITS[0] : BITS[1];
}

/** The figures as lines of a table, with what must be so. */
export function gatesOf({ placements, movements, inflight, beats, probing, commands }: Figures): Gate[] {
  return [
    ...placements.map(({ pods, bits, most }) =>
      told(`${pods} pods, ${tableName(bits)}: sessions of the fullest pod`, most, "× mean"),
    ),
    none(
      "sessions that moved though their pod was not out",
      Math.max(...movements.map(({ others }) => others)),
      "of all",
    ),
    ...movements.flatMap(({ pods, changed, leaving, coming }) => [
      told(`${pods} pods, ${changed} leave: keys of others with another home`, leaving * 100, "%"),
      told(`${pods} pods, ${changed} come: keys of others with another home`, coming * 100, "%"),
    ]),
    ...inflight.flatMap(({ pods, isolates, guarded, random }) => [
      told(`${pods} pods, ${isolates} isolates: busiest pod by least-request`, guarded, "× mean"),
      told(`${pods} pods: busiest pod by chance`, random, "× mean"),
    ]),
    ...beats.map(({ pods, isolates, down }) =>
      told(`${pods} pods, ${isolates} isolates: answer to a heartbeat`, down / 1000, "KB"),
    ),
    atMost("heartbeats of all isolates", Math.max(...beats.map(({ rate }) => rate)), 200, "/s"),
    ...probing.map(({ pods, hanging, p99 }) =>
      told(`${pods} pods, ${hanging * 100} % hang: time between two verdicts, p99`, p99, "s"),
    ),
    atMost(
      "time between two verdicts, median, worst of them",
      Math.max(...probing.map(({ median }) => median)),
      PERIOD * 1.1,
      "s",
    ),
    ...commands.map(({ kind, idle, rate }) =>
      told(`${kindName(kind, idle)}: commands of a million sessions`, rate, "/s"),
    ),
    ...commands.map(({ kind, idle, month }) =>
      told(`${kindName(kind, idle)}: a month of them by the command`, month * PRICE, "$"),
    ),
    none("commands without sessions", commands.find(({ kind }) => kind === "none")!.commands, "commands"),
  ];
}

export function tableName(bits: number | undefined): string {
  return bits === undefined ? "by chance" : `2^${bits} slots`;
}

export function kindName(kind: string, idle: string | undefined): string {
  return idle === undefined ? kind : `${kind}, idle ${idle}`;
}
