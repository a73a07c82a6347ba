import type { PodUse, PoolLoad } from "../model/beat.ts";

/** What one isolate has of a pool's load: its own part, and by subtraction that of all others. Indexes are `Pod.index`. */
export class Share {
  /** Requests that other isolates have in flight, as of the last answer. */
  readonly others: Float64Array;
  /** What the fleet holds each pod worth, 1 for a normal one. */
  readonly worth: Float64Array;
  /** Another number for other contents of the two. */
  revision = 0;
  /** Seconds that a request is in flight at the pod in the middle; 0: not known. */
  m = 0;
  /** τ of the sums. Milliseconds. */
  tau = 1000;
  /** When the answer that this is from was asked for; −∞ before the first. Milliseconds since the epoch. */
  at = Number.NEGATIVE_INFINITY;
  /** Whether this is the only isolate. */
  alone = false;
  /** The isolate's own part of the coordinator's sums. */
  readonly #own: Float64Array;
  /** When the last answered heartbeat was sent, whether it told of this pool or not. */
  #heard = Number.NEGATIVE_INFINITY;

  constructor(pods: number) {
    this.others = new Float64Array(pods);
    this.worth = new Float64Array(pods).fill(1);
    this.#own = new Float64Array(pods);
  }

  /** Takes over what an older share knew of a pod that is in this pool too. */
  adopt(index: number, old: Share, oldIndex: number): void {
    this.others[index] = old.others[oldIndex]!;
    this.worth[index] = old.worth[oldIndex]!;
    this.#own[index] = old.#own[oldIndex]!;
    [this.m, this.tau, this.at, this.alone] = [old.m, old.tau, old.at, old.alone];
    this.#heard = old.#heard;
  }

  /**
   * Takes in an answered heartbeat. The own part follows the recurrence of the coordinator's sums, over the pod-seconds
   * that this heartbeat told, so that what is subtracted is what was added there.
   *
   * @param tags 12 hex digits each, by index
   * @param sent what the heartbeat told @param load what it was answered; undefined: nothing of this pool, so that what is known of it grows older
   * @param asked when it was sent @param tau in force at the coordinator
   */
  hear(
    tags: readonly string[],
    sent: Readonly<Record<string, PodUse>>,
    load: PoolLoad | undefined,
    asked: number,
    tau: number,
    alone: boolean,
  ): void {
    const kept = Math.exp(-Math.max(0, asked - this.#heard) / tau);
    this.#heard = asked;
    this.alone = alone;
    for (let i = 0; i < tags.length; i++) {
      const tag = tags[i]!;
      const area = sent[tag]?.area ?? 0;
      const own = this.#own[i]! * kept + (area * 1000) / tau;
      this.#own[i] = own;
      if (load === undefined) continue;
      const [inflight, worth] = load.pods[tag] ?? [0, 1];
      this.others[i] = Math.max(0, inflight - own);
      this.worth[i] = worth;
    }
    if (load === undefined) return;
    this.revision++;
    this.m = load.m;
    this.tau = tau;
    this.at = asked;
  }
}

/** What an isolate does with one pod between two heartbeats. */
export class Meter {
  #area = 0;
  #since = 0;
  #done = 0;
  #fail = 0;
  #utilisation = 0;
  #reportedAt = 0;

  /** Called before the number of requests in flight changes, with what it has been. Milliseconds since the epoch. */
  pass(inflight: number, now: number): void {
    if (inflight > 0) this.#area += inflight * Math.max(0, now - this.#since);
    this.#since = now;
  }

  answered(failed: boolean): void {
    this.#done++;
    if (failed) this.#fail++;
  }

  /** The pod told its utilisation, 1 for full. */
  reported(utilisation: number, now: number): void {
    this.#utilisation = utilisation;
    this.#reportedAt = now;
  }

  /** What is to be told, and a new beginning; undefined when there is nothing. */
  take(inflight: number, now: number): PodUse | undefined {
    this.pass(inflight, now);
    const [area, done, fail, at] = [this.#area / 1000, this.#done, this.#fail, this.#reportedAt];
    if (area === 0 && done === 0) return undefined;
    this.#area = this.#done = this.#fail = this.#reportedAt = 0;
    return {
      ...(area > 0 ? { area } : {}),
      ...(done > 0 ? { done } : {}),
      ...(fail > 0 ? { fail } : {}),
      ...(at > 0 ? { orca: [this.#utilisation, now - at] as const } : {}),
    };
  }
}
