import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it, vi } from "vitest";
import type { Break } from "../../../src/model/beat.ts";
import { type PodTag, tagFromHex } from "../../../src/model/pod.ts";
import type { BindingStore } from "../../../src/model/ports.ts";
import { Guard } from "../../../src/sessions/guard.ts";
import type { Coordinator } from "../../../worker/coordinator/coordinator.ts";
import { FeedStore } from "../../../worker/coordinator/feed-store.ts";
import { Places } from "../../../worker/coordinator/places.ts";
import type { PodStatus } from "../../../worker/coordinator/pod-status.ts";
import { Rebalance } from "../../../worker/coordinator/rebalance.ts";
import { Runs } from "../../../worker/coordinator/rebalance-runs.ts";
import type { RebalanceStatus } from "../../../worker/coordinator/rebalance-status.ts";
import type { Reply } from "../../../worker/coordinator/reply.ts";
import { type Changed, Sessions } from "../../../worker/coordinator/sessions.ts";
import type { Env } from "../../../worker/env.ts";
import { openStore } from "../../../worker/sessions/open.ts";
import { ask, config, fresh, put } from "./calls.workers.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const { store } = openStore(env as Env);
let sids = 0xdef00;
const freshSid = () => (++sids).toString(16).split("").reverse().join("").padEnd(32, "7");
let pools = 0;

/** A coordinator whose one pool no other test has: all share one store. The idle timeout is half an hour. */
async function ground(ids: readonly string[]) {
  const stub = fresh();
  const pool = `pool-${pools++}`;
  const { pools: one, ...rest } = config(ids);
  const document = { ...rest, pools: { [pool]: one.web }, routes: [{ path: "/", pool }] };
  await put(stub, document, { "if-none-match": "*" });
  const { pods } = await ask<{ pods: PodStatus[] }>(stub, `/pods?pool=${pool}`);
  const tags = new Map(pods.map(({ id, tag }) => [id, tagFromHex(tag)]));
  const counts = () => store.count([...tags.values()], Date.now());
  const breaks = async () => (await ask<{ breaks: Break[] }>(stub, "/breaks")).breaks;
  const start = (more: object = {}) =>
    ask<Reply<RebalanceStatus>>(stub, "/rebalance", { pool, rate: 100, target: 1, who: "admin", ...more });
  const status = () => ask<RebalanceStatus>(stub, `/rebalance?pool=${pool}`);
  const stop = () => ask<Reply<RebalanceStatus>>(stub, "/rebalance/stop", { pool });
  return { stub, pool, tags, counts, breaks, start, status, stop, tag: (id: string) => tags.get(id)! };
}

/** Sessions of a cookie, born an hour ago, and seen so many minutes ago. */
async function sessions(pod: PodTag, count: number, unseen: number): Promise<string[]> {
  const made = Array.from({ length: count }, freshSid);
  const created = Date.now() - HOUR;
  for (const sid of made) {
    // idle, renewal age (a quarter, more or less by the sid) and leeway lie between seen and the score.
    const age = 7.5 * MINUTE * (0.9 + (0.2 * Number.parseInt(sid.slice(0, 2), 16)) / 255);
    const expires = Date.now() - unseen * MINUTE + 30 * MINUTE + age + MINUTE;
    const binding = { sid, epoch: 1, pod, home: pod, state: "A", cause: "", created, via: "web@*" } as const;
    await store.create({ ...binding, exp: created + 12 * HOUR }, { ttl: HOUR, expires });
  }
  return made;
}

const ended = (status: () => Promise<RebalanceStatus>) =>
  vi.waitFor(
    async () => {
      const found = await status();
      expect(found.state).toBe("done");
      return found;
    },
    { timeout: 15_000, interval: 100 },
  );

