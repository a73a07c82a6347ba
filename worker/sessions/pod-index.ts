import type { Sid } from "../../src/model/binding.ts";
import { type PodTag, tagToHex } from "../../src/model/pod.ts";
import type { Debts } from "../../src/model/ports.ts";
import { asInteger } from "./answer.ts";
import type { Command, RedisClient } from "./redis.ts";

/** How often an index loses its dead members while it is counted, how long dead they are, and when it ends uncounted. */
const TRIM = { every: 60_000, margin: 600_000, forgotten: 30 * 86_400_000, known: 20_000 } as const;
/** Pods that are counted in one request. */
const COUNTED = 500;
/** Sids that are owed at most; what is beyond leaves its index with its score, when the session would have ended. */
const OWED = 10_000;

/** The sorted set of a pod: sids, scored by when their session ends unless it is seen again. */
export function indexKey(pod: PodTag): string {
  return `mooring:p:${tagToHex(pod)}`;
}

/**
 * The indexes of all pods in Redis. What a repair finds in the index of another pod is taken out by one ZREM with all others
 * there: by the next heartbeat or the next renewal with a command to spare, and before this client counts or lists the pod.
 */
export class PodIndex implements Debts {
  readonly #redis: RedisClient;
  readonly #trimmed = new Map<PodTag, number>();
  readonly #owed = new Map<PodTag, Set<Sid>>();
  #count = 0;

  constructor(redis: RedisClient) {
    this.#redis = redis;
  }

  get some(): boolean {
    return this.#owed.size > 0;
  }

  /** @param expires the score: when the session ends unless it is seen again; ms since the epoch */
  add(pod: PodTag, sid: Sid, expires: number): Command {
    const owed = this.#owed.get(pod);
    if (owed?.delete(sid)) this.#count--;
    if (owed?.size === 0) this.#owed.delete(pod);
    return ["ZADD", indexKey(pod), Math.ceil(expires), sid];
  }

  remove(pod: PodTag, ...sids: readonly Sid[]): Command {
    return ["ZREM", indexKey(pod), ...sids];
  }

  /** The sid is no longer at this pod, which its index need not know at once. */
  owe(pod: PodTag, sid: Sid): void {
    const sids = this.#owed.get(pod) ?? new Set();
    if (this.#count >= OWED || sids.has(sid)) return;
    this.#count++;
    this.#owed.set(pod, sids.add(sid));
  }

  /** Takes a sid out of an index with all that is owed there; without arguments, what is owed longest. At most 1 command. */
  async pay(pod?: PodTag, ...sids: readonly Sid[]): Promise<void> {
    const at = pod ?? this.#owed.keys().next().value;
    if (at === undefined) return;
    const owed = this.#take(at);
    const all = [...owed, ...sids];
    if (all.length === 0) return;
    try {
      asInteger(await this.#redis.run(...this.remove(at, ...all)));
    } catch (error) {
      this.#restore(at, owed);
      throw error;
    }
  }

  /** Live sessions of each of these pods. */
  async count(pods: readonly PodTag[], now: number): Promise<number[]> {
    const counts: number[] = [];
    for (let at = 0; at < pods.length; at += COUNTED) {
      const commands: Command[] = [];
      const asked: number[] = [];
      const owed = pods.slice(at, at + COUNTED).map((pod) => {
        const key = indexKey(pod);
        const sids = this.#take(pod);
        if (sids.length > 0) commands.push(this.remove(pod, ...sids));
        asked.push(commands.push(["ZCOUNT", key, now, "+inf"]) - 1);
        if (this.#trimDue(pod, now)) {
          commands.push(["ZREMRANGEBYSCORE", key, "-inf", `(${now - TRIM.margin}`]);
          commands.push(["PEXPIRE", key, TRIM.forgotten]);
        }
        return [pod, sids] as const;
      });
      try {
        const answers = (await this.#redis.pipeline(commands)).map(asInteger);
        counts.push(...asked.map((i) => answers[i]!));
      } catch (error) {
        for (const [pod, sids] of owed) this.#restore(pod, sids);
        throw error;
      }
    }
    return counts;
  }

  #take(pod: PodTag): Sid[] {
    const sids = [...(this.#owed.get(pod) ?? [])];
    this.#owed.delete(pod);
    this.#count -= sids.length;
    return sids;
  }

  #restore(pod: PodTag, sids: readonly Sid[]): void {
    if (sids.length === 0) return;
    const left = this.#owed.get(pod) ?? new Set();
    this.#count -= left.size;
    for (const sid of sids) left.add(sid);
    this.#owed.set(pod, left);
    this.#count += left.size;
  }

  #trimDue(pod: PodTag, now: number): boolean {
    if (Math.abs(now - (this.#trimmed.get(pod) ?? Number.NEGATIVE_INFINITY)) < TRIM.every) return false;
    if (this.#trimmed.size >= TRIM.known) this.#trimmed.clear();
    this.#trimmed.set(pod, now);
    return true;
  }
}
