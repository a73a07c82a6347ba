import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { watch } from "../serve/watcher.ts";
import type { Order, Setting, Tick } from "./messages.ts";

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
    const ended = once(child, "exit").then(() => false);
    const up = await Promise.race([once(child, "message").then(() => true), ended]);
    if (!up) throw new Error("a process of users did not start");
    child.on("message", (tick: Tick) => ticked(tick));
    return load;
  }

  get pid(): number {
    return this.#child.pid!;
  }

  order(order: Order): void {
    this.#child.send(order);
  }

  async stop(): Promise<void> {
    this.#unwatch();
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const gone = once(this.#child, "exit");
    this.#child.kill("SIGKILL");
    await gone;
  }
}
