import type { Binding, Cause, Retention, Sid } from "../../src/model/binding.ts";
import { type Pod, type PodTag, tagToHex } from "../../src/model/pod.ts";
import type { BindingStore, Swapped } from "../../src/model/ports.ts";
import { LEEWAY } from "../../src/sessions/expiry.ts";
import { raised } from "../../src/sessions/feed.ts";
import type { Guard } from "../../src/sessions/guard.ts";
import type { FeedStore } from "./feed-store.ts";
import type { Ledger } from "./ledger.ts";
import { isIdle, keepAt, knownFor, lifeOf } from "./life.ts";
import type { Places } from "./places.ts";
import { type Refused, type Reply, refused } from "./reply.ts";

/** Compare-and-sets that are tried while edges move the same session at the same time. */
const TRIES = 4;

/** What was done: the binding as the store holds it now, and the position of the feed that tells of it. */
export interface Changed {
  readonly binding: Binding;
  readonly seq: number;
}

/** What the store says that a move of ours came to, until it is seen. */
interface Won {
  readonly epoch: number;
  readonly from: PodTag;
}

/** What a move or a revocation needs. */
export interface SessionParts {
  readonly store: BindingStore;
  readonly guard: Guard;
  readonly feed: FeedStore;
  readonly ledger: Ledger;
  /** Pods and states of now. */
  readonly places: () => Places;
  readonly now: () => number;
}

/**
 * Moves and revocations by an operator. Each goes to the store first, then on the feed, then into the ledger: what the
 * store does not know an edge would undo. All of them may be repeated: what is done already is told again, not done again.
 * A move is told when two answers of the store agree on it: a single one may be a lie, or be lost in a failover. Of a
 * revocation one will do, as the feed is what every edge obeys, whatever the store holds.
 */
export class Sessions {
  readonly #parts: SessionParts;
  /** One at a time for each session, or two at once would count as two breaks. */
  readonly #turns = new Map<Sid, Promise<unknown>>();

  constructor(parts: SessionParts) {
    this.#parts = parts;
  }

