import { setTimeout as sleep } from "node:timers/promises";
import { startWorkerd, type Workerd } from "../serve/workerd.ts";
import { onFreePort } from "./ports.ts";

/** Variables over those of before; undefined takes one away. */
export type EnvChange = Readonly<Record<string, string | undefined>>;

export interface MemberOptions {
  readonly name: string;
  readonly role: "edge" | "coordinator";
  readonly bundleDir: string;
  readonly env: Readonly<Record<string, string>>;
  /** Folders for the state of a coordinator: it begins with the first, and goes on to the next when it loses its disk. */
  readonly disk?: (life: number) => string;
}

/** Characters of a process's output that are kept. */
const LOG = 100_000;

/** One workerd process of a fleet, always on the same port: an edge or the coordinator. */
export class Member {
  readonly name: string;
  readonly url: string;
  readonly port: number;
  /** Its variables, as it was last started with. */
  env: Readonly<Record<string, string>>;
  readonly #options: MemberOptions;
  #process: Workerd | undefined;
  #paused = false;
  #life = 0;
  #log = "";

  private constructor(options: MemberOptions, port: number) {
    this.name = options.name;
    this.env = options.env;
    this.#options = options;
    this.port = port;
    this.url = `http://127.0.0.1:${port}`;
  }

  /** Resolves once it answers. Rejects with StartError. */
  static start(options: MemberOptions): Promise<Member> {
    return onFreePort(async (port) => {
      const member = new Member(options, port);
      await member.#start();
      return member;
    });
  }

  /** Undefined while it does not run. */
  get pid(): number | undefined {
    return this.#process?.pid;
  }

  /** The last of what it wrote, over all its lives. */
  get log(): string {
    return this.#log;
  }

  /** SIGKILL; resolves when it is gone and its port refuses. */
  async kill(): Promise<void> {
    const dying = this.#process;
    this.#process = undefined;
    this.#paused = false;
    if (dying === undefined) return;
    dying.kill();
    await dying.ended;
    await dying.stop();
  }

  /**
   * Starts it again, after a SIGKILL when it still runs. `env` changes its variables from then on; `empty` gives a
   * coordinator a new disk, which makes it another incarnation.
   */
  async restart({ env = {}, empty = false }: { env?: EnvChange; empty?: boolean } = {}): Promise<void> {
    await this.kill();
    const merged = Object.entries({ ...this.env, ...env });
    this.env = Object.fromEntries(
      merged.filter((entry): entry is [string, string] => entry[1] !== undefined),
    );
    if (empty) {
      this.#life++;
      // An incarnation is named by the millisecond in which its disk was new.
      await sleep(2);
    }
    await this.#start();
  }

  /** SIGSTOP: the system accepts connections and nothing is answered, until {@link resume}. */
  pause(): void {
    if (this.pid === undefined) throw new Error(`${this.name} does not run`);
    process.kill(this.pid, "SIGSTOP");
    this.#paused = true;
  }

  resume(): void {
    if (this.#paused && this.pid !== undefined) process.kill(this.pid, "SIGCONT");
    this.#paused = false;
  }

  /** Asks it to end, and makes it end soon after. */
  async stop(): Promise<void> {
    this.resume();
    const ending = this.#process;
    this.#process = undefined;
    await ending?.stop();
  }

  async #start(): Promise<void> {
    const { role, bundleDir, disk } = this.#options;
    const log = (text: string) => {
      this.#log = (this.#log + text).slice(-LOG);
    };
    const state = disk === undefined ? {} : { stateDir: disk(this.#life) };
    this.#process = await startWorkerd({ role, bundleDir, env: this.env, port: this.port, log, ...state });
  }
}
