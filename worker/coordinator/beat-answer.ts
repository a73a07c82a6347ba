import type { PodState } from "../../src/health/state.ts";
import type { Beat, BeatAnswer } from "../../src/model/beat.ts";
import type { ConfigStore } from "./config-store.ts";
import type { FeedStore } from "./feed-store.ts";
import type { FleetWord } from "./fleet.ts";

/** Until the next heartbeat while more of the feed waits. Milliseconds. */
const CATCH_UP = 500;

/** What isolates are told besides what the fleet tells each other. */
export interface Told {
  readonly config: ConfigStore;
  readonly feed: FeedStore;
  /** Weights that an operator gave: to pools as sides of splits, and to pods. */
  readonly weights: BeatAnswer["weights"];
  readonly podWeights: BeatAnswer["podWeights"];
  readonly health: Readonly<Record<string, PodState>>;
}

/**
 * What an isolate has not got, by what its heartbeat says it has. Health and load are told whole each time: what an answer
 * leaves out, an isolate forgets.
 */
export function answerOf(
  beat: Beat,
  { period, ...word }: Omit<FleetWord, "flips">,
  { config, feed, weights, podWeights, health }: Told,
  now: number,
): BeatAnswer {
  const { record, incarnation } = config;
  // A position on another feed says nothing of this one.
  const { entries, seq, more } = feed.page(beat.incarnation === incarnation ? beat.feed : 0, now);
  const base = {
    ...word,
    incarnation,
    revision: record?.revision ?? 0,
    health,
    feed: { entries, seq },
    next: more ? CATCH_UP : period,
    ...(weights === undefined ? {} : { weights }),
    ...(podWeights === undefined ? {} : { podWeights }),
  };
  const current = beat.incarnation === base.incarnation && beat.revision === base.revision;
  return record === undefined || current ? base : { ...base, config: record };
}
