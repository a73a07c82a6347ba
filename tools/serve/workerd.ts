import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { copyFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { type BundleModule, moduleType } from "../build/bundle.ts";
import { compatibility } from "../build/compatibility.ts";
import { workerdConfig } from "./capnp.ts";
import { authority, StartError } from "./port.ts";
import { watch } from "./watcher.ts";

export interface WorkerdOptions {
  /** A coordinator holds the Durable Objects, an edge has none. */
  role: "edge" | "coordinator";
  /** 0: a free one. */
  port: number;
  /** The worker's variables and secrets, exactly; MOORING_ROLE is added. Nothing else reaches it. */
  env: Readonly<Record<string, string>>;
  /** Where a coordinator keeps its state; without it, in a folder that ends with the process. */
  stateDir?: string;
  /** What bundle() wrote. */
  bundleDir: string;
  /** 127.0.0.1 when absent. */
  host?: string;
  /** A command that runs what follows it, as a shell that sets limits and becomes it; none when absent. */
  under?: readonly string[];
  /** Takes what workerd writes to stdout and stderr; process.stderr when absent. */
  log?: (text: string) => void;
}

export interface Workerd {
  url: string;
  port: number;
  pid: number;
  /** Resolves when the process ended by itself or by stop or kill, with its exit code (null: by a signal). */
  ended: Promise<number | null>;
  /** Asks it to end, makes it end after STOP_MS, and removes its files. */
  stop(): Promise<void>;
  /** Ends it at once, as a crash would; stop() then removes its files. */
  kill(): void;
}

const START_MS = 10_000;
/** workerd finishes open requests on SIGTERM, for ever if one never ends. */
const STOP_MS = 2_000;

/** The path of its binary is what the package exports; it has no types. */
const workerdPath: string = createRequire(import.meta.url)("workerd").default;

/** Processes of this module that still run, with their folders: ended by id when this process exits. */
const running = new Map<ChildProcess, string>();

function endAll(): void {
  for (const [child, dir] of running) {
    child.kill("SIGKILL");
    rmSync(dir, { recursive: true, force: true });
  }
}

async function files(dir: string, bundleDir: string): Promise<BundleModule[]> {
  const names = readdirSync(bundleDir).filter((name) => /\.(js|wasm|txt)$/.test(name));
  if (!names.includes("index.js")) throw new StartError(`${bundleDir} holds no bundle`);
  for (const name of names) await copyFile(join(bundleDir, name), join(dir, name));
  const sorted = names.sort((a, b) => Number(b === "index.js") - Number(a === "index.js"));
  return sorted.map((name) => ({ type: moduleType(name), name }));
}

/** The port that workerd reports on its control pipe; rejects when it ends before that. */
async function listening(child: ChildProcess, told: () => string, where: string): Promise<number> {
  const control = child.stdio[3] as Readable;
  const timer = setTimeout(() => child.kill("SIGKILL"), START_MS);
  try {
    let text = "";
    for await (const chunk of control) {
      text += chunk;
      const line = text.split("\n").find((candidate) => candidate.includes('"listen"'));
      if (line !== undefined) return (JSON.parse(line) as { port: number }).port;
    }
  } finally {
    clearTimeout(timer);
  }
  const output = told();
  if (output.includes("Address already in use")) throw new StartError(`${where} is in use`);
  throw new StartError(`workerd did not start:\n${output.trim()}`);
}

/** Until the worker itself gives an answer, whatever it is. */
async function answering(url: string, child: ChildProcess, told: () => string): Promise<void> {
  const deadline = Date.now() + START_MS;
  let last: unknown;
  while (Date.now() < deadline && child.exitCode === null && child.signalCode === null) {
    try {
      const response = await fetch(`${url}/_mooring/livez`, { signal: AbortSignal.timeout(2_000) });
      await response.arrayBuffer();
      return;
    } catch (error) {
      last = error;
      await sleep(20);
    }
  }
  throw new StartError(`workerd does not answer at ${url} (${String(last)}):\n${told().trim()}`);
}

/** Starts a plain workerd process on a bundle and resolves once it answers. Rejects with StartError. */
export async function startWorkerd(options: WorkerdOptions): Promise<Workerd> {
  const { role, port, bundleDir, host = "127.0.0.1" } = options;
  const env = { ...options.env, MOORING_ROLE: role };
  const dir = mkdtempSync(join(tmpdir(), "mooring-workerd-"));
  let child: ChildProcess | undefined;
  let unwatch: (() => void) | undefined;
  const stop = async (): Promise<void> => {
    if (child !== undefined && child.exitCode === null && child.signalCode === null) {
      const exit = once(child, "exit");
      const timer = setTimeout(() => child?.kill("SIGKILL"), STOP_MS);
      child.kill("SIGTERM");
      await exit;
      clearTimeout(timer);
    }
    unwatch?.();
    if (child !== undefined) running.delete(child);
    if (running.size === 0) process.off("exit", endAll);
    rmSync(dir, { recursive: true, force: true });
  };
  try {
    const modules = await files(dir, bundleDir);
    const stateDir = role === "coordinator" ? resolve(options.stateDir ?? join(dir, "state")) : undefined;
    if (stateDir !== undefined) mkdirSync(stateDir, { recursive: true });
    const config = workerdConfig({
      modules,
      compatibility: compatibility(),
      variables: Object.keys(env).sort(),
      stateDir,
    });
    writeFileSync(join(dir, "config.capnp"), config);
    const where = host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
    const args = ["serve", join(dir, "config.capnp"), "--experimental", "--control-fd=3"];
    const [command = workerdPath, ...before] = [...(options.under ?? []), workerdPath];
    child = spawn(command, [...before, ...args, `--socket-addr=http=${where}`], {
      stdio: ["ignore", "pipe", "pipe", "pipe"],
      env: { ...env, TZ: "UTC" },
    });
    if (running.size === 0) process.on("exit", endAll);
    running.set(child, dir);
    if (child.pid !== undefined) unwatch = watch([child.pid]);
    const failed = new Promise<never>((_, reject) => child?.once("error", reject));
    const ended = new Promise<number | null>((done) => child?.once("exit", (code) => done(code)));
    let starting = "";
    let ready = false;
    const hear = (chunk: Buffer) => {
      if (!ready) starting += chunk;
      else (options.log ?? ((text) => process.stderr.write(text)))(chunk.toString());
    };
    child.stdout?.on("data", hear);
    child.stderr?.on("data", hear);
    const heard = () => starting;
    const actual = await Promise.race([listening(child, heard, `port ${port} on ${host}`), failed]);
    const url = `http://${authority(host, actual)}`;
    await answering(url, child, heard);
    ready = true;
    const { pid } = child;
    if (pid === undefined) throw new StartError("workerd has no process id");
    return { url, port: actual, pid, ended, stop, kill: () => child?.kill("SIGKILL") };
  } catch (error) {
    await stop();
    throw error;
  }
}
