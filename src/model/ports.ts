import type { Binding, Cause, Retention, Sid } from "./binding.ts";
import type { PodTag } from "./pod.ts";

/** Milliseconds since the epoch. */
export interface Clock {
  now(): number;
}

/** Chance comes in here, so that tests and the simulator can replay it. */
export interface Chance {
  /** 32 uniform bits, unsigned. */
  word(): number;
  /** `length` random bytes from a cryptographic source. */
  bytes(length: number): Uint8Array<ArrayBuffer>;
}

/** Calls back once, after at least `ms`; the answer cancels. */
export type After = (ms: number, callback: () => void) => () => void;

/** Work that goes on after the response: `ExecutionContext.waitUntil`. */
export interface Background {
  waitUntil(work: Promise<unknown>): void;
}

/** A compare-and-set on one session; `seen` is what the request's token says. */
export interface Swap {
  readonly op: "touch" | "rebind" | "rebind2" | "revoke";
  readonly sid: Sid;
  /** The token's epoch and pod. For rebind2: the epoch that was adopted, and the dead pod it names. */
  readonly epoch: number;
  readonly pod: PodTag;
  /** Where to: the candidate for rebind and rebind2, ignored by touch and revoke. */
  readonly to: PodTag;
  readonly home: PodTag;
  readonly cause: Cause;
  readonly created: number;
  readonly exp: number;
}

/** `KEPT`: as the token says, extended. `WON`: this call moved it. `ADOPT`: another did, follow the binding. */
export interface Swapped {
  readonly verdict: "KEPT" | "WON" | "ADOPT" | "REVOKED";
  readonly epoch: number;
  readonly pod: PodTag;
  readonly home: PodTag;
  readonly cause: Cause | "";
}

export interface ListedBinding extends Binding {
  /** The index score: when it ends unless it is seen again. */
  readonly expires: number;
}

/**
 * Where bindings live. Every method rejects when the store is down, slow or lying; the caller then goes on without it.
 * Commands are Redis commands as Upstash bills them.
 */
export interface BindingStore {
  readonly kind: string;
  /** Remembers a new session unless the sid is known. 2 commands. */
  create(binding: Binding, keep: Retention): Promise<void>;
  /**
   * Extends a binding as the token knows it. 2 commands, 3 when it repairs, 4 when that takes the sid from another pod's
   * index.
   * `extended`: as known. `repaired`: the store had less, or nothing. `ahead`: the store knows a later epoch, or another
   * pod at this one, or revoked it; the next request settles that.
   */
  renew(binding: Binding, keep: Retention): Promise<"extended" | "repaired" | "ahead">;
  /** Atomic for each sid. At most 5 commands; the index follows after the answer, by {@link index}. */
  swap(swap: Swap, keep: Retention): Promise<Swapped>;
  /** Moves a sid from one pod's index to another's; `from` or `to` undefined for none. */
  index(sid: Sid, from: PodTag | undefined, to: PodTag | undefined, keep: Retention): Promise<void>;
  read(sid: Sid): Promise<Binding | undefined>;
  /** Live sessions of a pod at `now`. */
  count(pod: PodTag, now: number): Promise<number>;
  /**
   * A page of the live sessions of a pod at `now`; cursor undefined at both ends. The order is the store's own. A session
   * that is renewed meanwhile may come twice; none that stays is left out.
   */
  list(
    pod: PodTag,
    now: number,
    limit: number,
    cursor: string | undefined,
  ): Promise<{ sessions: ListedBinding[]; cursor: string | undefined }>;
}
