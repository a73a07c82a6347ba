import { GUARD } from "../../src/sessions/guard.ts";
import type { Client } from "./client.ts";
import type { World } from "./world.ts";

/** Within which a late answer of the store has come. Milliseconds. */
const COME = 2000;

/** What a client hears of a request. */
export interface Answered {
  readonly status: number;
  readonly pod: number | undefined;
  /** Whether the rules let a session begin with it, of whoever comes without one or with one that is over. */
  readonly begins: boolean;
  /** Everything of the edge's view that the choice of a pod depends on; empty where no edge has answered. */
  readonly view: string;
}

/** Of its requests, one to each edge. */
export type Heard = readonly Answered[];

/** Whether some edge has just waited in vain for the store: what it looked up there it served without having found it. */
export function hasWaited({ isolates }: World): boolean {
  return isolates.some((isolate) => isolate?.edge.guard.shaky);
}

/**
 * A name that a pod has minted, brought to every edge once more: one of them was told of it too late, and sent it by its
 * hash to a pod that took it for a stranger's. All have asked by then, and have heard, however late; so this time they
 * agree.
 *
 * @param name as it was before that pod gave another
 */
export async function lookedUpAgain(
  { loop }: World,
  client: Client,
  name: string | undefined,
  everywhere: () => Promise<Heard>,
): Promise<Heard> {
  // An edge whose breaker was open has not asked: it does so when the pause is over.
  await loop.sleep(GUARD.pause + 100);
  client.minted = name;
  await everywhere();
  await loop.sleep(COME);
  client.minted = name;
  return everywhere();
}

/** Longer than edges need to hear what the coordinator knows. Milliseconds. */
const HEARD = 6000;

/**
 * Asks every edge again while they decided by views that differ: a lost probe may take a pod out at any time where one is
 * enough, and one edge hears of it a heartbeat before another. What it had then decided all of them must have come to.
 */
export async function inOneView(
  { loop }: World,
  first: Heard,
  everywhere: () => Promise<Heard>,
): Promise<Heard> {
  let answers = first;
  for (let again = 0; again < 5 && new Set(answers.map(({ view }) => view)).size > 1; again++) {
    await loop.sleep(HEARD);
    answers = await everywhere();
  }
  return answers;
}
