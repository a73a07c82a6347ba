import type { Binding, Retention, Sid } from "../../src/model/binding.ts";
import { type PodTag, tagFromHex, tagToHex } from "../../src/model/pod.ts";
import type { BindingStore, ListedBinding, Swap, Swapped } from "../../src/model/ports.ts";
import { Generations } from "../../src/sessions/generations.ts";
import { relate } from "../../src/sessions/settle.ts";
import { AnswerError, asInteger, asList, asOk, asText, asTextOrNull } from "./answer.ts";
import { listPods, type Page } from "./listing.ts";
import { listPage } from "./page.ts";
import { indexKey, PodIndex } from "./pod-index.ts";
import type { Command, RedisClient } from "./redis.ts";
import { repairAbsent, repairBehind } from "./repair.ts";
import { SWAP } from "./scripts.ts";
import { checkSwap, checkSwapped } from "./swap.ts";
import { bindingKey, checkSid, encodeBinding, parseBinding } from "./value.ts";

/**
 * Bindings in Redis over HTTP. Each method rejects when Redis errs, is slow, or answers what it may not.
 * One key a binding, one sorted set a pod; no command spans two keys of bindings but the MGET of a listing.
 */
export class UpstashStore implements BindingStore {
  readonly kind = "upstash";
  readonly #redis: RedisClient;
  readonly debts: PodIndex;
  /** Pods that sessions were to leave by a compare-and-set whose answer was lost: it may be done, and the index behind. */
  readonly #left = new Generations<PodTag>(1024);
  /** Of the script, once Redis has it. */
  #sha = "";

  constructor(redis: RedisClient) {
    this.#redis = redis;
    this.debts = new PodIndex(redis);
  }

  async create(binding: Binding, keep: Retention): Promise<void> {
    const { key, value, px, listed } = this.#parts(binding, keep);
    const [set, added] = await this.#redis.pipeline([["SET", key, value, "NX", "PX", px], listed]);
    asInteger(added);
    if (set !== null) asOk(set);
    else await this.#unlist(binding);
  }

