import type { Streak } from "../health/outlier.ts";
import { type Meaning, type PodState, STATES } from "../health/state.ts";
import { suspicion } from "../health/suspicion.ts";
import { Meter } from "../metrics/share.ts";
import type { Pod } from "../model/pod.ts";
import { Line } from "./line.ts";
import type { PoolRuntime } from "./pods.ts";

/** The coordinator has told of this pool's load so lately that it hears. Milliseconds. */
const HEARD = 10_000;

/** A pod as this isolate knows it. It outlives the snapshot: a new one adopts it by its tag. */
export class PodRuntime {
  pod: Pod;
  pool: PoolRuntime;
  state: PodState = "ready";
  meaning: Meaning = STATES.ready;
  /** Whether it keeps the sessions it has: by its state, or because panic made it admit again. */
  keep = true;
  /**
   * When the newest request that it answered since the last heartbeat had begun; 0 for none. The coordinator weighs it
   * against its own probes. Milliseconds since the epoch.
   */
  served = 0;
  /** New sessions avoid it until then; never clears keep. */
  suspectUntil = 0;
  /** From when suspicion was set until then, at most: a clock that is set back must not make it last. */
  #longest = 0;
  /** Connections in a row that failed. */
  #refusals = 0;
  /** Failures in a row; undefined unless the pool has `health.outlier`. */
  streak: Streak | undefined;
  /** A connection failed and none has succeeded since: what cannot be replayed is preceded by a probe. */
  doubt = false;
  /** The probe in flight, shared by the requests that wait for it. */
  probing: Promise<boolean> | undefined;
  /** Requests that wait until it is below its cap; undefined as long as none ever had to. */
  line: Line | undefined;
  /** What this isolate does with it between two heartbeats. */
  readonly meter = new Meter();

  constructor(pod: Pod, pool: PoolRuntime) {
    this.pod = pod;
    this.pool = pool;
  }

  take(now: number): void {
    const { inflight } = this.pool;
    this.#set(inflight[this.pod.index]! + 1, now);
  }

  release(now: number): void {
    const count = this.pool.inflight[this.pod.index]!;
    if (count > 0) this.#set(count - 1, now);
    if (this.line === undefined) return;
    // The place is taken for the first in the line before anybody else can see it free.
    while (this.line.length > 0 && !this.full) {
      this.take(now);
      this.line.next();
    }
  }

  /** Whether it has as many requests of this isolate in flight as it may. */
  get full(): boolean {
    const { pool, inflight } = this.pool;
    return pool.maxInFlight !== undefined && inflight[this.pod.index]! >= pool.maxInFlight;
  }

  /** @returns leaves the line again */
  wait(turn: (come: boolean) => void): () => void {
    this.line ??= new Line();
    return this.line.join(turn);
  }

  #set(count: number, now: number): void {
    const { inflight, journal } = this.pool;
    const { index } = this.pod;
    this.meter.pass(inflight[index]!, now);
    inflight[index] = count;
    journal.note(index);
  }

  /** Whether new sessions avoid it; not when the clock was set back since, which would make that last. */
  suspected(now: number): boolean {
    const left = this.suspectUntil - now;
    return left > 0 && left <= this.#longest;
  }

  /** A connection failed. */
  suspect(now: number): void {
    this.#refusals = this.doubt ? this.#refusals + 1 : 1;
    this.doubt = true;
    const heard = Math.abs(now - this.pool.share.at) < HEARD;
    this.#avoid(now + suspicion(this.#refusals, heard), now);
  }

  /** It answered, and not with an error. */
  passed(): void {
    this.meter.answered(false);
    this.streak?.passed();
  }

  /**
   * An answer that counts against it, or none.
   *
   * @param gateway none, or 502, 503 or 504
   */
  blame(gateway: boolean, now: number): void {
    this.meter.answered(true);
    const { pool } = this;
    const { outlier } = pool.pool;
    if (outlier === undefined) return;
    const until = this.streak?.failed(gateway, outlier, () => pool.hasRoom(outlier.maxEjection, now), now);
    if (until !== undefined) this.#avoid(until, now);
  }

  #avoid(until: number, now: number): void {
    if (this.suspected(now) && this.suspectUntil >= until) {
      // It may have been let in all the same, while nothing but its answers was held against it.
      this.pool.suspected(this.suspectUntil);
      return;
    }
    this.suspectUntil = until;
    this.#longest = until - now;
    this.pool.suspected(until);
  }
}
