import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import type { Break } from "../../../src/model/beat.ts";
import type { Binding } from "../../../src/model/binding.ts";
import { tagFromHex } from "../../../src/model/pod.ts";
import type { BindingStore } from "../../../src/model/ports.ts";
import { LEEWAY } from "../../../src/sessions/expiry.ts";
import { Guard } from "../../../src/sessions/guard.ts";
import type { Coordinator } from "../../../worker/coordinator/coordinator.ts";
import { FeedStore } from "../../../worker/coordinator/feed-store.ts";
import { Places } from "../../../worker/coordinator/places.ts";
import type { PodStatus } from "../../../worker/coordinator/pod-status.ts";
import type { Reply } from "../../../worker/coordinator/reply.ts";
import { type Changed, Sessions } from "../../../worker/coordinator/sessions.ts";
import type { Env } from "../../../worker/env.ts";
import { openStore } from "../../../worker/sessions/open.ts";
import { ask, beat, fresh, put } from "./calls.workers.ts";

const HOUR = 3_600_000;
const { store } = openStore(env as Env);
const keep = () => ({ ttl: HOUR, expires: Date.now() + HOUR / 2 });
let sids = 0xabc0;
/** Spread over the shards. */
const freshSid = () => (++sids).toString(16).split("").reverse().join("").padEnd(32, "0");