  async renew(binding: Binding, keep: Retention): Promise<"extended" | "repaired" | "ahead"> {
    const { key, px, listed } = this.#parts(binding, keep);
    const [text, added] = await this.#redis.pipeline([["GETEX", key, "PX", px], listed]);
    asInteger(added);
    const { sid, epoch, pod } = binding;
    const found = asTextOrNull(text);
    const stored = found === null ? undefined : parseBinding(sid, found);
    const repair = found === null ? repairAbsent : repairBehind;
    switch (relate(stored, epoch, pod)) {
      case "same":
        await this.#leave(binding);
        return "extended";
      case "absent":
      case "behind":
        if (!(await repair(this.#redis, binding, px))) return "ahead";
        if (stored !== undefined && stored.pod !== pod) this.debts.owe(stored.pod, sid);
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
    const named = { op: swap.op, cause: swap.cause, via: swap.via, ...tags, ...numbers };
    const args = SWAP.args.map((name) => String(named[name]));
    try {
      const answer = asList(await this.#run(bindingKey(swap.sid), args), 6).map(asText);
      const [verdict = "", epoch = "", pod = "", home = "", cause = "", from = ""] = answer;
      const swapped = checkSwapped(swap, {
        verdict,
        epoch: /^[0-9]{1,10}$/.test(epoch) ? Number(epoch) : Number.NaN,
        pod: tagFromHex(pod),
        home: tagFromHex(home),
        cause,
        from: from === "" ? undefined : tagFromHex(from),
      });
      this.#owe(swap, swapped);
      return swapped;
    } catch (error) {
      if (swap.op === "rebind" || swap.op === "rebind2") this.#left.set(swap.sid, swap.pod);
      throw error;
    }
  }

  async release(sid: Sid, pod: PodTag): Promise<void> {
    const [value, removed] = await this.#redis.pipeline([
      ["GETDEL", bindingKey(checkSid(sid))],
      this.debts.remove(pod, sid),
    ]);
    asInteger(removed);
    const held = parseBinding(sid, asTextOrNull(value) ?? "");
    // Without its revocation an edge that remembers the session would repair the store to it.
    if (held?.state === "R") await repairBehind(this.#redis, held, 0);
    else if (held !== undefined && held.pod !== pod) await this.debts.pay(held.pod, sid);
  }

  async index(sid: Sid, from: PodTag | undefined, to: PodTag | undefined, keep: Retention): Promise<void> {
    checkSid(sid);
    const commands: Command[] = [];
    if (to !== undefined) commands.push(this.debts.add(to, sid, keep.expires));
    if (from !== undefined && from !== to) commands.push(this.debts.remove(from, sid));
    if (commands.length === 0) return;
    try {
      (await this.#redis.pipeline(commands)).forEach(asInteger);
    } catch (error) {
      // The move stands, so the index of the pod that it left must follow all the same.
      if (from !== undefined && from !== to) this.debts.owe(from, sid);
      throw error;
    }
  }

  async read(sid: Sid): Promise<Binding | undefined> {
    const value = asTextOrNull(await this.#redis.run("GET", bindingKey(checkSid(sid))));
    return value === null ? undefined : parseBinding(sid, value);
  }

  async expires(sid: Sid, pod: PodTag): Promise<number | undefined> {
    const text = asTextOrNull(await this.#redis.run("ZSCORE", indexKey(pod), checkSid(sid)));
    if (text !== null && !/^[0-9]{1,16}$/.test(text)) throw new AnswerError("a score", text);
    return text === null ? undefined : Number(text);
  }

  count(pods: readonly PodTag[], now: number): Promise<number[]> {
    return this.debts.count(pods, now);
  }

  list(pods: readonly PodTag[], now: number, limit: number, cursor: string | undefined): Promise<Page> {
    const count = (some: readonly PodTag[]) => this.count(some, now);
    const list = (pod: PodTag, most: number, inner: string | undefined) =>
      this.#listPod(pod, now, most, inner);
    return listPods({ count, list }, pods, limit, cursor);
  }

  async #listPod(pod: PodTag, now: number, limit: number, cursor: string | undefined): Promise<Page> {
    const page = await listPage(this.#redis, indexKey(pod), now, limit, cursor);
    if (page.entries.length === 0) return { sessions: [], cursor: undefined };
    const keys = page.entries.map((entry) => bindingKey(entry.sid));
    const values = asList(await this.#redis.run("MGET", ...keys), keys.length).map(asTextOrNull);
    const sessions = page.entries.flatMap(({ sid, score }, i): ListedBinding[] => {
      const binding = parseBinding(sid, values[i] ?? "");
      // The index follows a compare-and-set after its answer: what is no longer here is not listed.
      return binding?.state === "A" && binding.pod === pod ? [{ ...binding, expires: score }] : [];
    });
    return { sessions, cursor: page.cursor };
  }

  #parts(binding: Binding, keep: Retention) {
    const key = bindingKey(checkSid(binding.sid));
    const value = encodeBinding(binding); // Throws for what could not be read back.
    const listed = this.debts.add(binding.pod, binding.sid, keep.expires);
    return { key, value, px: Math.ceil(keep.ttl), listed };
  }

  /** A lookup by key that repaired: `reindex` leaves to this store what a fifth command would be for. */
  #owe({ op, sid }: Swap, { verdict, pod, from }: Swapped): void {
    const repaired = verdict === "KEPT" && (op === "create" || op === "find");
    if (repaired && from !== undefined && from !== pod) this.debts.owe(from, sid);
  }

  /** A move whose answer was lost turns out to be done: the index of the pod that it left follows now. */
  async #leave({ sid, pod }: Binding): Promise<void> {
    const left = this.#left.get(sid);
    if (left === undefined || left === pod) await this.debts.pay();
    else await this.debts.pay(left, sid);
    if (left !== undefined) this.#left.delete(sid);
  }

  /** The sid was known: unless it is here, it must not be counted here. */
  async #unlist({ sid, pod }: Binding): Promise<void> {
    const known = await this.read(sid);
    if (known?.state !== "A" || known.pod !== pod) this.debts.owe(pod, sid);
  }

  /** The store knew better, but the pipeline has listed the sid at the token's pod and shortened the life of the key. */
  async #disown(stored: Binding, { sid, pod }: Binding): Promise<void> {
    if (stored.state === "R") {
      asInteger(await this.#redis.run("PEXPIREAT", bindingKey(sid), stored.exp));
      this.debts.owe(pod, sid);
    } else if (stored.pod !== pod) await this.debts.pay(pod, sid);
  }

  /** EVAL once, which leaves the script in Redis, then EVALSHA: asking for what is not there yet is billed too. */
  async #run(key: string, args: readonly string[]): Promise<unknown> {
    if (this.#sha !== "") {
      try {
        return await this.#redis.run("EVALSHA", this.#sha, 1, key, ...args);
      } catch (error) {
        if (!(error instanceof Error && error.message.includes("NOSCRIPT"))) throw error;
      }
    }
    const answer = await this.#redis.run("EVAL", SWAP.lua, 1, key, ...args);
    if (this.#sha === "") this.#sha = await sha1(SWAP.lua);
    return answer;
  }
}

async function sha1(text: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-1", new TextEncoder().encode(text));
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
