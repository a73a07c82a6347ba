import { readdirSync, readFileSync } from "node:fs";
import { pin, startChild } from "./child.ts";
import { median } from "./gate.ts";
import { type Started, startBare, startEdge, writeBare } from "./workers.ts";

/** Requests of one round, to each of the three workers. */
const REQUESTS = 6000;

export interface EdgeFigures {
  /** CPU of a bare request / CPU of a warm sticky one, the median of the rounds. */
  readonly ratio: number;
  /** The lowest and the highest ratio of a round. */
  readonly range: readonly [number, number];
  /** The ratio of one bare worker and another: what chance alone makes. */
  readonly noise: number;
  /** µs of a bare request. */
  readonly bare: number;
}

interface Round {
  readonly ratio: number;
  readonly noise: number;
  readonly bare: number;
}

/**
 * CPU per request of the built edge beside a bare pass-through worker, as both serve at once on one core while load and
 * pod share the other: what one of them suffers from the machine, the other does too. Fresh processes each round.
 */
export async function measureEdge(bundleDir: string, dir: string, rounds: number): Promise<EdgeFigures> {
  const pod = await startChild("pod");
  const bareDir = writeBare(dir, pod.port);
  const results: Round[] = [];
  try {
    for (let round = 0; round < rounds; round++) results.push(await oneRound(bundleDir, bareDir, pod.port));
  } finally {
    pod.stop();
  }
  const rounded = (value: number) => Math.round(value * 1000) / 1000;
  const ratios = results.map(({ ratio }) => rounded(ratio));
  return {
    ratio: rounded(median(ratios)),
    range: [Math.min(...ratios), Math.max(...ratios)],
    noise: rounded(median(results.map(({ noise }) => noise))),
    bare: rounded(median(results.map(({ bare }) => bare))),
  };
}

async function oneRound(bundleDir: string, bareDir: string, pod: number): Promise<Round> {
  const started: Started = [];
  try {
    const edge = await startEdge(bundleDir, pod, started);
    const workers = [edge, await startBare(bareDir, started), await startBare(bareDir, started)];
    for (const { pid } of workers) pin(pid, 0);
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
  const process = await startChild("load", [url, String(requests)]);
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
