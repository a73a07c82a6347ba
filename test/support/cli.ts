import { execFile, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { root } from "../../tools/build/root.ts";
import { Jar } from "../../tools/fleet/client.ts";
import { ADMIN, type Fleet, startFleet } from "../../tools/fleet/fleet.ts";
import { startPods } from "../../tools/fleet/plan/pods.ts";
import { eventually } from "../../tools/fleet/wait.ts";
import { findNode } from "../../tools/setup/node.mjs";

export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** What `npx mooring` calls, which sets up first, and what it comes to. */
export const BIN = [process.execPath, join(root, "tools/cli/bin.mjs")];
const { path: node, flags } = findNode(root);
const DIRECT = [node, ...flags, join(root, "tools/cli/main.ts")];

type Pods = Awaited<ReturnType<typeof startPods>>;

/** A deployment of one pool with 24 sessions, and the command line, called as a user in another folder calls it. */
export class Cli {
  readonly fleet: Fleet;
  readonly clients = Array.from({ length: 24 }, () => new Jar());
  readonly #pods: Pods;
  readonly #dir = mkdtempSync(join(tmpdir(), "mooring-cli-test-"));

  private constructor(fleet: Fleet, pods: Pods) {
    this.fleet = fleet;
    this.#pods = pods;
  }

  static async start(): Promise<Cli> {
    const pods = await startPods();
    let cli: Cli | undefined;
    try {
      const config = () => documentOf(pods, ["web-0", "web-1", "web-2"]);
      cli = new Cli(await startFleet({ pods: 0, config }), pods);
      const { fleet, clients } = cli;
      for (const jar of clients) await jar.get(fleet.url);
      await eventually(
        async () => (await fleet.admin.get<{ sessions: unknown[] }>("/v1/sessions")).json.sessions.length,
        (count) => count === clients.length,
      );
      return cli;
    } catch (error) {
      await (cli ?? pods).stop();
      throw error;
    }
  }

  async stop(): Promise<void> {
    await this.fleet.stop();
    await this.#pods.stop();
    rmSync(this.#dir, { recursive: true, force: true });
  }

  /** The config with these pods. */
  document(ids: readonly string[]) {
    return documentOf(this.#pods, ids);
  }

  /** Writes a file where the user is. */
  file(name: string, content: object | string): string {
    writeFileSync(join(this.#dir, name), typeof content === "string" ? content : JSON.stringify(content));
    return name;
  }

  run(args: readonly string[], env: Record<string, string> = {}, command = DIRECT): Promise<Ran> {
    const { INIT_CWD: _, NO_COLOR: __, FORCE_COLOR: ___, ...rest } = process.env;
    const own = { ...rest, ...this.#env(), ...env };
    const [program = "", ...before] = command;
    return new Promise<Ran>((resolve) => {
      execFile(program, [...before, ...args], { cwd: this.#dir, env: own }, (error, out, err) => {
        resolve({ code: error === null ? 0 : Number(error.code), out, err });
      });
    });
  }

  async json<T>(args: readonly string[]): Promise<T> {
    return JSON.parse((await this.run([...args, "--json"])).out) as T;
  }

  /** A command that goes on until it is told to stop. */
  spawn(args: readonly string[]) {
    const [program = "", ...before] = DIRECT;
    const env = { ...process.env, ...this.#env() };
    return spawn(program, [...before, ...args], { env, stdio: ["ignore", "pipe", "pipe"] });
  }

  #env() {
    return { MOORING_URL: this.fleet.url, MOORING_ADMIN_TOKEN: ADMIN };
  }
}

function documentOf(pods: Pods, ids: readonly string[]) {
  return {
    version: 1,
    explain: true,
    pools: { web: { pods: ids.map((id) => ({ id, url: pods.urlOf(id, 0) })), tableBits: 10, drain: "1h" } },
    routes: [{ path: "/", pool: "web" }],
  };
}
