import { parentPort, workerData } from "node:worker_threads";
import type { Broken } from "./broken.ts";
import { generate } from "./generate.ts";
import { simulate } from "./simulate.ts";
import { count, emptyTally } from "./tally.ts";

/** What a thread is told: every `step`-th seed from `first`, `schedules` in all. */
export interface Share {
  readonly first: number;
  readonly step: number;
  readonly schedules: number;
  readonly broken: Broken | undefined;
  /** Failures after which it stops. */
  readonly enough: number;
}

const { first, step, schedules, broken, enough } = workerData as Share;
/** Schedules between two reports. */
const REPORT = 100;

let tally = emptyTally();
let failures = 0;
for (let i = 0; i < schedules && failures < enough; i++) {
  const seed = first + i * step;
  const outcome = await simulate(generate(seed), { broken });
  if (outcome.violation !== undefined) failures++;
  count(tally, seed, outcome);
  if (tally.schedules < REPORT && outcome.violation === undefined) continue;
  parentPort!.postMessage(tally);
  tally = emptyTally();
}
parentPort!.postMessage(tally);