describe("an operator's word on one session", () => {
  const stub = fresh();
  const tags = new Map<string, number>();

  beforeAll(async () => {
    const pods = (ids: string[]) => ({
      pods: ids.map((id, i) => ({ id, url: `http://127.0.0.1:${1 + i}` })),
    });
    const document = {
      version: 1,
      pools: {
        ...{ web: pods(["a", "b"]), canary: pods(["c"]), other: pods(["z"]) },
        keyed: { ...pods(["k", "l"]), affinity: [{ header: { name: "x-client", timeout: "2h" } }] },
      },
      routes: [
        { path: "/", split: { web: 95, canary: 5 } },
        { path: "/other", pool: "other" },
        { path: "/keyed", pool: "keyed" },
      ],
    };
    await put(stub, document, { "if-none-match": "*" });
    for (const pool of ["web", "canary", "other", "keyed"]) {
      const { pods: listed } = await ask<{ pods: PodStatus[] }>(stub, `/pods?pool=${pool}`);
      for (const { id, tag } of listed) tags.set(id, tagFromHex(tag));
    }
  });

  const move = (sid: string, pod: string) => ask<Reply<Changed>>(stub, "/move", { sid, pod });
  const revoke = (sid: string) => ask<Reply<Changed>>(stub, "/revoke", { sid });
  const breaks = async (sid: string) => (await ask<{ breaks: Break[] }>(stub, `/breaks?sid=${sid}`)).breaks;
  const entry = async (sid: string) => (await beat(stub)).feed.entries.find((found) => found.sid === sid);

  async function session(pod = "a", retention = keep()): Promise<Binding> {
    const tag = tags.get(pod)!;
    const created = Date.now();
    const binding: Binding = {
      sid: freshSid(),
      epoch: 1,
      pod: tag,
      home: tag,
      state: "A",
      cause: "",
      created,
      exp: created + 12 * HOUR,
      via: pod === "k" ? "keyed@*" : "web@*",
    };
    await store.create(binding, retention);
    return binding;
  }

  it("moves it in the store, on the feed and into the ledger, and to its index", async () => {
    const ends = { ttl: HOUR, expires: Date.now() + 12_345 };
    const { sid, exp, created } = await session("a", ends);
    const reply = await move(sid, "b");
    const binding = {
      sid,
      epoch: 2,
      pod: tags.get("b"),
      home: tags.get("b"),
      state: "A",
      cause: "moved-by-operator",
    };
    expect(reply).toMatchObject({ ok: true, binding });
    expect(await store.read(sid)).toEqual({ ...binding, created, exp, via: "web@*" });
    const to = tags.get("b")!.toString(16).padStart(12, "0");
    expect(await entry(sid)).toMatchObject({
      epoch: 2,
      to,
      cause: "moved-by-operator",
      exp: exp + LEEWAY * 1000,
    });
    expect(await breaks(sid)).toMatchObject([{ epoch: 2, pool: "web", from: "a", to: "b" }]);
    // Moved is not seen: it ends when it would have ended.
    expect(await store.expires(sid, tags.get("b")!)).toBe(ends.expires);
    const { sessions } = await store.list([tags.get("b")!], Date.now(), 1000, undefined);
    expect(sessions.map((one) => one.sid)).toContain(sid);
  });

  it("goes to the other side of a split, and to no other scope", async () => {
    const { sid } = await session();
    expect(await move(sid, "c")).toMatchObject({ ok: true, binding: { pod: tags.get("c") } });
    expect(await move(sid, "z")).toMatchObject({ ok: false, status: 409, code: "other-scope" });
    expect(await move(sid, "nobody")).toMatchObject({ ok: false, status: 422, code: "no-such-pod" });
    await ask(stub, "/pod", { pool: "web", pod: "b", state: "draining", who: "admin" });
    expect(await move(sid, "b")).toMatchObject({ ok: false, status: 409, code: "pod-not-ready" });
    await ask(stub, "/pod", { pool: "web", pod: "b", state: "ready", who: "admin" });
    expect(await breaks(sid)).toHaveLength(1);
  });

  it("revokes it for good: neither a cookie nor another call brings it back", async () => {
    const { sid, exp, pod } = await session();
    expect(await revoke(sid)).toMatchObject({ ok: true, binding: { epoch: 2, state: "R" } });
    expect(await store.read(sid)).toMatchObject({ epoch: 2, state: "R", cause: "revoked", exp });
    expect(await entry(sid)).toMatchObject({ epoch: 2, to: null, cause: "revoked" });
    expect(await revoke(sid)).toMatchObject({ ok: true, binding: { epoch: 2 } });
    expect(await move(sid, "b")).toMatchObject({ ok: false, status: 404, code: "no-such-session" });
    expect(await breaks(sid)).toMatchObject([{ epoch: 2, from: "a", to: "", cause: "revoked" }]);
    const { sessions } = await store.list([pod], Date.now(), 1000, undefined);
    expect(sessions.map((one) => one.sid)).not.toContain(sid);
  });

  it("counts once what the coordinator did and two edges saw", async () => {
    const [moved, revoked] = [await session(), await session()];
    await move(moved.sid, "b");
    await revoke(revoked.sid);
    const at = Date.now();
    const told = [
      { at, sid: moved.sid, epoch: 2, pool: "web", from: "a", to: "b", cause: "moved-by-operator" },
      { at, sid: revoked.sid, epoch: 2, pool: "web", from: "a", to: "", cause: "revoked" },
    ] as const;
    const { gauges: _, ...before } = (await ask(stub, "/counts")) as { gauges: object };
    for (const isolate of ["x", "y"]) await beat(stub, { isolate, batch: 1, breaks: told });
    expect(await breaks(moved.sid)).toHaveLength(1);
    expect(await breaks(revoked.sid)).toHaveLength(1);
    expect(await ask(stub, "/counts")).toMatchObject(before);
  });

  it("tells the edges of what a call did whose answer it never saw", async () => {
    const found = await session();
    const { sid } = found;
    const to = tags.get("b")!;
    const cause = "moved-by-operator";
    // The store took it, and the coordinator gave up waiting.
    await store.swap({ ...found, op: "rebind", to, cause }, keep());
    expect(await entry(sid)).toBeUndefined();
    expect(await move(sid, "b")).toMatchObject({ ok: true, binding: { epoch: 2 } });
    expect(await entry(sid)).toMatchObject({ epoch: 2 });
    expect(await breaks(sid)).toHaveLength(1);
  });

  /** It had moved yesterday, was forgotten, and began at epoch 1 again: to the ledger the operator's move was yesterday's. */
  it("tells the move of a key's session from one before the store had forgotten it", async () => {
    const { sid } = await session("k");
    const at = Date.now() - 24 * HOUR;
    const before = {
      sid,
      epoch: 2,
      pool: "keyed",
      from: "l",
      to: "k",
      cause: "pod-gone",
      idle: 7200,
    } as const;
    await beat(stub, { breaks: [{ ...before, at }] });
    expect(await move(sid, "l")).toMatchObject({ ok: true });
    expect(await breaks(sid)).toMatchObject([
      { epoch: 2, from: "k", to: "l" },
      { from: "l", to: "k" },
    ]);
  });

  it("takes one at a time for a session: two revocations at once were two breaks", async () => {
    const { sid } = await session();
    const answers = await Promise.all([revoke(sid), revoke(sid), revoke(sid)]);
    for (const answer of answers) expect(answer).toMatchObject({ ok: true, binding: { epoch: 2 } });
    expect(await breaks(sid)).toHaveLength(1);
    const other = await session();
    const race = ["b", "c", "a", "b"].map((pod) => move(other.sid, pod));
    for (const answer of await Promise.all(race)) expect(answer.ok).toBe(true);
    const held = (await store.read(other.sid))!;
    const recorded = await breaks(other.sid);
    expect(recorded.map(({ epoch }) => epoch).sort()).toEqual([2, 3, 4, 5].slice(0, held.epoch - 1));
    expect(await entry(other.sid)).toMatchObject({ epoch: held.epoch });
  });

  it("follows an edge that moved the session meanwhile", async () => {
    const found = await session();
    const { sid } = found;
    const swap = { ...found, op: "rebind", cause: "pod-gone" } as const;
    await Promise.all([move(sid, "b"), store.swap({ ...swap, to: tags.get("c")! }, keep())]);
    // Whichever came first, what is on the feed is what the store holds, or the edge's move came after it.
    const held = (await store.read(sid))!;
    expect(held.epoch).toBeGreaterThanOrEqual(2);
    expect((await entry(sid))!.epoch).toBeLessThanOrEqual(held.epoch);
  });

  it("speaks above what the edges were told, also when a store that failed over has lost it", async () => {
    const { sid, ...rest } = await session();
    expect(await move(sid, "b")).toMatchObject({ ok: true, binding: { epoch: 2 } });
    // What no interface can do, a failover does: the store is at epoch 1 again.
    await store.release(sid, tags.get("b")!);
    await store.create({ sid, ...rest }, keep());
    // The revocation had the epoch of the move, so no edge was told of it, and the session lived on.
    expect(await revoke(sid)).toMatchObject({ ok: true, binding: { epoch: 3, state: "R" } });
    expect(await entry(sid)).toMatchObject({ epoch: 3, to: null, cause: "revoked" });
    expect(await store.read(sid)).toMatchObject({ epoch: 3, state: "R" });
  });

  it("tells a revocation above a move that the edges heard, whatever the store says of it", async () => {
    const found = await session();
    const { sid, pod } = found;
    expect(await move(sid, "b")).toMatchObject({ ok: true, binding: { epoch: 2 } });
    // A store that lost the move and was revoked by hand has R at the epoch that every edge knows as the move.
    await store.release(sid, tags.get("b")!);
    const swap = { ...found, op: "revoke", to: pod, cause: "revoked" } as const;
    await store.swap(swap, keep());
    expect(await revoke(sid)).toMatchObject({ ok: true });
    expect(await entry(sid)).toMatchObject({ epoch: 3, to: null, cause: "revoked" });
  });

  describe("over a store that answers wrongly once", () => {
    type Swapping = BindingStore["swap"];
    /** A move whose first compare-and-set goes as `once` says; its reply, what the ledger and the feed have of it. */
    async function moved(
      once: (swap: Swapping) => Swapping,
      read: BindingStore["read"] = (sid) => store.read(sid),
    ) {
      const { sid } = await session();
      const found = await runInDurableObject(stub, async (object, { storage }) => {
        const { snapshot, ledger } = object as Coordinator;
        let told = false;
        const swap: Swapping = (...args) => {
          if (told) return store.swap(...args);
          told = true;
          return once((...first) => store.swap(...first))(...args);
        };
        const expires: BindingStore["expires"] = (...args) => store.expires(...args);
        const index: BindingStore["index"] = (...args) => store.index(...args);
        const faulty = { swap, read, expires, index } as BindingStore;
        const now = () => Date.now();
        const feed = new FeedStore(storage.sql);
        const places = new Places(snapshot!, [], () => "ready");
        const guard = new Guard({ now }, () => () => undefined);
        const sessions = new Sessions({ store: faulty, guard, feed, ledger, places: () => places, now });
        return { reply: await sessions.move(sid, undefined, "b"), told: feed.of(sid) };
      });
      return { ...found, held: (await store.read(sid))!, breaks: await breaks(sid) };
    }
    const to = () => tags.get("b")!;

    it("makes a move that was only said to be made: it had stood in the ledger, and never was", async () => {
      const { reply, told, held, breaks } = await moved(() => async ({ epoch, pod, to, home, cause }) => {
        return { verdict: "WON", epoch: epoch + 1, pod: to, home, cause, from: pod };
      });
      expect(reply).toMatchObject({ ok: true, binding: { epoch: 2, pod: to() } });
      expect(held).toMatchObject({ epoch: 2, pod: to(), cause: "moved-by-operator" });
      expect(told).toMatchObject({ epoch: 2 });
      expect(breaks).toMatchObject([{ epoch: 2, from: "a", to: "b", cause: "moved-by-operator" }]);
    });

    it("tells nothing of a move that it cannot see", async () => {
      let reads = 0;
      const { reply, told, breaks } = await moved(
        (swap) => swap,
        async (sid) => (++reads === 1 ? store.read(sid) : undefined),
      );
      expect(reply).toMatchObject({ ok: false, status: 503, code: "store-down" });
      expect(told).toBeUndefined();
      expect(breaks).toEqual([]);
    });

    it("tells a move by its winner's second word where a replica has not seen it yet", async () => {
      const { sid: _, ...before } = await session();
      const { reply, told, held, breaks } = await moved(
        (swap) => swap,
        async (sid) => ({ ...before, sid }),
      );
      expect(reply).toMatchObject({ ok: true, binding: { epoch: 2, pod: to() } });
      expect(held).toMatchObject({ epoch: 2, pod: to() });
      expect(told).toMatchObject({ epoch: 2 });
      expect(breaks).toMatchObject([{ epoch: 2, from: "a", to: "b", cause: "moved-by-operator" }]);
    });
  });

  it("knows nothing of a session that never was, or has ended", async () => {
    expect(await revoke("f".repeat(32))).toMatchObject({ ok: false, status: 404, code: "no-such-session" });
    expect(await move("f".repeat(32), "a")).toMatchObject({ ok: false, status: 404 });
  });
});
