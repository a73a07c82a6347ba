import type { Cause, Sid } from "./binding.ts";
import type { Outcome } from "./decision.ts";

/**
 * What an isolate counts beside its requests' outcomes: those sent again, those not sent again as the budget was spent,
 * those that waited for a place at their pod, those that got none, and those that would have begun a session and were
 * refused.
 */
export const EVENTS = ["retried", "budget-spent", "queued", "crowded-out", "create-failed"] as const;
export type EdgeEvent = (typeof EVENTS)[number];

/** One line of what an isolate counted since its last heartbeat; of an event the code says nothing. */
export interface RequestCount {
  readonly pool: string;
  readonly outcome: Outcome | EdgeEvent;
  readonly code: number;
  readonly count: number;
}

/** What is added up, by metric family, and by its label values as a JSON list: a histogram's end with bucket or `sum`. */
export type Tallies = Readonly<Record<string, Readonly<Record<string, number>>>>;

/** A break for the ledger: why a session left its pod. Deduplicated by (sid, epoch) where it is stored. */
export interface Break {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly sid: Sid;
  /** The epoch that began, or for an expiry the one that ended. */
  readonly epoch: number;
  readonly pool: string;
  /** Ids of pods; empty for none. */
  readonly from: string;
  readonly to: string;
  readonly cause: Cause;
  /** Whether its teller only went on from there: nobody may ever have been served at `to`. */
  readonly passed?: boolean;
  /** Whether its teller went by its own memory of a key alone, and numbered the move itself: the store gave no answer. */
  readonly alone?: boolean;
  /** Of a session that a key carries: how long it lasts unseen. Its sid outlives it, and its epochs begin anew. Seconds. */
  readonly idle?: number;
}

/** A revocation or a move that every edge must know: a token of that sid below `epoch` is not good. */
export interface FeedEntry {
  /** Position on the feed; its own sequence, not the config's revision. */
  readonly seq: number;
  readonly sid: Sid;
  readonly epoch: number;
  /** 12 hex digits of the pod where a moved session went; null when it was revoked. */
  readonly to: string | null;
  /** Why: revoked, moved-by-operator, rebalanced, canary-rollback or canary-promote. */
  readonly cause: Cause;
  /** Kept until then. Milliseconds since the epoch. */
  readonly exp: number;
}

/** A pod that left the config while tokens may still name it: by 12 hex digits of its tag. */
export interface DepartedPod {
  readonly tag: string;
  readonly pool: string;
  readonly id: string;
}

/** What an isolate saw of one pod since its last heartbeat. Fields that are 0 are left out. */
export interface PodUse {
  /** Pod-seconds: requests in flight integrated over time, those that still run included. */
  readonly area?: number;
  /** Answers, failed ones included. */
  readonly done?: number;
  /** Answers that count against the pod: no connection, no answer in time, 5xx. */
  readonly fail?: number;
  /** The newest utilisation that the pod reported itself (ORCA), 1 for full, and its age in milliseconds. */
  readonly orca?: readonly [utilisation: number, age: number];
}

/** How the pods of one pool are loaded, by all isolates together. */
export interface PoolLoad {
  /** Seconds that a request is in flight at the pod in the middle; 0: not known yet. */
  readonly m: number;
  /** By 12 hex digits of the tag: requests in flight, and what the pod is worth, 1 for a normal one. [0, 1] is left out. */
  readonly pods: Readonly<Record<string, readonly [inflight: number, worth: number]>>;
  /** By zone: which part of its new sessions a zone keeps, and its part of what others spill. [1, 0] is left out. */
  readonly zones?: Readonly<Record<string, readonly [keep: number, spare: number]>>;
}

