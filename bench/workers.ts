import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { startWorkerd, type Workerd } from "../tools/serve/workerd.ts";

const SECRET = "a-secret-of-the-bench-of-more-than-32-bytes";

/** How long an edge may take to hold a config. Milliseconds. */
const READY_MS = 15_000;

/** Workers that were started, the newest last: the caller stops them all. */
export type Started = Workerd[];

/** A coordinator and an edge of the built bundle, with one pod behind them. @param env more variables of both */
export async function startEdge(
  bundleDir: string,
  pod: number,
  started: Started,
  env: Readonly<Record<string, string>> = {},
): Promise<Workerd> {
  const config = {
    version: 1,
    pools: { web: { policy: "consistent-hash", pods: [{ id: "web-0", url: `http://127.0.0.1:${pod}` }] } },
    routes: [{ path: "/", pool: "web" }],
  };
  const shared = { MOORING_SECRET: SECRET, MOORING_SHARED_SECRET: SECRET, ...env };
  const quiet = { port: 0, log: () => undefined, bundleDir };
  const first = { ...shared, MOORING_CONFIG: JSON.stringify(config) };
  const coordinator = await startWorkerd({ ...quiet, role: "coordinator", env: first });
  started.push(coordinator);
  const second = { ...shared, MOORING_COORDINATOR_URL: coordinator.url };
  const edge = await startWorkerd({ ...quiet, role: "edge", env: second });
  started.push(edge);
  await ready(edge.url);
  return edge;
}

/** Until it holds a config; on a busy machine a coordinator may be slower than a cold edge waits. */
async function ready(url: string): Promise<void> {
  const deadline = Date.now() + READY_MS;
  for (;;) {
    const { ok, status } = await fetch(`${url}/_mooring/readyz`);
    if (ok) return;
    if (Date.now() > deadline) throw new Error(`${url} is not ready: ${status}`);
    await sleep(100);
  }
}

/** A bare pass-through worker. @param bareDir of {@link writeBare} */
export async function startBare(bareDir: string, started: Started): Promise<Workerd> {
  const bare = await startWorkerd({
    role: "edge",
    port: 0,
    log: () => undefined,
    env: {},
    bundleDir: bareDir,
  });
  started.push(bare);
  return bare;
}

/** Writes the least that a proxy can be on this runtime, the measure of ours; the answer is its folder. */
export function writeBare(dir: string, pod: number): string {
  const folder = join(dir, "bare");
  mkdirSync(folder);
  const source = `export default {
  fetch(request) {
    const url = request.url;
    const rest = url.slice(url.indexOf("/", url.indexOf("://") + 3));
    const { method, headers, body } = request;
    return fetch("http://127.0.0.1:${pod}" + rest, { method, headers, body, redirect: "manual" });
  },
};
`;
  writeFileSync(join(folder, "index.js"), source);
  return folder;
}
