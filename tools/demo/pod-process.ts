import { type ChildProcess, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

/** `starting`: the process runs and does not listen yet. */
export type PodStatus = "starting" | "alive" | "dead";

/** What a pod tells the control server: that it listens, or that a visitor's cart has another size. */
export interface PodReport {
  readonly pod: string;
  readonly pid: number;
  readonly ready?: true;
  readonly visitor?: string;
  readonly items?: number;
}

const SCRIPT = fileURLToPath(new URL("./pod.ts", import.meta.url));
const START_LIMIT = 15_000;

/** One demo pod as a child process, always on the same port; dead until started. */
export class PodProcess {
  readonly id: string;
  readonly port: number;
  status: PodStatus = "dead";
  /** When the status became what it is; milliseconds since the epoch. */
  since = Date.now();
  /** Items by visitor, as reported; kept after death until the next start, to say what was lost. */
  readonly carts = new Map<string, number>();
  readonly #control: string;
  readonly #changed: (pod: PodProcess, ended: "killed" | "by itself" | undefined) => void;
  #child: ChildProcess | undefined;
  #exited: Promise<void> = Promise.resolve();
  #killing = false;
  #stopped = false;
  #listening: (() => void) | undefined;

  /** `changed` is called on every change; `ended` says how, when the process ended. */
  constructor(
    id: string,
    port: number,
    control: string,
    changed: (pod: PodProcess, ended: "killed" | "by itself" | undefined) => void,
  ) {
    this.id = id;
    this.port = port;
    this.#control = control;
    this.#changed = changed;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Whether it is on its way out: killed, and the system has not said so yet. */
  get ending(): boolean {
    return this.#killing && this.status !== "dead";
  }

  /** Starts the process with empty memory; resolves once it listens. Rejects, with its last words, when it ends before. */
  start(): Promise<void> {
    if (this.#stopped || this.status !== "dead") {
      return Promise.reject(new Error(`${this.id} is ${this.#stopped ? "stopped for good" : this.status}`));
    }
    this.carts.clear();
    this.#killing = false;
    const args = ["--disable-warning=ExperimentalWarning", SCRIPT];
    args.push("--id", this.id, "--port", String(this.port), "--control", this.#control);
    const child = spawn(process.execPath, args, { stdio: ["ignore", "inherit", "pipe", "ipc"] });
    this.#child = child;
    let words = "";
    child.stderr!.on("data", (chunk: Buffer) => {
      words = (words + chunk.toString("utf8")).slice(-2000);
      process.stderr.write(chunk);
    });
    this.#become("starting");
    const started = new Promise<void>((resolve, reject) => {
      const fail = (why: string) =>
        reject(new Error(`${this.id} did not start on port ${this.port}: ${why}`));
      const late = setTimeout(() => {
        fail("it did not listen in time");
        child.kill("SIGKILL");
      }, START_LIMIT);
      this.#listening = () => {
        clearTimeout(late);
        resolve();
      };
      this.#exited = new Promise((ended) => {
        const end = (why: string) => {
          if (this.#child !== child) return;
          clearTimeout(late);
          this.#child = undefined;
          fail(why);
          this.#become("dead", this.#killing ? "killed" : "by itself");
          ended();
        };
        child.once("error", (error) => child.pid === undefined && end(error.message));
        child.once("close", (code, signal) => end(words.trim() || `it ended with ${signal ?? code}`));
      });
    });
    return started;
  }

  /** Takes in what the process says of itself; false for a process that is not, or no longer, this pod. */
  hear(report: PodReport): boolean {
    if (report.pid !== this.pid) return false;
    if (report.ready === true && this.status === "starting") {
      this.#become("alive");
      this.#listening?.();
    }
    if (report.visitor !== undefined && report.items !== undefined) {
      if (report.items > 0) this.carts.set(report.visitor, report.items);
      else this.carts.delete(report.visitor);
      this.#changed(this, undefined);
    }
    return true;
  }

  /** SIGKILL to the process that this object started, and to no other; resolves once it is gone. */
  async kill(): Promise<void> {
    this.#killing = true;
    this.#child?.kill("SIGKILL");
    await this.#exited;
  }

  /** Kills, and starts no more. */
  stop(): Promise<void> {
    this.#stopped = true;
    return this.kill();
  }

  #become(status: PodStatus, ended?: "killed" | "by itself"): void {
    this.status = status;
    this.since = Date.now();
    this.#changed(this, ended);
  }
}
