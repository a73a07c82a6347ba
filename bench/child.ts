import { spawn, spawnSync } from "node:child_process";
import { join } from "node:path";

/** A process that takes part beside the workers: a pod, or a load generator. */
export interface Child {
  /** Where a pod listens; 0 of a load generator. */
  readonly port: number;
  /** Rejects when it ends with another code than 0. */
  readonly ended: Promise<void>;
  stop(): void;
}

/** Where there is no taskset the figures are noisier, and bare against bare shows it. */
export function pin(pid: number, core: number): void {
  spawnSync("taskset", ["-a", "-c", "-p", String(core), String(pid)], { stdio: "ignore" });
}

/** Runs bench/peer.ts as pod or load on the second core; resolves when it says that it is ready. */
export function startChild(role: "pod" | "load", args: readonly string[] = []): Promise<Child> {
  return new Promise((resolve, reject) => {
    const script = join(import.meta.dirname, "peer.ts");
    const started = spawn(process.execPath, [script, role, ...args], { stdio: ["pipe", "pipe", "inherit"] });
    if (started.pid !== undefined) pin(started.pid, 1);
    const ended = new Promise<void>((done, fail) => {
      started.once("error", fail);
      started.once("exit", (code) =>
        code === 0 ? done() : fail(new Error(`${role} ended with code ${code}`)),
      );
    });
    ended.catch(reject);
    started.stdout.once("data", (chunk: Buffer) => {
      resolve({ port: Number(chunk.toString().trim()), ended, stop: () => started.stdin.end() });
    });
  });
}
