import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { watch } from "../serve/watcher.ts";
import type { Arrival, Behaviour } from "./pod-app.ts";
import { onFreePort } from "./ports.ts";

const SCRIPT = fileURLToPath(new URL("./pod.ts", import.meta.url));
const START_MS = 15_000;

/** A pod as a process of its own, always on the same port. */
export class FleetPod {
  readonly id: string;
  readonly port: number;
  /** Where the pod itself listens. */
  readonly url: string;
  readonly #file: string;
  #child: ChildProcess | undefined;
  #unwatch: (() => void) | undefined;
  #paused = false;

  private constructor(id: string, port: number, file: string) {
    this.id = id;
    this.port = port;
    this.url = `http://127.0.0.1:${port}`;
    this.#file = file;
  }

  /** Starts a pod on a free port; `file` takes its arrivals. Rejects with its last words when it does not come up. */
  static start(id: string, file: string): Promise<FleetPod> {
    return onFreePort(async (port) => {
      const pod = new FleetPod(id, port, file);
      await pod.revive();
      return pod;
    });
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** SIGKILL; resolves when it is gone and its port refuses. Its memory is lost. */
  async kill(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    this.#paused = false;
    this.#unwatch?.();
    if (child?.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, "exit");
    child.kill("SIGKILL");
    await gone;
  }

  /** Starts it again on the same port, with an empty memory, behaving well. */
  async revive(): Promise<void> {
    if (this.#child !== undefined) throw new Error(`${this.id} lives`);
    const args = ["--disable-warning=ExperimentalWarning", SCRIPT, this.id, String(this.port), this.#file];
    const child = spawn(process.execPath, args, { stdio: ["ignore", "ignore", "pipe", "ipc"] });
    this.#child = child;
    if (child.pid !== undefined) this.#unwatch = watch([child.pid]);
    let words = "";
    // A process that could not be made, or that a signal or a word no longer reaches, must not end the whole run.
    child.on("error", (error) => {
      words += error.message;
    });
    child.stderr?.on("data", (chunk: Buffer) => {
      words = (words + chunk).slice(-2000);
    });
    const timer = setTimeout(() => child.kill("SIGKILL"), START_MS);
    const up = await new Promise<boolean>((resolve) => {
      child.once("message", () => resolve(true));
      for (const end of ["close", "error"]) child.once(end, () => resolve(false));
    });
    clearTimeout(timer);
    if (up) return;
    await this.kill();
    throw new Error(`${this.id} did not start on port ${this.port}: ${words.trim()}`);
  }

  /** SIGSTOP: the system accepts connections and nothing is answered, until {@link resume}. */
  pause(): void {
    if (this.pid === undefined) throw new Error(`${this.id} is dead`);
    process.kill(this.pid, "SIGSTOP");
    this.#paused = true;
  }

  resume(): void {
    if (this.#paused && this.pid !== undefined) process.kill(this.pid, "SIGCONT");
    this.#paused = false;
  }

  /** Changes how it behaves from now on; resolves when it does. */
  async behave(change: Partial<Behaviour>): Promise<void> {
    const child = this.#child;
    if (child === undefined) throw new Error(`${this.id} is dead`);
    const done = new Promise<void>((resolve, reject) => {
      const gone = () => reject(new Error(`${this.id} died before it changed`));
      child.once("exit", gone);
      child.once("message", () => {
        child.off("exit", gone);
        resolve();
      });
    });
    child.send(change);
    await done;
  }

  /** Every request that ever arrived, over all its lives, that is as `like` says. */
  arrivals(like: Partial<Arrival> = {}): Arrival[] {
    if (!existsSync(this.#file)) return [];
    const lines = readFileSync(this.#file, "utf8").split("\n").slice(0, -1);
    const all = lines.map((line) => JSON.parse(line) as Arrival);
    const wanted = Object.entries(like) as [keyof Arrival, string][];
    return all.filter((arrival) => wanted.every(([name, value]) => arrival[name] === value));
  }
}