describe("a rebalance", () => {
  it("moves idle sessions to the pods that lack some, and nobody who was seen", async () => {
    const { tag, counts, breaks, start, status } = await ground(["a", "b"]);
    const idle = await sessions(tag("a"), 20, 20);
    const active = await sessions(tag("a"), 6, 14);
    const planned = await start({ dryRun: true });
    expect(planned).toMatchObject({ state: "planned", moved: 0, left: 13, skew: { before: 2, after: 1 } });
    expect(planned).toMatchObject({ moves: [{ from: "a", to: "b", sessions: 13 }] });
    expect(await status()).toMatchObject({ state: "none", moved: 0, left: 13, skew: { now: 2 } });
    expect(await start()).toMatchObject({ ok: true, state: "running", moved: 0, left: 13 });
    expect(await ended(status)).toMatchObject({
      moved: 13,
      left: 0,
      skew: { before: 2, now: 1 },
      why: "",
    });
    expect(await counts()).toEqual([13, 13]);
    const told = await breaks();
    expect(told.map(({ cause, from, to }) => `${cause} ${from} ${to}`)).toEqual(
      Array.from({ length: 13 }, () => "rebalanced a b"),
    );
    expect(idle).toEqual(expect.arrayContaining(told.map(({ sid }) => sid)));
    for (const sid of active) expect(await store.read(sid)).toMatchObject({ pod: tag("a"), epoch: 1 });
    // That it was moved does not mean that it was seen, and its home went with it.
    const [{ sid } = { sid: "" }] = told;
    expect(await store.read(sid)).toMatchObject({ pod: tag("b"), home: tag("b"), cause: "rebalanced" });
    expect(await store.expires(sid, tag("b"))).toBeLessThan(Date.now() + 20 * MINUTE);
  });

  it("ends when those that are left are active, and says how many that are", async () => {
    const { tag, start, status, counts } = await ground(["a", "b"]);
    await sessions(tag("a"), 3, 20);
    await sessions(tag("a"), 7, 1);
    await start();
    expect(await ended(status)).toMatchObject({ moved: 3, left: 2, why: "no-idle" });
    expect(await counts()).toEqual([7, 3]);
  });

  it("shares by the weights that an operator gave, also those that come while it runs", async () => {
    const { stub, pool, tag, start, status, counts } = await ground(["a", "b", "c"]);
    await sessions(tag("a"), 20, 20);
    const weigh = (pod: string, weight: number | null) =>
      ask(stub, "/pod", { pool, pod, weight, who: "admin" });
    await weigh("b", 4);
    await weigh("c", 0);
    expect(await start({ dryRun: true })).toMatchObject({
      left: 16,
      moves: [{ from: "a", to: "b", sessions: 16 }],
    });
    await start({ rate: 2 });
    await vi.waitFor(async () => expect((await status()).moved).toBeGreaterThanOrEqual(2), {
      timeout: 10_000,
    });
    await weigh("b", 1);
    await weigh("c", null);
    expect(await ended(status)).toMatchObject({ moved: 13, left: 0 });
    expect([...(await counts())].sort()).toEqual([6, 7, 7]);
  });

  it("leaves pods alone that an operator has taken out, and what they have", async () => {
    const { stub, pool, tag, start, status, counts } = await ground(["a", "b", "c"]);
    await sessions(tag("a"), 9, 20);
    await sessions(tag("c"), 4, 20);
    await ask(stub, "/pod", { pool, pod: "c", state: "draining", who: "admin" });
    await start();
    await ended(status);
    expect(await counts()).toEqual([5, 4, 4]);
  });

  it("moves no faster than it was told: each batch waits a second from the end of the one before", async () => {
    const { tag, start, status, breaks } = await ground(["a", "b"]);
    await sessions(tag("a"), 24, 20);
    await start({ rate: 5 });
    await ended(status);
    const times = (await breaks()).map(({ at }) => at).sort((a, b) => a - b);
    expect(times).toHaveLength(12);
    for (const at of times) {
      expect(times.filter((other) => other >= at && other < at + 1000).length).toBeLessThanOrEqual(5);
    }
  });

  it("stops when it is told to, and may begin again", async () => {
    const { tag, start, status, stop, counts } = await ground(["a", "b"]);
    await sessions(tag("a"), 40, 20);
    expect(await stop()).toMatchObject({ ok: false, status: 409, code: "not-running" });
    await start({ rate: 1 });
    expect(await start()).toMatchObject({ ok: false, status: 409, code: "already-running" });
    expect(await stop()).toMatchObject({ ok: true, state: "stopped", why: "operator" });
    expect(await stop()).toMatchObject({ ok: false, status: 409, code: "not-running" });
    await start();
    await ended(status);
    expect(await counts()).toEqual([20, 20]);
  });

  it("says what is not there, and when nobody takes sessions", async () => {
    const { stub, pool, start, status } = await ground(["a"]);
    const none = { status: 404, code: "no-such-pool" };
    expect(await start({ pool: "nope" })).toMatchObject(none);
    expect(await ask(stub, "/rebalance?pool=nope")).toMatchObject(none);
    expect(await ask(stub, "/rebalance/stop", { pool: "nope" })).toMatchObject(none);
    await ask(stub, "/pod", { pool, pod: "a", state: "disabled", who: "admin" });
    expect(await start()).toMatchObject({ status: 409, code: "no-pod" });
    expect(await status()).toMatchObject({ state: "none", left: null, skew: { before: null, now: null } });
  });
});

