import { Probes } from "../../src/health/probes.ts";
import { dice } from "../sim/dice.ts";
import { compileDocument } from "../sim/document.ts";
import { Loop } from "../sim/loop.ts";

/** As in worker/coordinator/prober.ts. */
const BATCH = 6;
const START = 1_900_000_000_000;
/** A pod answers its probe in so many milliseconds, or not at all. */
const ANSWERS = [5, 55] as const;

export interface Probing {
  readonly pods: number;
  /** The part of the pods that accepts and says nothing. */
  readonly hanging: number;
  /** Probes that ended in a second. */
  readonly rate: number;
  /** Time between two verdicts about one pod, the median and the one that 1 % pass. Seconds. */
  readonly median: number;
  readonly p99: number;
  /** Most probes at once, over all alarms that still run. */
  readonly open: number;
  /** What a probe's book-keeping takes, and that of the simulation with it. Milliseconds of a core of this machine. */
  readonly work: number;
}

/**
 * Probes so many pods by the real rule of what is due, in virtual time: each alarm works off its row by six, as one
 * invocation has six connections, and the next alarm does not wait for it.
 *
 * @param period as the config has it, in seconds; the time-out is one second
 * @param lasts seconds that are looked at, after the time that a first row may take and ten periods
 */
export async function probing(
  pods: number,
  hanging: number,
  period: number,
  lasts: number,
  seed: number,
): Promise<Probing> {
  const chance = dice(seed, `probes ${pods} ${hanging}`);
  const loop = new Loop(START);
  const document = {
    version: 1,
    pools: {
      web: {
        pods: Array.from({ length: pods }, (_, i) => ({ id: `web-${i}`, url: `http://web-${i}.test` })),
        health: { readiness: { path: "/ready", period: `${period}s`, timeout: "1s" } },
      },
    },
    routes: [{ pool: "web" }],
  };
  const probes = new Probes();
  probes.follow(await compileDocument(JSON.stringify(document), 1), new Map(), loop.now);
  const last = new Map<string, number>();
  const gaps: number[] = [];
  let [open, most, ended, all] = [0, 0, 0, 0];
  const warmup = START + Math.ceil(pods / BATCH) * (ANSWERS[1] + hanging * 1000) + 10_000 * period;
  const end = warmup + lasts * 1000;
  const hangs = (id: string) => Number(id.slice("web-".length)) < hanging * pods;
  const look = async (id: string) => {
    open++;
    most = loop.now > warmup ? Math.max(most, open) : most;
    await loop.sleep(hangs(id) ? 1000 : chance.between(...ANSWERS));
    open--;
    all++;
    if (loop.now > warmup) {
      ended++;
      const before = last.get(id);
      if (before !== undefined) gaps.push((loop.now - before) / 1000);
    }
    last.set(id, loop.now);
    return hangs(id) ? ("timeout" as const) : ("passed" as const);
  };
  let planned = Number.POSITIVE_INFINITY;
  let cancel = () => {};
  const schedule = () => {
    const next = probes.next();
    if (next === undefined || next >= planned) return;
    cancel();
    planned = next;
    cancel = loop.after(next - loop.now, alarm);
  };
  const alarm = () => {
    planned = Number.POSITIVE_INFINITY;
    const taken = loop.now;
    const due = probes.take(taken, () => chance.fraction());
    const row = due.values();
    const work = async () => {
      for (const task of row) {
        const begun = loop.now;
        const flip = probes.settle({ ...task, begun }, await look(task.pod.id), loop.now);
        // Nothing is due sooner than it was, unless its turn came meanwhile, or by what it saw.
        if (flip !== undefined || loop.now - taken > 900 * period) schedule();
      }
    };
    for (let i = 0; i < Math.min(BATCH, due.length); i++) void work();
    schedule();
  };
  schedule();
  const before = process.cpuUsage();
  await loop.run(end);
  const { user, system } = process.cpuUsage(before);
  const work = (user + system) / 1000 / all;
  const sorted = gaps.sort((a, b) => a - b);
  const at = (part: number) => sorted[Math.ceil(part * sorted.length) - 1] ?? Number.NaN;
  return { pods, hanging, rate: ended / lasts, median: at(0.5), p99: at(0.99), open: most, work };
}