/** What an edge tells the coordinator. */
export interface Beat {
  /** Random name of the isolate, for counting the active ones. */
  readonly isolate: string;
  /** Number of the batch of counts and breaks: one that was sent before, and perhaps heard, has the same. */
  readonly batch: number;
  readonly incarnation: number;
  readonly revision: number;
  /** The last position of the feed that it has heard. */
  readonly feed: number;
  readonly counts: readonly RequestCount[];
  readonly breaks: readonly Break[];
  /** 12 hex digits of each pod that a connection to failed since the last heartbeat. */
  readonly failed: readonly string[];
  /** How long ago each pod that answered since the last heartbeat did, in milliseconds, by 12 hex digits of its tag. */
  readonly served: Readonly<Record<string, number>>;
  /** By 12 hex digits of the tag; pods that it did not use are left out. */
  readonly load?: Readonly<Record<string, PodUse>>;
  /** By name of the pool, by zone of the request: how many new sessions were placed. Pools without zones are left out. */
  readonly placed?: Readonly<Record<string, Readonly<Record<string, number>>>>;
  /** Times and the store's calls since the last heartbeat. */
  readonly tallies?: Tallies;
  /** Whether this isolate asks its store nothing now, as it has failed. */
  readonly breaker?: true;
  /** What was noticed of sessions off the path of warm requests, for checks alone (src/metrics/clues.ts). */
  readonly clues?: Tallies;
  /** When it was sent, by the edge's own clock. Milliseconds since the epoch. */
  readonly sent?: number;
  /** Key ids of the edge's secrets, each two hex digits, the current first. */
  readonly keys?: readonly string[];
}

/** The config as the coordinator holds it; also what it writes to the store for cold edges. */
export interface ConfigRecord {
  readonly incarnation: number;
  readonly revision: number;
  /** The native document as JSON text. */
  readonly document: string;
  readonly departed: readonly DepartedPod[];
  /**
   * 32 hex digits: sids of keyed sessions are HMACs under it. Made once and never rotated, as every keyed session would
   * lose its sid. Empty where no coordinator has made one: in a bundled config, or a record of version 0.1.
   */
  readonly salt: string;
}

/** Reads a record that was stored as JSON; undefined for anything that is none. */
export function parseRecord(text: string): ConfigRecord | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // Cut or foreign: as good as absent, and the caller says so.
    return undefined;
  }
  if (typeof value !== "object" || value === null) return undefined;
  const { incarnation, revision, document, departed, salt } = value as Partial<
    Record<keyof ConfigRecord, unknown>
  >;
  const numbers = Number.isSafeInteger(incarnation) && Number.isSafeInteger(revision);
  if (!numbers || typeof document !== "string" || !Array.isArray(departed)) return undefined;
  const pods = departed.filter((pod) => typeof pod?.tag === "string" && /^[0-9a-f]{12}$/.test(pod.tag));
  return {
    incarnation: incarnation as number,
    revision: revision as number,
    document,
    departed: pods,
    salt: typeof salt === "string" && /^[0-9a-f]{32}$/.test(salt) ? salt : "",
  };
}

/** What the coordinator answers. */
export interface BeatAnswer {
  readonly incarnation: number;
  readonly revision: number;
  /** Only when the edge's is another. */
  readonly config?: ConfigRecord;
  /** The states of the pods that are not ready, by 12 hex digits of their tag. */
  readonly health: Readonly<Record<string, string>>;
  /** What follows the position that the edge named, and the position that this reaches: a page, when there is much. */
  readonly feed: { readonly entries: readonly FeedEntry[]; readonly seq: number };
  /** Milliseconds until the next heartbeat: short while more of the feed waits. */
  readonly next: number;
  /** By name of the pool, those that the heartbeat used. */
  readonly load?: Readonly<Record<string, PoolLoad>>;
  /** How many isolates are active. */
  readonly isolates?: number;
  /** By name of the pool: weights of sides of splits that an operator gave, over those of the config. */
  readonly weights?: Readonly<Record<string, number>>;
  /** By 12 hex digits of their tag: weights of pods that an operator gave, over those of the config. */
  readonly podWeights?: Readonly<Record<string, number>>;
  /** How long pods that start slowly have been there, in milliseconds, by 12 hex digits of their tag. */
  readonly starting?: Readonly<Record<string, number>>;
}
