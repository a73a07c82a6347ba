import { readdirSync, readFileSync } from "node:fs";
import { pin, startChild } from "./child.ts";
import { median, medianError } from "./gate.ts";
import { type Started, startBare, startEdge, writeBare } from "./workers.ts";

/** Requests of one round, to each of the three workers. */
const REQUESTS = 6000;

export interface EdgeFigures {
  /** CPU of a bare request / CPU of a warm sticky one, the median of the rounds. */
  readonly ratio: number;
  /** Standard error of that median, by the spread of the rounds. */
  readonly error: number;
  /** The lowest and the highest ratio of a round. */
  readonly range: readonly [number, number];
  /** The ratio of one bare worker and another: what chance alone makes; the median, then the lowest and highest round. */
  readonly noise: readonly [number, number, number];
  /** µs of a bare request. */
  readonly bare: number;
  /** µs that the edge adds to it. */
  readonly added: number;
}

interface Round {
  readonly ratio: number;
  readonly noise: number;
  readonly bare: number;
  readonly added: number;
}

/**
 * CPU per request of the built edge beside two bare pass-through workers, as all serve at once on one core while load and
 * pod share the other: what one of them suffers from the machine, the others do too. Fresh processes each round.
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
  const rounded = (value: number, places = 3) => Number(value.toFixed(places));
  const ratios = results.map(({ ratio }) => ratio);
  const noises = results.map(({ noise }) => noise);
  return {
    ratio: rounded(median(ratios)),
    error: rounded(medianError(ratios)),
    range: [rounded(Math.min(...ratios)), rounded(Math.max(...ratios))],
    noise: [rounded(median(noises)), rounded(Math.min(...noises)), rounded(Math.max(...noises))],
    bare: rounded(median(results.map(({ bare }) => bare)), 1),
    added: rounded(median(results.map(({ added }) => added)), 1),
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
    const [sticky, first, second] = workers.map(({ pid }, i) => (cpu(pid) - before[i]!) / REQUESTS / 1000);
    const bare = (first! + second!) / 2;
    return { ratio: bare / sticky!, noise: first! / second!, bare, added: sticky! - bare };
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
export function cpu(pid: number): number {
  const tasks = readdirSync(`/proc/${pid}/task`);
  return tasks.reduce(
    (sum, task) => sum + Number(readFileSync(`/proc/${pid}/task/${task}/schedstat`, "utf8").split(" ")[0]),
    0,
  );
}