describe("a session that is to be moved", () => {
  it("stays when it was seen since it was listed, or is elsewhere by now", async () => {
    const { stub, tag, breaks } = await ground(["a", "b", "c"]);
    const [seen, gone] = await sessions(tag("a"), 2, 20);
    const { expires, ttl } = { ttl: HOUR, expires: Date.now() + 35 * MINUTE };
    await store.index(seen!, undefined, tag("a"), { ttl, expires });
    await ask(stub, "/move", { sid: gone, pod: "c" });
    const replies = await runInDurableObject(stub, async (coordinator) => {
      const { sessions: own, snapshot } = coordinator as Coordinator;
      const to = snapshot!.pools[0]!.pods[1]!;
      const answers: Reply<Changed>[] = [];
      for (const sid of [seen!, gone!]) answers.push(await own.rebalance(sid, tag("a"), to));
      return answers;
    });
    for (const reply of replies) expect(reply).toMatchObject({ status: 409, code: "not-idle" });
    expect(await store.read(seen!)).toMatchObject({ pod: tag("a"), epoch: 1 });
    expect(await store.read(gone!)).toMatchObject({ pod: tag("c") });
    expect((await breaks()).map(({ cause }) => cause)).toEqual(["moved-by-operator"]);
  });

  it("is moved once though the process ended between the store and the disk", async () => {
    const { stub, pool, tag, start, status, breaks, counts } = await ground(["a", "b"]);
    const [sid] = await sessions(tag("a"), 8, 20);
    await runInDurableObject(stub, async (coordinator, state) => {
      const { sessions: own, snapshot } = coordinator as Coordinator;
      // As a life before this one left it: begun on the disk, done in the store.
      new Runs(state.storage.sql).begin(pool, { sid: sid!, from: tag("a"), to: tag("b") });
      await own.rebalance(sid!, tag("a"), snapshot!.pools[0]!.pods[1]!);
    });
    await start();
    await ended(status);
    const told = await breaks();
    expect(new Set(told.map((one) => one.sid)).size).toBe(4);
    expect(told).toHaveLength(4);
    expect(told.filter((one) => one.sid === sid)).toMatchObject([{ from: "a", to: "b", epoch: 2 }]);
    expect(await counts()).toEqual([4, 4]);
  });
});

