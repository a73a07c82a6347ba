import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { watch } from "../serve/watcher.ts";
import { END, type Order, type Setting, type Tick } from "./messages.ts";

const SCRIPT = fileURLToPath(new URL("./load.ts", import.meta.url));

/** A process of users. */
export class LoadProcess {
  readonly #child: ChildProcess;
  readonly #unwatch: () => void;

  private constructor(child: ChildProcess) {
    this.#child = child;
    this.#unwatch = child.pid === undefined ? () => undefined : watch([child.pid]);
  }

  /** @param ticked is told of each second. Rejects when the process does not come up. */
  static async start(setting: Setting, ticked: (tick: Tick) => void): Promise<LoadProcess> {
    const args = ["--disable-warning=ExperimentalWarning", SCRIPT, JSON.stringify(setting)];
    const child = spawn(process.execPath, args, { stdio: ["ignore", "ignore", "inherit", "ipc"] });
    const load = new LoadProcess(child);
    // Without a listener a process that ends while it is told an order would end the whole run.
    const failed = new Promise<false>((resolve) => child.on("error", () => resolve(false)));
    const ended = once(child, "exit").then(() => false);
    const up = await Promise.race([once(child, "message").then(() => true), ended, failed]);
    if (!up) throw new Error("a process of users did not start");
    child.on("message", (said: Tick | typeof END) => {
      if (said !== END) ticked(said);
    });
    return load;
  }

  get pid(): number {
    return this.#child.pid!;
  }

  order(order: Order): void {
    this.#child.send(order);
  }

  /** Its users begin nothing more. Resolves when it has told all that they had under way; rejects when it ends before. */
  end(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#child.once("exit", () => reject(new Error("a process of users ended before its time")));
      this.#child.on("message", (said) => {
        if (said === END) resolve();
      });
      this.#child.send(END);
    });
  }

  async stop(): Promise<void> {
    this.#unwatch();
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const gone = once(this.#child, "exit");
    this.#child.kill("SIGKILL");
    await gone;
  }
}
