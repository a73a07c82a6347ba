import type { Journal } from "./journal.ts";

/** Which pods are out, by the position in which they were given. */
export interface OutView {
  /** Anything but 0: out. */
  readonly out: Uint8Array;
  /** How many pods of positive weight are not out. */
  readonly live: number;
  /** Another number for other contents of `out` and `slow`. */
  readonly version: number;
}

/** And what holds single sessions off a pod that is not out. */
export interface LoadView extends OutView {
  /** Requests in flight, one count a pod. */
  readonly inflight: Uint32Array;
  /** The journal of writes to `inflight`; without one all counts are copied each time. */
  readonly journal?: Journal | undefined;
  /** Slow start: the share of keys that a pod takes, of 2^32; all at 2^32 − 1. Absent: all take all. */
  readonly slow?: Uint32Array | undefined;
}
