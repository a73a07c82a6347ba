import type { Binding, Retention, Sid } from "../../src/model/binding.ts";
import { type PodTag, tagFromHex, tagToHex } from "../../src/model/pod.ts";
import type { BindingStore, ListedBinding, Swap, Swapped } from "../../src/model/ports.ts";
import { Generations } from "../../src/sessions/generations.ts";
import { relate } from "../../src/sessions/settle.ts";
import { AnswerError, asInteger, asList, asOk, asText, asTextOrNull } from "./answer.ts";
import { listPage } from "./page.ts";
import { after, type RedisClient } from "./redis.ts";
import { repairAbsent, repairBehind } from "./repair.ts";
import { SWAP } from "./scripts.ts";
import { checkSwap, checkSwapped } from "./swap.ts";
import { bindingKey, checkSid, encodeBinding, parseBinding } from "./value.ts";

/** How often an index loses its dead members while it is counted, how long dead they are, and when it ends uncounted. */
const TRIM = { every: 60_000, margin: 600_000, forgotten: 30 * 86_400_000 } as const;

/** The sorted set of a pod: sids, scored by when their session ends unless it is seen again. */
export function indexKey(pod: PodTag): string {
  return `mooring:p:${tagToHex(pod)}`;
}

/**
 * Bindings in Redis over HTTP. Each method rejects when Redis errs, is slow, or answers what it may not.
 * One key a binding, one sorted set a pod; no command spans two keys of bindings but the MGET of a listing.
 */
export class UpstashStore implements BindingStore {
  readonly kind = "upstash";
  readonly #redis: RedisClient;
  readonly #trimmed = new Map<PodTag, number>();
  /** Pods that sessions were to leave by a compare-and-set whose answer was lost: it may be done, and the index behind. */
  readonly #left = new Generations<PodTag>(1024);
  /** Of the script, once Redis has it. */
  #sha = "";

  constructor(redis: RedisClient) {
    this.#redis = redis;
  }

  async create(binding: Binding, keep: Retention): Promise<void> {
    const { key, value, px, score, index } = this.#parts(binding, keep);
    const pipeline = this.#redis.pipeline().set(key, value, { nx: true, px }).zadd(index, score);
    const [set, added] = asList(await pipeline.exec<unknown[]>(), 2);
    asInteger(added);
    if (set !== null) asOk(set);
    else await this.#unlist(binding);
  }

