import { type ChildProcess, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { root } from "../../../tools/build/root.ts";

export interface Ended {
  code: number | null;
  output: string;
}

/** A small checkout with the real set-up and one dependency, a folder of its own, so that npm needs no network. */
export class Checkout {
  readonly dir: string = mkdtempSync(join(tmpdir(), "mooring-setup-test-"));

  constructor() {
    cpSync(join(root, "tools/setup"), join(this.dir, "tools/setup"), { recursive: true });
    mkdirSync(join(this.dir, "dep"));
    this.json("dep/package.json", { name: "dep", version: "1.0.0" });
    this.lock("file:dep");
  }

  /** Writes package.json and a lockfile; `spec` other than `file:dep` makes the two contradict each other. */
  lock(spec: string): void {
    const named = { name: "fixture", version: "1.0.0" };
    this.json("package.json", { ...named, dependencies: { dep: spec } });
    this.json("package-lock.json", {
      ...named,
      lockfileVersion: 3,
      requires: true,
      packages: {
        "": { ...named, dependencies: { dep: "file:dep" } },
        dep: { version: "1.0.0" },
        "node_modules/dep": { resolved: "dep", link: true },
      },
    });
  }

  /** Leaves it as an earlier set-up would have, without waiting for npm. */
  installed(): void {
    const hash = createHash("sha256")
      .update(readFileSync(join(this.dir, "package-lock.json")))
      .digest("hex");
    mkdirSync(join(this.dir, "node_modules"));
    writeFileSync(join(this.dir, "node_modules/.mooring-setup"), `${hash}\n`);
  }

  /** Environment by which set-up runs a stand-in for npm, which does its work in no time. */
  quickNpm(): NodeJS.ProcessEnv {
    const path = join(this.dir, "npm-cli.js");
    writeFileSync(path, 'require("node:fs").mkdirSync("node_modules/dep", { recursive: true });');
    return { npm_execpath: path };
  }

  json(name: string, value: unknown): void {
    writeFileSync(join(this.dir, name), JSON.stringify(value, null, 2));
  }

  script(name: string, text: string): void {
    writeFileSync(join(this.dir, name), text);
  }

  /** Starts `node tools/setup/run.mjs …` in it. */
  start(args: readonly string[], env: NodeJS.ProcessEnv = {}): ChildProcess {
    const { npm_execpath: _own, npm_lifecycle_event: _event, ...clean } = process.env;
    return spawn(process.execPath, [join(this.dir, "tools/setup/run.mjs"), ...args], {
      cwd: tmpdir(),
      env: { ...clean, ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
  }

  async run(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Ended> {
    return ended(this.start(args, env));
  }

  remove(): void {
    rmSync(this.dir, { recursive: true, force: true });
  }
}

/** Everything that a process wrote, and its exit code. */
export async function ended(child: ChildProcess): Promise<Ended> {
  let output = "";
  child.stdout?.on("data", (chunk) => (output += chunk));
  child.stderr?.on("data", (chunk) => (output += chunk));
  const [code] = await once(child, "close");
  return { code: code as number | null, output };
}

/** Resolves once the process has written `text` to stdout. */
export async function says(child: ChildProcess, text: string): Promise<void> {
  let output = "";
  for await (const [chunk] of on(child)) {
    output += chunk;
    if (output.includes(text)) return;
  }
  throw new Error(`it ended without ${JSON.stringify(text)}: ${output}`);
}

async function* on(child: ChildProcess): AsyncGenerator<[string]> {
  const { stdout } = child;
  if (stdout === null) throw new Error("stdout is not a pipe");
  while (!stdout.readableEnded) {
    const next = await Promise.race([once(stdout, "data"), once(stdout, "end")]);
    if (next.length === 0) return;
    yield [String(next[0])];
  }
}
