import type { Binding, Retention, Sid } from "../../src/model/binding.ts";
import { type PodTag, tagToHex } from "../../src/model/pod.ts";
import type { BindingStore, ListedBinding, Swap, Swapped } from "../../src/model/ports.ts";
import { AnswerError, asInteger, asList, asNull, asText } from "./answer.ts";
import type { ShardCall } from "./call.ts";
import { cursorAt, type Page, parseCursor, podsFrom } from "./listing.ts";
import { type Claim, checkSwap, checkSwapped } from "./swap.ts";
import { checkSid, parseBinding } from "./value.ts";

/** One for each first hex digit of a sid. */
export const SHARDS = 16;
/** Pods that are named in one call at most. */
const NAMED = 100;

/** Sends a call to a shard, over a binding or over HTTP to another process: POST, JSON both ways. */
export type SendToShard = (shard: number, body: string) => Promise<Response>;

function asBinding(sid: Sid, value: unknown): Binding {
  const binding = parseBinding(sid, asText(value));
  if (binding === undefined) throw new AnswerError("a binding", value);
  return binding;
}

/** Bindings in Durable Objects with SQLite: embedded, and linearizable for each sid. */
export class DurableStore implements BindingStore {
  readonly kind = "durable";
  readonly #send: SendToShard;
  readonly #timeout: number;

  /** @param options.timeout Milliseconds until a call that has no answer rejects. */
  constructor(send: SendToShard, { timeout = 1000 }: { readonly timeout?: number } = {}) {
    this.#send = send;
    this.#timeout = timeout;
  }

  async create(binding: Binding, keep: Retention): Promise<void> {
    asNull(await this.#askFor(binding.sid, "create", binding, keep));
  }

  async renew(binding: Binding, keep: Retention): Promise<"extended" | "repaired" | "ahead"> {
    const verdict = await this.#askFor(binding.sid, "renew", binding, keep);
    if (verdict !== "extended" && verdict !== "repaired" && verdict !== "ahead") {
      throw new AnswerError("a verdict", verdict);
    }
    return verdict;
  }

  async swap(swap: Swap, keep: Retention): Promise<Swapped> {
    const answer = await this.#askFor(checkSwap(swap).sid, "swap", swap, keep);
    if (typeof answer !== "object" || answer === null) throw new AnswerError("a verdict", answer);
    const none: Claim = { verdict: null, epoch: null, pod: null, home: null, cause: null, from: null };
    return checkSwapped(swap, { ...none, ...answer });
  }

  async release(sid: Sid, pod: PodTag): Promise<void> {
    asNull(await this.#askFor(sid, "release", sid, pod));
  }

  async index(sid: Sid, from: PodTag | undefined, to: PodTag | undefined, keep: Retention): Promise<void> {
    asNull(await this.#askFor(sid, "index", sid, from, to, keep));
  }

  async read(sid: Sid): Promise<Binding | undefined> {
    const value = await this.#askFor(sid, "read", sid);
    return value === null ? undefined : asBinding(sid, value);
  }

  async expires(sid: Sid, pod: PodTag): Promise<number | undefined> {
    const score = await this.#askFor(sid, "expires", sid, pod);
    return score === null ? undefined : asInteger(score);
  }

  async count(pods: readonly PodTag[], now: number): Promise<number[]> {
    const counts = new Map<string, number>();
    // To send many and to look each up takes a shard longer than to count them all.
    const some = pods.length > NAMED ? undefined : pods;
    for (const rows of await this.#askAll("count", some, now)) {
      for (const row of asList(rows)) {
        const [pod, live] = asList(row, 2);
        const tag = asText(pod);
        counts.set(tag, (counts.get(tag) ?? 0) + asInteger(live));
      }
    }
    return pods.map((pod) => counts.get(tagToHex(pod)) ?? 0);
  }

  async list(pods: readonly PodTag[], now: number, limit: number, cursor: string | undefined): Promise<Page> {
    const { tag, inner = "" } = cursor === undefined ? { tag: "" } : parseCursor(cursor);
    const from = podsFrom(pods, tag);
    const tags = from.length > NAMED ? await this.#needed(from, now, limit) : from;
    // A pod that has gone ends where the next one begins.
    const after = tags[0] !== undefined && tagToHex(tags[0]) === tag ? inner : "";
    const sessions: ListedBinding[] = [];
    // One more than the page holds tells whether another follows.
    for (const rows of tags.length === 0 ? [] : await this.#askAll("list", tags, now, limit + 1, after)) {
      for (const row of asList(rows)) {
        const [sid, value, expires] = asList(row, 3);
        sessions.push({ ...asBinding(checkSid(asText(sid)), value), expires: asInteger(expires) });
      }
    }
    sessions.sort((a, b) => a.pod - b.pod || (a.sid < b.sid ? -1 : 1));
    const last = sessions.length > limit ? sessions[limit - 1] : undefined;
    return { sessions: sessions.slice(0, limit), cursor: last && cursorAt(last.pod, last.sid) };
  }

  /** The first of these pods that have sessions, as many as a page can be about. */
  async #needed(pods: readonly PodTag[], now: number, limit: number): Promise<PodTag[]> {
    const counts = await this.count(pods, now);
    // The first may have been listed to its end, and one more tells whether another page follows.
    return pods.filter((_, i) => counts[i]! > 0).slice(0, limit + 2);
  }

  /** Of every shard, however many pods it is about. */
  async #askAll(method: ShardCall["method"], ...args: readonly unknown[]): Promise<unknown[]> {
    return await Promise.all(Array.from({ length: SHARDS }, (_, shard) => this.#ask(shard, method, args)));
  }

  async #askFor(sid: Sid, method: ShardCall["method"], ...args: unknown[]): Promise<unknown> {
    return await this.#ask(shardOf(checkSid(sid)), method, args);
  }

  async #ask(shard: number, method: ShardCall["method"], args: readonly unknown[]): Promise<unknown> {
    const call: ShardCall = { method, args };
    return await within(this.#timeout, this.#answer(shard, JSON.stringify(call)));
  }

  async #answer(shard: number, body: string): Promise<unknown> {
    const response = await this.#send(shard, body);
    const text = await response.text();
    if (!response.ok) throw new Error(`the store answered ${response.status}: ${text.slice(0, 200)}`);
    const answer: unknown = JSON.parse(text);
    if (typeof answer !== "object" || answer === null || !("result" in answer)) {
      throw new AnswerError("{ result }", answer);
    }
    return answer.result;
  }
}

function shardOf(sid: Sid): number {
  return Number.parseInt(sid.slice(0, 1), 16);
}

async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  return await new Promise<T>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`the store did not answer within ${ms} ms`)), ms);
    work.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
