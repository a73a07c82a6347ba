import type { PodState } from "../health/state.ts";
import type { EdgeEvent } from "../model/beat.ts";
import type { Cause } from "../model/binding.ts";
import type { Outcome } from "../model/decision.ts";

/** What is counted of requests and of the store looks back this far. Milliseconds. */
export const LATELY = 60_000;
/** What is counted of sessions does: they come seldom. Milliseconds. */
export const LONGER = 300_000;

/** How a pod is. */
export interface PodCheckup {
  /** 12 hex digits. */
  readonly tag: string;
  readonly id: string;
  readonly state: PodState;
  /** For how long, as far as is known. Milliseconds. */
  readonly lasting: number;
  /** What edges go by, an operator's or the config's, and the config's. */
  readonly weight: number;
  readonly configWeight: number;
  /** Requests in flight by all isolates, smoothed. */
  readonly inFlight: number;
  /** Live sessions by the store's index; null: it does not answer. */
  readonly sessions: number | null;
  /** Answers since {@link LATELY}, failed ones included. */
  readonly answered: number;
  /** Heartbeats since {@link LATELY} that told of a failed connection. */
  readonly unreachable: number;
  /** Times that a check of it turned since {@link LONGER}. */
  readonly flips: number;
}

/** What the sampled requests say: one that each isolate takes down between two heartbeats. */
export interface Samples {
  readonly taken: number;
  /** Of the session that has most of them; empty: none was taken. */
  readonly sid: string;
  readonly hits: number;
}

export interface PoolCheckup {
  readonly name: string;
  readonly policy: { readonly name: string; readonly options: Readonly<Record<string, unknown>> };
  /** Whether the client's address finds its sessions. */
  readonly byAddress: boolean;
  /** Until a session ends that is not seen; undefined: it has none. Seconds. */
  readonly idle?: number | undefined;
  /** The path of its readiness probe. */
  readonly readiness?: string | undefined;
  /** Until a response's headers. Milliseconds. */
  readonly timeout: number;
  readonly maxInFlight?: number | undefined;
  readonly pods: readonly PodCheckup[];
  /** Statuses that routes to it answer on purpose (`fault.abort`): these say nothing of its pods. */
  readonly aborts: readonly number[];
  /** Since {@link LATELY}, by outcome and status. */
  readonly requests: readonly { readonly outcome: Outcome; readonly code: number; readonly count: number }[];
  readonly events: Readonly<Partial<Record<EdgeEvent, number>>>;
  /** Since {@link LATELY}: how many requests were timed, and how long all of them took. Milliseconds. */
  readonly timed: { readonly count: number; readonly sum: number };
  /** Breaks since {@link LONGER}, by cause and the pod that was left. */
  readonly breaks: readonly { readonly cause: Cause; readonly from: string; readonly count: number }[];
  /**
   * Clients that came back to a session after more than a quarter of its idle time, since {@link LONGER}: after how many
   * seconds at most, a power of two, and whether it was surely more than the idle time.
   */
  readonly gaps: readonly { readonly over: boolean; readonly seconds: number; readonly count: number }[];
  /** Sessions that began at an address that no store knew, since {@link LONGER}; and of clients that came with cookies. */
  readonly arrivals: { readonly all: number; readonly withCookies: number };
  /** The address with most different kinds of client (User-Agent) since {@link LONGER}, by its session. */
  readonly agents: { readonly sid: string; readonly count: number };
  readonly samples: Samples;
  /** Compare-and-sets of sessions that move, since {@link LONGER}; and those answered that another edge did otherwise. */
  readonly swaps: { readonly all: number; readonly adopted: number };
  /** Tokens that an isolate met for the first time, since {@link LONGER}; and those that no key of it opens. */
  readonly tokens: { readonly all: number; readonly unknown: number };
  /** Seconds that a request is in flight at the pod in the middle; 0: not known. */
  readonly m: number;
}

/** What an isolate's last heartbeat told. */
export interface IsolateCheckup {
  /** The first 8 characters of its random name. */
  readonly isolate: string;
  readonly revision: number;
  /** How many of its heartbeats in a row told of a revision that was not in force: each was answered with the one that is. */
  readonly behind: number;
  /** How far its clock is ahead of the coordinator's, less what the heartbeat took. Milliseconds. */
  readonly ahead: number | undefined;
  /** When its last heartbeat came. Milliseconds since the epoch. */
  readonly at: number;
  /** Key ids of its secrets in hex, the current first. */
  readonly keys: readonly string[];
  /** Whether it asks the store nothing now. */
  readonly broken: boolean;
}

export interface StoreCheckup {
  /** Calls since {@link LATELY}, and those that failed. */
  readonly calls: number;
  readonly failed: number;
  /** Calls since {@link LATELY} that a request waited for, and those that were answered too late for it. */
  readonly waited: number;
  readonly late: number;
  /** Whether it answers now; undefined: nobody asked. */
  readonly answers?: boolean | undefined;
}

/** All live data that checks go by. Plain, so that it travels as JSON. */
export interface Checkup {
  /** Milliseconds since the epoch, by the coordinator. */
  readonly at: number;
  readonly revision: number;
  /** Since when it is in force. Milliseconds since the epoch. */
  readonly enforced: number;
  /** For how long heartbeats have been noted: less than the windows after a restart. Milliseconds. */
  readonly watched: number;
  /** The time between two heartbeats of an isolate. Milliseconds. */
  readonly period: number;
  readonly isolates: readonly IsolateCheckup[];
  readonly pools: readonly PoolCheckup[];
  /** Requests of all pools since {@link LATELY}, and those that no route took. */
  readonly requests: number;
  readonly unrouted: number;
  readonly store: StoreCheckup;
  /** Tokens ever sealed, by key id. */
  readonly sealed: Readonly<Record<string, number>>;
}
