import { setTimeout as sleep } from "node:timers/promises";
import { tagToHex } from "../../../src/model/pod.ts";
import { inParallel } from "../wait.ts";
import type { Shopper } from "./shopper.ts";
import type { Stage } from "./stage.ts";

/** How many sessions are looked at. */
const SAMPLE = 40;
/** From when a store is back an edge's breaker lets nothing through for so long at most. Milliseconds. */
const PAUSE = 5500;
/** Within which all of them must be in step, as everything must. Milliseconds. */
const SOON = 10_000;

/** What was found once a store was back. */
export interface InStep {
  /** Sessions whose cookie the store contradicts, though they were asked for at every edge. */
  readonly apart: number;
  /** Sessions of which the store told something: what it has lost contradicts nothing. */
  readonly known: number;
  /** From then until the last of them was in step. Seconds. */
  readonly took: number;
  /** The machine was too slow to tell: to the edges its store was as if it were not back. */
  readonly starved: boolean;
}

/**
 * Whether sessions of cookies and a store that came back just now say the same, one request at each edge later. What the
 * store has lost it need not know: the cookie carries it.
 */
export async function inStep(stage: Stage): Promise<InStep> {
  const back = Date.now();
  const sample = stage.some(
    stage.shoppers.filter(({ kind, held }) => kind === "cookie" && held !== undefined),
    SAMPLE,
  );
  await sleep(PAUSE);
  for (const edge of stage.door.open) await inParallel(sample, 8, (shopper) => shopper.ask(edge));
  let left = sample;
  const known = new Set<Shopper>();
  while (left.length > 0 && Date.now() < back + SOON) {
    const agree = await Promise.all(left.map((shopper) => agrees(stage, shopper, known)));
    left = left.filter((_, i) => !agree[i]);
    if (left.length > 0) await sleep(100);
  }
  const took = (Date.now() - back) / 1000;
  return { apart: left.length, known: known.size, took, starved: stage.journal.starved(back) };
}

async function agrees({ fleet }: Stage, shopper: Shopper, known: Set<Shopper>): Promise<boolean> {
  const { held } = shopper;
  if (held?.tag === undefined) return false;
  const stored = await fleet.redis!.call("GET", `mooring:s:${held.sid}`);
  if (stored === null) return true;
  known.add(shopper);
  const [epoch, pod] = String(stored).split("|");
  return epoch === String(held.epoch) && pod === tagToHex(held.tag);
}