  async renew(binding: Binding, keep: Retention): Promise<"extended" | "repaired" | "ahead"> {
    const { key, px, score, index } = this.#parts(binding, keep);
    const pipeline = this.#redis.pipeline().getex(key, { px }).zadd(index, score);
    const [text, added] = asList(await pipeline.exec<unknown[]>(), 2);
    asInteger(added);
    const found = asTextOrNull(text);
    const stored = found === null ? undefined : parseBinding(binding.sid, found);
    const repair = found === null ? repairAbsent : repairBehind;
    switch (relate(stored, binding.epoch, binding.pod)) {
      case "same":
        await this.#leave(binding);
        return "extended";
      case "absent":
      case "behind":
        if (!(await repair(this.#redis, binding, px))) return "ahead";
        if (stored !== undefined && stored.pod !== binding.pod) {
          asInteger(await this.#redis.zrem(indexKey(stored.pod), binding.sid));
        }
        return "repaired";
      default:
        await this.#disown(stored!, binding);
        return "ahead";
    }
  }

  async swap(swap: Swap, keep: Retention): Promise<Swapped> {
    checkSwap(swap);
    const numbers = { epoch: swap.epoch, created: swap.created, exp: swap.exp, ttl: Math.ceil(keep.ttl) };
    const tags = { pod: tagToHex(swap.pod), to: tagToHex(swap.to), home: tagToHex(swap.home) };
    const named = { op: swap.op, cause: swap.cause, ...tags, ...numbers };
    const args = SWAP.args.map((name) => String(named[name]));
    try {
      const answer = asList(await this.#run([bindingKey(swap.sid)], args), 6).map(asText);
      const [verdict = "", epoch = "", pod = "", home = "", cause = "", from = ""] = answer;
      return checkSwapped(swap, {
        verdict,
        epoch: /^[0-9]{1,10}$/.test(epoch) ? Number(epoch) : Number.NaN,
        pod: tagFromHex(pod),
        home: tagFromHex(home),
        cause,
        from: from === "" ? undefined : tagFromHex(from),
      });
    } catch (error) {
      if (swap.op === "rebind" || swap.op === "rebind2") this.#left.set(swap.sid, swap.pod);
      throw error;
    }
  }

  async release(sid: Sid, pod: PodTag): Promise<void> {
    const pipeline = this.#redis
      .pipeline()
      .getdel(bindingKey(checkSid(sid)))
      .zrem(indexKey(pod), sid);
    const [value, removed] = asList(await pipeline.exec<unknown[]>(), 2);
    asInteger(removed);
    const held = parseBinding(sid, asTextOrNull(value) ?? "");
    // Without its revocation an edge that remembers the session would repair the store to it.
    if (held?.state === "R") await repairBehind(this.#redis, held, 0);
    else if (held !== undefined && held.pod !== pod) {
      asInteger(await this.#redis.zrem(indexKey(held.pod), sid));
    }
  }

  async index(sid: Sid, from: PodTag | undefined, to: PodTag | undefined, keep: Retention): Promise<void> {
    checkSid(sid);
    const pipeline = this.#redis.pipeline();
    if (to !== undefined) pipeline.zadd(indexKey(to), { score: Math.ceil(keep.expires), member: sid });
    if (from !== undefined && from !== to) pipeline.zrem(indexKey(from), sid);
    const length = pipeline.length();
    if (length === 0) return;
    for (const answer of asList(await pipeline.exec<unknown[]>(), length)) asInteger(answer);
  }

  async read(sid: Sid): Promise<Binding | undefined> {
    const value = asTextOrNull(await this.#redis.get<unknown>(bindingKey(checkSid(sid))));
    return value === null ? undefined : parseBinding(sid, value);
  }

  async expires(sid: Sid, pod: PodTag): Promise<number | undefined> {
    const text = asTextOrNull(await this.#redis.zscore(indexKey(pod), checkSid(sid)));
    if (text !== null && !/^[0-9]{1,16}$/.test(text)) throw new AnswerError("a score", text);
    return text === null ? undefined : Number(text);
  }

  async count(pod: PodTag, now: number): Promise<number> {
    const key = indexKey(pod);
    if (!this.#trimDue(pod, now)) return asInteger(await this.#redis.zcount(key, now, "+inf"));
    const pipeline = this.#redis
      .pipeline()
      .zcount(key, now, "+inf")
      .zremrangebyscore(key, "-inf", after(now - TRIM.margin))
      .pexpire(key, TRIM.forgotten);
    const answers = asList(await pipeline.exec<unknown[]>(), 3).map(asInteger);
    return answers[0]!;
  }

  async list(
    pod: PodTag,
    now: number,
    limit: number,
    cursor: string | undefined,
  ): Promise<{ sessions: ListedBinding[]; cursor: string | undefined }> {
    const page = await listPage(this.#redis, indexKey(pod), now, limit, cursor);
    if (page.entries.length === 0) return { sessions: [], cursor: undefined };
    const keys = page.entries.map((entry) => bindingKey(entry.sid));
    const values = asList(await this.#redis.mget<unknown[]>(keys), keys.length).map(asTextOrNull);
    const sessions = page.entries.flatMap(({ sid, score }, i) => {
      const binding = parseBinding(sid, values[i] ?? "");
      // The index follows a compare-and-set after its answer: what is no longer here is not listed.
      return binding?.state === "A" && binding.pod === pod ? [{ ...binding, expires: score }] : [];
    });
    return { sessions, cursor: page.cursor };
  }

  #parts(binding: Binding, keep: Retention) {
    const key = bindingKey(checkSid(binding.sid));
    const score = { score: Math.ceil(keep.expires), member: binding.sid };
    const px = Math.ceil(keep.ttl);
    return { key, value: encodeBinding(binding), px, score, index: indexKey(binding.pod) };
  }

  /** A move whose answer was lost turns out to be done: the index of the pod that it left follows now. */
  async #leave({ sid, pod }: Binding): Promise<void> {
    const left = this.#left.get(sid);
    if (left === undefined) return;
    if (left !== pod) asInteger(await this.#redis.zrem(indexKey(left), sid));
    this.#left.delete(sid);
  }

  /** The sid was known: unless it is here, it must not be counted here. */
  async #unlist(binding: Binding): Promise<void> {
    const known = await this.read(binding.sid);
    if (known !== undefined && known.state === "A" && known.pod === binding.pod) return;
    await this.index(binding.sid, binding.pod, undefined, { ttl: 0, expires: 0 });
  }

  /** The store knew better, but the pipeline has listed the sid at the token's pod and shortened the life of the key. */
  async #disown(stored: Binding, binding: Binding): Promise<void> {
    const revoked = stored.state === "R";
    if (stored.pod === binding.pod && !revoked) return;
    const pipeline = this.#redis.pipeline().zrem(indexKey(binding.pod), binding.sid);
    if (revoked) pipeline.pexpireat(bindingKey(binding.sid), stored.exp);
    for (const answer of asList(await pipeline.exec<unknown[]>())) asInteger(answer);
  }

  /** EVAL once, which leaves the script in Redis, then EVALSHA: asking for what is not there yet is billed too. */
  async #run(keys: string[], args: string[]): Promise<unknown> {
    if (this.#sha !== "") {
      try {
        return await this.#redis.evalsha<string[], unknown>(this.#sha, keys, args);
      } catch (error) {
        if (!(error instanceof Error && error.message.includes("NOSCRIPT"))) throw error;
      }
    }
    const answer = await this.#redis.eval<string[], unknown>(SWAP.lua, keys, args);
    if (this.#sha === "") this.#sha = await sha1(SWAP.lua);
    return answer;
  }

  #trimDue(pod: PodTag, now: number): boolean {
    if (Math.abs(now - (this.#trimmed.get(pod) ?? Number.NEGATIVE_INFINITY)) < TRIM.every) return false;
    if (this.#trimmed.size >= 10_000) this.#trimmed.clear();
    this.#trimmed.set(pod, now);
    return true;
  }
}

async function sha1(text: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-1", new TextEncoder().encode(text));
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
