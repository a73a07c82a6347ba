import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Log, LogLevel, Miniflare } from "miniflare";
import type { Bundle } from "../build/bundle.ts";
import { compatibility } from "../build/compatibility.ts";
import type { Lifetime } from "../serve/lifetime.ts";
import { authority, StartError } from "../serve/port.ts";

export interface EdgeOptions {
  bundle: Bundle;
  host: string;
  port: number;
  /** Variables and secrets of the worker. */
  env: Readonly<Record<string, string>>;
  /** Folder of the Durable Objects. */
  objects: string;
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

/**
 * Runs edge and coordinator as one worker on miniflare. Resolves with its URL once it serves by its config; rejects with
 * StartError when it does not within READY_MS.
 */
export async function startEdge(options: EdgeOptions, lifetime: Lifetime): Promise<string> {
  const { bundle, host, port, env, objects } = options;
  const { date, flags } = compatibility();
  const miniflare = lifetime.own(
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
    }),
    (started) => started.dispose(),
  );
  lifetime.keepSignals();
  try {
    await miniflare.ready;
  } catch (error) {
    if ((error as { code?: string }).code !== "ERR_ADDRESS_IN_USE") throw error;
    throw new StartError(`port ${port} on ${host} is in use; choose another with --port N`);
  }
  const url = `http://${authority(host, port)}`;
  const failed = await poll(`${url}/_mooring/readyz`);
  if (failed !== undefined) throw new StartError(`the edge did not become ready: ${failed}`);
  return url;
}
