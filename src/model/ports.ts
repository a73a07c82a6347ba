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
  /** Ends all work of the request at once, and its connections with it. */
  abort?(reason: unknown): void;
}

/**
 * A compare-and-set on one session, by what the caller knows of it: from the request's token, or, for a keyed session,
 * from the isolate's memory.
 */
export interface Swap {
  /** `create` and `find` serve keyed sessions, which come back without a token; `find` begins none. */
  readonly op: "touch" | "create" | "find" | "rebind" | "rebind2" | "revoke";
  readonly sid: Sid;
  /**
   * The epoch and pod that the caller knows. For rebind2: the epoch that was adopted, and the dead pod it names. For create
   * and find: epoch 0 and the candidate when it knows none.
   */
  readonly epoch: number;
  readonly pod: PodTag;
  /** Where to: the candidate for create, rebind and rebind2, ignored by touch, find and revoke. */
  readonly to: PodTag;
  readonly home: PodTag;
  readonly cause: Cause;
  /** When it began. For create and find this moment, by which a binding past its `exp` has ended. */
  readonly created: number;
  /** When it ends; for create and find this moment and the idle timeout, as keyed sessions have no absolute expiry. */
  readonly exp: number;
}

/**
 * `KEPT`: as the caller knows it, extended. `WON`: this call moved it, or began it. `ADOPT`: another did, follow the
 * binding (create and find have extended it). `REVOKED`: it has ended. `ABSENT`: find found none; with cause
 * `expired-idle` and the epoch and pod of one that ended by silence, else with those of the call.
 */
export interface Swapped {
  readonly verdict: "KEPT" | "WON" | "ADOPT" | "REVOKED" | "ABSENT";
  readonly epoch: number;
  readonly pod: PodTag;
  readonly home: PodTag;
  /** Why this epoch began. WON by create: empty for a first one, else why the one before ended: expired-idle, revoked. */
  readonly cause: Cause | "";
  /** The pod of the binding that was found before this call; undefined when none was, or one that a later epoch outlived. */
  readonly from: PodTag | undefined;
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
  /**
   * Atomic for each sid. At most 3 commands. The index follows after the answer, off path, by {@link index}, at most 2:
   * what it must do says `reindex` of src/sessions/reindex.ts.
   */
  swap(swap: Swap, keep: Retention): Promise<Swapped>;
  /**
   * The pod ended its session: forgets the binding, and takes the sid out of the pod's index. A session that has moved on
   * is forgotten too, with its key it is over; a revocation stays. 2 commands, 3 when it was revoked or is at another pod.
   */
  release(sid: Sid, pod: PodTag): Promise<void>;
  /** Moves a sid from one pod's index to another's; `from` or `to` undefined for none. At most 2 commands. */
  index(sid: Sid, from: PodTag | undefined, to: PodTag | undefined, keep: Retention): Promise<void>;
  read(sid: Sid): Promise<Binding | undefined>;
  /** The score of a sid in the index of a pod: when it ends unless it is seen again. Undefined: not there. 1 command. */
  expires(sid: Sid, pod: PodTag): Promise<number | undefined>;
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