  /** Ends a session: every token of it that is out is refused from now on. */
  revoke(sid: Sid): Promise<Reply<Changed>> {
    return this.#inTurn(sid, async () => {
      const found = await this.#find(sid);
      if ("ok" in found) return found;
      const { state, pod } = found;
      if (state === "R") return this.#again(found);
      const swap = { ...found, op: "revoke", to: pod, cause: "revoked" } as const;
      const keep = this.#keep(found, undefined);
      const answer = await this.#ask(() => this.#parts.store.swap(swap, keep));
      if (answer === undefined) return STORE_DOWN;
      const binding: Binding = { ...found, ...held(answer), state: "R" };
      const seq = this.#announce(binding, null, "revoked", answer.pod);
      await this.#index(sid, answer.pod, undefined, keep);
      return { ok: true, binding, seq };
    });
  }

  /** Moves a session to a pod of its scope; that pod is its home from then on. */
  move(sid: Sid, pool: string | undefined, id: string): Promise<Reply<Changed>> {
    return this.#move(sid, pool, id, "moved-by-operator", undefined);
  }

  /** The same for one that is idle, from one pod alone: who was seen meanwhile, or went elsewhere, stays (409). */
  rebalance(sid: Sid, from: PodTag, { pool, id }: Pod): Promise<Reply<Changed>> {
    return this.#move(sid, pool, id, "rebalanced", from);
  }

  /** @param only undefined: from wherever it is, seen or not */
  #move(
    sid: Sid,
    pool: string | undefined,
    id: string,
    cause: Cause,
    only: PodTag | undefined,
  ): Promise<Reply<Changed>> {
    return this.#inTurn(sid, async () => {
      let found = await this.#find(sid);
      let won: Won | undefined;
      for (let tries = 0; tries < TRIES; tries++) {
        if ("ok" in found) return found;
        if (found.state === "R") return unknown(sid);
        const to = this.#target(found, pool, id);
        if ("ok" in to) return to;
        if (found.pod === to.tag) {
          const from = won?.epoch === found.epoch ? won.from : only;
          if (only !== undefined && won === undefined) await this.#follow(found, only);
          return this.#tell(found, tagToHex(to.tag), cause, from);
        }
        const { pod } = found;
        const swap = { ...found, op: "rebind", to: to.tag, home: to.tag, cause } as const;
        const seen = await this.#ask(async () => ({ until: await this.#parts.store.expires(sid, pod) }));
        if (only !== undefined && won === undefined) {
          if (seen === undefined) return STORE_DOWN;
          if (pod !== only || !this.#isIdle(found, seen.until)) return NOT_IDLE;
        }
        const keep = this.#keep(found, seen?.until);
        const answer = await this.#ask(() => this.#parts.store.swap(swap, keep));
        if (answer === undefined) return STORE_DOWN;
        if (answer.verdict === "REVOKED") return unknown(sid);
        if (answer.verdict === "WON") {
          won = { epoch: answer.epoch, from: pod };
          [found] = await Promise.all([this.#find(sid), this.#index(sid, pod, to.tag, keep)]);
          if ("ok" in found) return STORE_DOWN;
          continue;
        }
        // An edge moved it meanwhile: from there, then. Or this is the second word on a move that a replica has yet to see.
        found = { ...found, ...held(answer) };
      }
      const detail = "Edges move it at the same time. Try again.";
      return refused(409, "session-busy", "The session is being moved", detail);
    });
  }

  /** The index of a move that was done by a life before this one, which may have ended before it came to that. */
  async #follow(found: Binding, from: PodTag): Promise<void> {
    const { sid, pod } = found;
    const seen = await this.#ask(async () => ({ until: await this.#parts.store.expires(sid, from) }));
    if (seen?.until !== undefined) await this.#index(sid, from, pod, this.#keep(found, seen.until));
  }

  #index(sid: Sid, from: PodTag, to: PodTag | undefined, keep: Retention): Promise<unknown> {
    return this.#ask(() => this.#parts.store.index(sid, from, to, keep));
  }

  /**
   * It is so already. That may be the work of this call, or of one whose answer from the store was late: its session is in
   * the store, and on no feed yet.
   */
  #tell(binding: Binding, to: string | null, cause: Cause, from: number | undefined): Reply<Changed> {
    if (binding.cause !== cause) return { ok: true, binding, seq: this.#parts.feed.seq };
    return { ok: true, binding, seq: this.#announce(binding, to, cause, from) };
  }

  /** What the store has revoked is told once more where the edges were told anything else since, and above that. */
  #again(binding: Binding): Reply<Changed> {
    const told = this.#parts.feed.of(binding.sid);
    if (told === undefined || told.to === null) return this.#tell(binding, null, "revoked", binding.pod);
    const epoch = Math.max(binding.epoch, told.epoch + 1);
    const next: Binding = { ...binding, epoch, cause: "revoked" };
    return { ok: true, binding: next, seq: this.#announce(next, null, "revoked", binding.pod) };
  }

  /** Feed and ledger in one turn of the object, before anything else can happen. */
  #announce(binding: Binding, to: string | null, cause: Cause, from: number | undefined): number {
    const { feed, ledger, now, places } = this.#parts;
    const { sid, epoch, exp } = binding;
    // An edge whose clock is behind takes the token a little longer, and must not have forgotten this by then.
    const seq = feed.add({ sid, epoch, to, cause, exp: exp + LEEWAY * 1000 }, now());
    const left = from === undefined ? undefined : places().named(from);
    const came = to === null ? undefined : places().named(binding.pod);
    const pool = (came ?? left)?.pool ?? "";
    const idle = knownFor(places().affinity(binding), binding);
    const known = idle === undefined ? {} : { idle };
    ledger.add([{ at: now(), sid, epoch, pool, from: left?.id ?? "", to: came?.id ?? "", cause, ...known }]);
    return seq;
  }

  /** The pod with this id among the pods that share sessions with the one that the session is on. */
  #target(binding: Binding, pool: string | undefined, id: string): Pod | Refused {
    const places = this.#parts.places();
    const named = (pod: Pod) => pod.id === id && (pool === undefined || pod.pool === pool);
    const near = places.neighbours(binding);
    const pod = near.find(named);
    if (pod === undefined) {
      const elsewhere = places.pods().some(named);
      const where = `It can go to: ${
        near
          .map((other) => other.id)
          .slice(0, 20)
          .join(", ") || "none"
      }.`;
      if (elsewhere) return refused(409, "other-scope", "That pod is of another scope", where);
      return refused(422, "no-such-pod", `There is no pod ${JSON.stringify(id)}`, where);
    }
    const { state, meaning } = places.standing(pod);
    if (meaning.admit && meaning.keep) return pod;
    const detail = "Choose a pod that is ready, or make this one ready first.";
    return refused(409, "pod-not-ready", `The pod ${JSON.stringify(id)} is ${state}`, detail);
  }

  /** @param until the session's score in its pod's index: that an operator moved it does not mean that it was seen */
  #keep(binding: Binding, until: number | undefined): Retention {
    const chain = this.#parts.places().affinity(binding);
    const keep = keepAt(binding, lifeOf(chain, binding), this.#parts.now());
    return until === undefined ? keep : { ...keep, expires: until };
  }

  /** @param expires its score in its pod's index; undefined when it is not there, of which nothing is known then */
  #isIdle(binding: Binding, expires: number | undefined): boolean {
    if (expires === undefined) return false;
    const life = lifeOf(this.#parts.places().affinity(binding), binding);
    return isIdle({ ...binding, expires }, life, this.#parts.now());
  }

  async #find(sid: Sid): Promise<Binding | Refused> {
    const found = await this.#ask(async () => ({ binding: await this.#parts.store.read(sid) }));
    if (found === undefined) return STORE_DOWN;
    const { binding } = found;
    if (binding === undefined || binding.exp < this.#parts.now()) return unknown(sid);
    return raised(binding, this.#parts.feed.of(sid));
  }

  /** Undefined: the store is down or slow. */
  #ask<T>(call: () => Promise<T>): Promise<T | undefined> {
    const { guard } = this.#parts;
    return guard.within(guard.background(call));
  }

  async #inTurn<T>(sid: Sid, work: () => Promise<T>): Promise<T> {
    const before = this.#turns.get(sid);
    const turn = before === undefined ? work() : before.then(work, work);
    this.#turns.set(sid, turn);
    try {
      return await turn;
    } finally {
      if (this.#turns.get(sid) === turn) this.#turns.delete(sid);
    }
  }
}

function held({ epoch, pod, home, cause }: Swapped): Pick<Binding, "epoch" | "pod" | "home" | "cause"> {
  return { epoch, pod, home, cause };
}

export const STORE_DOWN = refused(
  503,
  "store-down",
  "The binding store does not answer",
  "Nothing was told to the edges. Try again: it is safe to repeat.",
);

const NOT_IDLE = refused(
  409,
  "not-idle",
  "The session is not idle there",
  "It was seen meanwhile, or is elsewhere.",
);

function unknown(sid: Sid): Refused {
  const detail = "It ended, was revoked, or never was. GET /_mooring/v1/sessions lists those that are live.";
  return refused(404, "no-such-session", `There is no session ${sid}`, detail);
}