it("has the indexes follow that a process left behind that ended after the store had moved: three sessions more were moved", async () => {
  const { stub, tag } = await ground(["a", "b"]);
  const [sid] = await sessions(tag("b"), 1, 20);
  const expires = Date.now() + 5 * MINUTE;
  const indexed: unknown[] = [];
  const reply = await runInDurableObject(stub, (coordinator, { storage }) => {
    const { snapshot, ledger } = coordinator as Coordinator;
    // A Redis, where the index of a pod is another key than the binding: it has the session at the old pod still.
    const behind = {
      read: (...args) => store.read(...args),
      expires: async (_, pod) => (pod === tag("a") ? expires : undefined),
      index: async (...args) => void indexed.push(args),
    } as Partial<BindingStore> as BindingStore;
    const now = () => Date.now();
    const places = new Places(snapshot!, [], () => "ready");
    const guard = new Guard({ now }, () => () => undefined);
    const feed = new FeedStore(storage.sql);
    const own = new Sessions({ store: behind, guard, feed, ledger, places: () => places, now });
    return own.rebalance(sid!, tag("a"), snapshot!.pools[0]!.pods[1]!);
  });
  expect(reply).toMatchObject({ ok: true, binding: { pod: tag("b") } });
  expect(indexed).toEqual([[sid, tag("a"), tag("b"), expect.objectContaining({ expires })]]);
});

it("is found again on the disk by the next life of the coordinator", async () => {
  const { stub, pool, tag, start } = await ground(["a", "b"]);
  await sessions(tag("a"), 30, 20);
  await start({ rate: 1 });
  await runInDurableObject(stub, async (_, state) => {
    const [run] = new Runs(state.storage.sql).running;
    expect(run).toMatchObject({ pool, state: "running", rate: 1, target: 1, before: 2 });
  });
});

it("waits for a store that is away, and for pods, and ends with its pool", async () => {
  const { stub, pool, tag } = await ground(["a", "b"]);
  await sessions(tag("a"), 12, 20);
  const seen = await runInDurableObject(stub, async (coordinator, { storage }) => {
    const { sessions: own, snapshot } = coordinator as Coordinator;
    const there = { store: true, pods: true, pool: true };
    let time = Date.now();
    const now = () => time;
    const count: BindingStore["count"] = (...args) =>
      there.store ? store.count(...args) : Promise.reject(new Error("away"));
    const list: BindingStore["list"] = (...args) => store.list(...args);
    const rebalance = new Rebalance({
      tell: () => undefined,
      sql: storage.sql,
      store: { count, list } as Partial<BindingStore> as BindingStore,
      guard: new Guard({ now }, () => () => undefined),
      sessions: own,
      pool: (name) => (there.pool ? snapshot!.pools.find((one) => one.name === name) : undefined),
      places: () => new Places(snapshot!, [], () => (there.pods ? "ready" : "down")),
      now,
    });
    await rebalance.start({ pool, rate: 1, target: 1, dryRun: false, who: "admin" });
    const told: string[] = [];
    const turn = async (ms: number) => {
      time += ms;
      const did = await rebalance.step();
      const { state, moved, why } = new Runs(storage.sql).of(pool)!;
      told.push(`${did ? "did" : "waits"}: ${state} ${moved} ${why}`.trim());
    };
    await turn(0);
    await turn(999);
    await turn(1);
    there.store = false;
    await turn(1000);
    there.store = true;
    await turn(4999);
    await turn(1);
    // A clock that is put back by an hour holds nobody up.
    await turn(-HOUR);
    there.pods = false;
    await turn(1000);
    there.pool = false;
    await turn(5000);
    expect(rebalance.next()).toBeUndefined();
    return told;
  });
  expect(seen).toEqual([
    "did: running 1",
    "waits: running 1",
    "did: running 2",
    "did: running 2 store-down",
    "waits: running 2 store-down",
    "did: running 3",
    "did: running 4",
    "did: running 4 no-pod",
    "did: stopped 4 no-such-pool",
  ]);
});
