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
  /** As in a binding, and what the store says from then on; empty where the caller does not know it. */
  readonly via: string;
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
 * Sids that a repair has left in the index of a pod where they are no more. Their number is bounded, and this client pays
 * before it counts or lists such a pod.
 */
export interface Debts {
  /** Whether anything is owed. */
  readonly some: boolean;
  /** Pays all that is owed at one pod. At most 1 command; called with each heartbeat. Rejects like the store. */
  pay(): Promise<void>;
}

/**
 * Where bindings live. Every method rejects when the store is down, slow or lying; the caller then goes on without it.
 * Commands are Redis commands as Upstash bills them.
 */
export interface BindingStore {
  readonly kind: string;
  /** Of a store whose indexes may be behind what this client knows. */
  readonly debts?: Debts;
  /** Remembers a new session unless the sid is known. 2 commands. */
  create(binding: Binding, keep: Retention): Promise<void>;
  /**
   * Extends a binding as the token knows it. 2 commands, 3 when it repairs; if that takes the sid from another pod's index,
   * that one is a debt.
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
  /** Live sessions of each of these pods at `now`, in their order; as few requests as the store can do with. */
  count(pods: readonly PodTag[], now: number): Promise<readonly number[]>;
  /**
   * A page of the live sessions of these pods at `now`, pod by pod in the order of their tags; within a pod the order is
   * the store's own. Cursor undefined at both ends; a page that has one may be short. A session that is renewed meanwhile
   * may come twice; none that stays is left out. A cursor holds although pods come and go. RangeError for one that is none.
   */
  list(
    pods: readonly PodTag[],
    now: number,
    limit: number,
    cursor: string | undefined,
  ): Promise<{ sessions: ListedBinding[]; cursor: string | undefined }>;
}
