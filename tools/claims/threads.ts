import { cpus } from "node:os";
import { Worker } from "node:worker_threads";
import type { Tally } from "./tally.ts";
import type { Task } from "./worker.ts";

/** Runs each task in virtual time, on all cores; the answers in the order of the tasks. Rejects when one breaks down. */
export async function runAll(tasks: readonly Task[]): Promise<Record<string, Tally>[]> {
  const answers = new Array<Record<string, Tally>>(tasks.length);
  let next = 0;
  const work = async () => {
    const worker = new Worker(new URL("./worker.ts", import.meta.url));
    try {
      while (next < tasks.length) {
        const own = next++;
        answers[own] = await ask(worker, tasks[own]!);
      }
    } finally {
      await worker.terminate();
    }
  };
  await Promise.all(Array.from({ length: Math.min(cpus().length, tasks.length) }, work));
  return answers;
}

function ask(worker: Worker, task: Task): Promise<Record<string, Tally>> {
  return new Promise((resolve, reject) => {
    worker.once("error", reject);
    worker.once("message", (answer: Record<string, Tally>) => {
      worker.off("error", reject);
      resolve(answer);
    });
    worker.postMessage(task);
  });
}
