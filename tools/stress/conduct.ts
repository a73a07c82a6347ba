import { setTimeout as sleep } from "node:timers/promises";
import type { Trouble } from "../fleet/breaks/journal.ts";
import { type Cpu, cpuOf, less } from "./cpu.ts";
import { FAULTS, type FaultName, type Struck } from "./faults.ts";
import { isThere, resident, type Watched } from "./memory.ts";
import type { Change, Interruption, Tick } from "./messages.ts";
import type { Plan, Stage } from "./plan.ts";
import { Progress } from "./progress.ts";
import type { Stand } from "./stand.ts";
import { Timeline } from "./timeline.ts";

/** A fault as it came about; seconds since the beginning. */
export interface HappenedFault {
  readonly what: FaultName;
  readonly whom: string;
  /** Of a pod that was killed. */
  readonly sessions?: number | undefined;
  readonly from: number;
  readonly until: number;
}

/** What a stage took. */
export interface StageCost {
  /** That the store had. */
  readonly commands: number;
  /** Seconds: of the edges, of everything that took part, and of all that ran on this machine. */
  readonly cpu: Cpu;
}

/** What a run was, from end to end. */
export interface Course {
  readonly timeline: Timeline;
  readonly faults: readonly HappenedFault[];
  /** Of each stage. */
  readonly costs: readonly StageCost[];
  /** When it began; ms since the epoch. */
  readonly began: number;
  /** Names of processes that ended without being told to. */
  readonly lost: readonly string[];
  readonly troubles: readonly Trouble[];
  readonly changes: readonly Change[];
  readonly interruptions: readonly Interruption[];
  readonly robbed: readonly string[];
}

/** What all users told in the course of a run. */
export class Told {
  readonly timeline = new Timeline();
  readonly troubles: Trouble[] = [];
  readonly changes: Change[] = [];
  readonly interruptions: Interruption[] = [];
  readonly robbed: string[] = [];

  take(load: number, tick: Tick): void {
    this.timeline.take(load, tick);
    this.troubles.push(...tick.troubles);
    this.changes.push(...tick.changes);
    this.interruptions.push(...tick.interruptions);
    this.robbed.push(...tick.robbed);
  }
}

/** Seconds for what is under way in the end. */
const LAST = 3;

/** Plays a plan on a stand from beginning to end. */
export async function conduct(stand: Stand, plan: Plan, told: Told): Promise<Course> {
  const { timeline } = told;
  const progress = new Progress(plan.stages.reduce((sum, { ramp, lasts }) => sum + ramp + lasts, LAST));
  const watched = processes(stand);
  const lost = new Set<string>();
  const faults: HappenedFault[] = [];
  const costs: StageCost[] = [];
  const [began, date] = [performance.now(), Date.now()];
  const elapsed = () => (performance.now() - began) / 1000;
  const now: { stage: number | undefined; words: string } = { stage: undefined, words: "" };
  let running = true;
  const clock = (async () => {
    for (let at = 1; running; at++) {
      await sleep(began + at * 1000 - performance.now());
      const memory: Record<string, number> = {};
      for (const { name, pid } of watched) {
        const id = pid();
        if (id === undefined) continue;
        const size = resident(id);
        if (size !== undefined) memory[name] = Math.round(size * 10) / 10;
        if (!isThere(id) && pid() === id) lost.add(name);
      }
      progress.show(timeline.second(at, now.stage, memory), now.words);
    }
  })();

  const strike = async (what: FaultName, lasts: number) => {
    const from = elapsed();
    const { whom, sessions, end }: Struck = await FAULTS[what](stand);
    now.words = `(${what}: ${whom})`;
    await sleep(lasts * 1000);
    await end();
    now.words = "";
    faults.push({ what, whom, sessions, from, until: elapsed() });
  };
  try {
    for (const [index, stage] of plan.stages.entries()) {
      order(stand, stage);
      await sleep(stage.ramp * 1000);
      const [before, cpuBefore] = [await spent(stand), cpuOf(watched)];
      now.stage = index;
      const strikes = stage.faults.map(async ({ what, at, lasts }) => {
        await sleep(at * 1000);
        await strike(what, lasts);
      });
      const ended = Promise.all(strikes);
      // It is waited for in the end; until then it must not count as unhandled.
      ended.catch(() => undefined);
      await sleep(stage.lasts * 1000);
      now.stage = undefined;
      const cpu = less(cpuOf(watched), cpuBefore);
      costs.push({ commands: (await spent(stand)) - before, cpu });
      await ended;
    }
    await sleep(LAST * 1000);
    await Promise.all(stand.loads.map((load) => load.end()));
  } finally {
    running = false;
    await clock;
    progress.end();
  }
  const { troubles, changes, interruptions, robbed } = told;
  return { timeline, faults, costs, began: date, lost: [...lost], troubles, changes, interruptions, robbed };
}

/** The users of a stage, and their rate, over the processes of users as evenly as it goes. */
function order({ loads }: Stand, { users, rate, ramp }: Stage): void {
  for (const [i, load] of loads.entries()) {
    const own = Math.floor(users / loads.length) + (i < users % loads.length ? 1 : 0);
    load.order({ users: own, rate: (rate * own) / users, ramp });
  }
}

/** Commands that the store has had so far. */
async function spent({ fleet }: Stand): Promise<number> {
  return Object.values(await fleet.redis!.commandstats()).reduce((sum, calls) => sum + calls, 0);
}

/** Everything that must not end by itself; of pods those that were not killed. */
function processes({ fleet, loads }: Stand): Watched[] {
  return [
    ...[...fleet.edges, fleet.coordinator].map((member) => ({ name: member.name, pid: () => member.pid })),
    { name: "redis", pid: () => fleet.redis?.pid },
    ...fleet.pods.map((pod) => ({ name: pod.id, pid: () => pod.pid })),
    ...loads.map((load, i) => ({ name: `users-${i}`, pid: () => load.pid })),
    // Where the gateway to Redis and the proxies run.
    { name: "this", pid: () => process.pid },
  ];
}
