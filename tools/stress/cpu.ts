import { readFileSync } from "node:fs";
import { cpus } from "node:os";
import type { Watched } from "./memory.ts";

/** Of Linux: in which it counts the CPU of processes, in a second. */
const TICKS = 100;

/** CPU in seconds. */
export interface Cpu {
  readonly edges: number;
  /** Of everything that is watched; what a pod had before it was killed is lost. */
  readonly ours: number;
  /** Of everything that runs on this machine. */
  readonly all: number;
}

/** What has been used so far. */
export function cpuOf(watched: readonly Watched[]): Cpu {
  let [edges, ours] = [0, 0];
  for (const { name, pid } of watched) {
    const own = used(pid());
    ours += own;
    if (name.startsWith("edge-")) edges += own;
  }
  const busy = cpus().map(({ times: { user, nice, sys, irq } }) => user + nice + sys + irq);
  return { edges, ours, all: busy.reduce((sum, ms) => sum + ms, 0) / 1000 };
}

/** What was used between two looks. */
export function less(now: Cpu, before: Cpu): Cpu {
  return { edges: now.edges - before.edges, ours: now.ours - before.ours, all: now.all - before.all };
}

/** Of a process with its threads; 0 where it is not there, or nothing tells. */
function used(pid: number | undefined): number {
  if (pid === undefined) return 0;
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    // After the name, which may hold anything, utime and stime are the 12th and the 13th field.
    const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
    return (Number(fields[11]) + Number(fields[12])) / TICKS;
  } catch {
    // It has ended.
    return 0;
  }
}
