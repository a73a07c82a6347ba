import type { Cause, Sid } from "./binding.ts";
import type { Outcome } from "./decision.ts";

/** One line of what an isolate counted since its last heartbeat. */
export interface RequestCount {
  readonly pool: string;
  readonly outcome: Outcome;
  readonly code: number;
  readonly count: number;
}

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
}

/** A revocation or a move that every edge must know: a token of that sid below `epoch` is not good. */
export interface FeedEntry {
  /** Position on the feed; its own sequence, not the config's revision. */
  readonly seq: number;
  readonly sid: Sid;
  readonly epoch: number;
  /** 12 hex digits of the pod where a moved session went; null when it was revoked. */
  readonly to: string | null;
  /** Kept until then. Milliseconds since the epoch. */
  readonly exp: number;
}

/** A pod that left the config while tokens may still name it: by 12 hex digits of its tag. */
export interface DepartedPod {
  readonly tag: string;
  readonly pool: string;
  readonly id: string;
}

/** What an edge tells the coordinator. */
export interface Beat {
  /** Random name of the isolate, for counting the active ones. */
  readonly isolate: string;
  readonly incarnation: number;
  readonly revision: number;
  /** The last position of the feed that it has heard. */
  readonly feed: number;
  readonly counts: readonly RequestCount[];
  readonly breaks: readonly Break[];
  /** 12 hex digits of each pod that a connection to failed since the last heartbeat. */
  readonly failed: readonly string[];
}

/** The config as the coordinator holds it; also what it writes to the store for cold edges. */
export interface ConfigRecord {
  readonly incarnation: number;
  readonly revision: number;
  /** The native document as JSON text. */
  readonly document: string;
  readonly departed: readonly DepartedPod[];
}

/** What the coordinator answers. */
export interface BeatAnswer {
  readonly incarnation: number;
  readonly revision: number;
  /** Only when the edge's is another. */
  readonly config?: ConfigRecord;
  /** The states of the pods that are not ready, by 12 hex digits of their tag. */
  readonly health: Readonly<Record<string, string>>;
  readonly feed: { readonly entries: readonly FeedEntry[]; readonly seq: number };
  /** Milliseconds until the next heartbeat. */
  readonly next: number;
}
