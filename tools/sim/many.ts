import { cpus } from "node:os";
import { Worker } from "node:worker_threads";
import type { Broken } from "./broken.ts";
import { add, emptyTally, type Tally } from "./tally.ts";
import type { Share } from "./worker.ts";

export interface Many {
  readonly first: number;
  readonly schedules: number;
  readonly broken: Broken | undefined;
  /** Failures after which nothing more is begun. */
  readonly enough: number;
  readonly progress: (tally: Tally) => void;
}

/** Runs the schedules of consecutive seeds on all cores. Rejects when a thread breaks down. */
export async function many({ first, schedules, broken, enough, progress }: Many): Promise<Tally> {
  const threads = Math.max(1, Math.min(cpus().length, schedules));
  const tally = emptyTally();
  const workers: Worker[] = [];
  const run = (index: number) =>
    new Promise<void>((resolve, reject) => {
      const own = Math.floor(schedules / threads) + (index < schedules % threads ? 1 : 0);
      const share: Share = { first: first + index, step: threads, schedules: own, broken, enough };
      const worker = new Worker(new URL("./worker.ts", import.meta.url), { workerData: share });
      workers.push(worker);
      worker.on("message", (part: Tally) => {
        add(tally, part);
        progress(tally);
        if (tally.failures.length >= enough) for (const other of workers) void other.terminate();
      });
      worker.on("error", reject);
      worker.on("exit", () => resolve());
    });
  await Promise.all(Array.from({ length: threads }, (_, index) => run(index)));
  tally.failures.sort((a, b) => a.seed - b.seed);
  return tally;
}
