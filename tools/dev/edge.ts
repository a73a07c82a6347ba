import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Log, LogLevel, Miniflare } from "miniflare";
import type { Bundle } from "../build/bundle.ts";
import { compatibility } from "../build/compatibility.ts";
import type { Lifetime } from "../serve/lifetime.ts";
import { authority, StartError } from "../serve/port.ts";
import { watch } from "../serve/watcher.ts";

export interface EdgeOptions {
  bundle: Bundle;
  host: string;
  port: number;
  /** Variables and secrets of the worker. */
  env: Readonly<Record<string, string>>;
  /** Folder of the Durable Objects. */
  objects: string;
  /** Folder for what miniflare needs for a while; it removes its files too late for a process that then exits. */
  temporary: string;
}

const READY_MS = 15_000;

/** Polls a path until it answers 200; the last answer otherwise. */
async function poll(url: string): Promise<string | undefined> {
  const deadline = Date.now() + READY_MS;
  let last = "no answer";
  while (Date.now() < deadline) {
    try {
      const response = await fetch(url, { signal: AbortSignal.timeout(2_000) });
      const text = await response.text();
      if (response.status === 200) return undefined;
      last = `${response.status} ${text.slice(0, 300)}`;
    } catch (error) {
      last = String(error);
    }
    await sleep(50);
  }
  return last;
}

/** Runs `make` while the system's folder for temporary files is `dir`. */
function withTemporary<Made>(dir: string, make: () => Made): Made {
  const before = process.env.TMPDIR;
  process.env.TMPDIR = dir;
  try {
    return make();
  } finally {
    if (before === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = before;
  }
}

/** The workerd processes that this process started; miniflare does not tell its own. Empty where there is no /proc. */
function runtimes(): number[] {
  const path = `/proc/${process.pid}/task/${process.pid}/children`;
  if (!existsSync(path)) return [];
  const children = readFileSync(path, "utf8").trim().split(/\s+/).map(Number);
  return children.filter((pid) => {
    const name = `/proc/${pid}/comm`;
    return existsSync(name) && readFileSync(name, "utf8").trim() === "workerd";
  });
}

/**
 * Runs edge and coordinator as one worker on miniflare. Resolves with its URL once it serves by its config; rejects with
 * StartError when it does not within READY_MS.
 */
export async function startEdge(options: EdgeOptions, lifetime: Lifetime): Promise<string> {
  const { bundle, host, port, env, objects, temporary } = options;
  const { date, flags } = compatibility();
  mkdirSync(temporary, { recursive: true });
  const make = () =>
    new Miniflare({
      name: "mooring",
      host,
      port,
      cf: false,
      log: new Log(LogLevel.WARN),
      logRequests: false,
      telemetry: { enabled: false },
      modulesRoot: bundle.dir,
      modules: bundle.modules.map(({ type, name }) => ({
        type,
        path: join(bundle.dir, name),
        contents: readFileSync(join(bundle.dir, name)),
      })),
      compatibilityDate: date,
      compatibilityFlags: flags,
      bindings: { ...env, MOORING_ROLE: "both" },
      durableObjects: {
        COORDINATOR: { className: "Coordinator", useSQLite: true },
        STORE: { className: "BindingShard", useSQLite: true },
      },
      durableObjectsPersist: objects,
    });
  const miniflare = lifetime.own(withTemporary(temporary, make), (started) => started.dispose());
  lifetime.keepSignals();
  try {
    await miniflare.ready;
  } catch (error) {
    if ((error as { code?: string }).code !== "ERR_ADDRESS_IN_USE") throw error;
    throw new StartError(`port ${port} on ${host} is in use; choose another with --port N`);
  }
  lifetime.own(watch(runtimes()), (off) => off());
  const url = `http://${authority(host, port)}`;
  const failed = await poll(`${url}/_mooring/readyz`);
  if (failed !== undefined) throw new StartError(`the edge did not become ready: ${failed}`);
  return url;
}
