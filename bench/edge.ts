import { spawn, spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { startWorkerd, type Workerd } from "../tools/serve/workerd.ts";

/** Requests of one round, to each of the three workers. */
const REQUESTS = 6000;
const SECRET = "a-secret-of-the-bench-of-more-than-32-bytes";

export interface EdgeFigures {
  /** CPU of a bare request / CPU of a warm sticky one, the median of the rounds. */
  readonly ratio: number;
  /** The same of one bare worker and another: what chance alone makes. */
  readonly noise: number;
  /** µs of a bare request. */
  readonly bare: number;
}

/**
 * CPU per request of the built edge beside a bare pass-through worker, as both serve at once on one core while load and
 * pod share the other: what one of them suffers from the machine, the other does too. Fresh processes each round.
 */
export async function measureEdge(bundleDir: string, dir: string, rounds: number): Promise<EdgeFigures> {
  const pod = await child("pod", []);
  const bareDir = bareWorker(dir, pod.port);
  const results: { ratio: number; noise: number; bare: number }[] = [];
  try {
    for (let round = 0; round < rounds; round++) results.push(await oneRound(bundleDir, bareDir, pod.port));
  } finally {
    pod.stop();
  }
  const median = (pick: (result: (typeof results)[number]) => number) =>
    Math.round(results.map(pick).sort((a, b) => a - b)[results.length >> 1]! * 1000) / 1000;
  return { ratio: median((r) => r.ratio), noise: median((r) => r.noise), bare: median((r) => r.bare) };
}

async function oneRound(bundleDir: string, bareDir: string, pod: number) {
  const config = {
    version: 1,
    pools: { web: { pods: [{ id: "web-0", url: `http://127.0.0.1:${pod}` }] } },
    routes: [{ path: "/", pool: "web" }],
  };
  const shared = { MOORING_SECRET: SECRET, MOORING_SHARED_SECRET: SECRET };
  const quiet = { port: 0, log: () => undefined };
  const env = { ...shared, MOORING_CONFIG: JSON.stringify(config) };
  const started: Workerd[] = [];
  try {
    const coordinator = await startWorkerd({ ...quiet, role: "coordinator", env, bundleDir });
    started.push(coordinator);
    const edgeEnv = { ...shared, MOORING_COORDINATOR_URL: coordinator.url };
    const edge = await startWorkerd({ ...quiet, role: "edge", env: edgeEnv, bundleDir });
    started.push(edge);
    const bare = await startWorkerd({ ...quiet, role: "edge", env: {}, bundleDir: bareDir });
    started.push(bare);
    const other = await startWorkerd({ ...quiet, role: "edge", env: {}, bundleDir: bareDir });
    started.push(other);
    for (const { pid } of [edge, bare, other]) pin(pid, 0);
    const workers = [edge, bare, other];
    const load = (requests: number) => Promise.all(workers.map(({ url }) => drive(url, requests)));
    await load(REQUESTS / 4);
    const before = workers.map(({ pid }) => cpu(pid));
    await load(REQUESTS);
    const [sticky, plain, second] = workers.map(({ pid }, i) => (cpu(pid) - before[i]!) / REQUESTS / 1000);
    return { ratio: plain! / sticky!, noise: plain! / second!, bare: plain! };
  } finally {
    for (const worker of started) await worker.stop();
  }
}

/** A load generator of its own process, so that it can be pinned. Rejects when an answer was not 200 and warm. */
async function drive(url: string, requests: number): Promise<void> {
  const process = await child("load", [url, String(requests)]);
  await process.ended;
}

/** Nanoseconds of CPU that a process has used, all threads. */
function cpu(pid: number): number {
  const tasks = readdirSync(`/proc/${pid}/task`);
  return tasks.reduce(
    (sum, task) => sum + Number(readFileSync(`/proc/${pid}/task/${task}/schedstat`, "utf8").split(" ")[0]),
    0,
  );
}

/** Where there is no taskset the figures are noisier, and bare against bare shows it. */
function pin(pid: number, core: number): void {
  spawnSync("taskset", ["-a", "-c", "-p", String(core), String(pid)], { stdio: "ignore" });
}

interface Child {
  readonly port: number;
  readonly ended: Promise<void>;
  stop(): void;
}

/** Runs bench/peer.ts as pod or load on the second core; resolves when it says that it is ready. */
function child(role: "pod" | "load", args: readonly string[]): Promise<Child> {
  return new Promise((resolve, reject) => {
    const script = join(import.meta.dirname, "peer.ts");
    const started = spawn(process.execPath, [script, role, ...args], { stdio: ["pipe", "pipe", "inherit"] });
    if (started.pid !== undefined) pin(started.pid, 1);
    const ended = new Promise<void>((done, fail) => {
      started.once("error", fail);
      started.once("exit", (code) =>
        code === 0 ? done() : fail(new Error(`${role} ended with code ${code}`)),
      );
    });
    ended.catch(reject);
    started.stdout.once("data", (chunk: Buffer) => {
      resolve({ port: Number(chunk.toString().trim()), ended, stop: () => started.stdin.end() });
    });
  });
}

/** The least that a proxy can be on this runtime: the measure of ours. */
function bareWorker(dir: string, pod: number): string {
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
