import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import { type PodState, STATES } from "../../../src/health/state.ts";
import type { ConfigRecord } from "../../../src/model/beat.ts";
import { Operator, type Order, poolSubject } from "../../../worker/coordinator/operator.ts";
import type { PodStatus } from "../../../worker/coordinator/pod-status.ts";
import { PodWeights } from "../../../worker/coordinator/pod-weights.ts";
import { ask, beat, config, fresh, put } from "./calls.workers.ts";

const first = { "if-none-match": "*" };
const order = (stub: DurableObjectStub, change: object) =>
  ask<{ ok: boolean; status?: number; code?: string; pod: PodStatus }>(stub, "/pod", {
    pool: "web",
    who: "admin",
    ...change,
  });
const pool = (stub: DurableObjectStub, change: object) =>
  ask<{ ok: boolean; pods: PodStatus[] }>(stub, "/pool", { pool: "web", who: "admin", ...change });
/** The pool as a side of a split. */
const split = (ids: readonly string[]) => {
  const { pools, ...rest } = config(ids);
  const next = { pods: [{ id: "n", url: "http://127.0.0.1:99" }] };
  return { ...rest, pools: { ...pools, next }, routes: [{ path: "/", split: { web: 1, next: 1 } }] };
};
const states = async (stub: DurableObjectStub) =>
  (await ask<{ pods: PodStatus[] }>(stub, "/pods?pool=web")).pods.map(({ state }) => state);

describe("what an operator says of pods", () => {
  it("reaches edges as health, and is in no revision of the config", async () => {
    const stub = fresh();
    await put(stub, config(["a", "b", "c"]), first);
    const { pod } = await order(stub, { pod: "a", state: "draining" });
    expect(pod).toMatchObject({ pool: "web", id: "a", state: "draining", health: { state: "ready" } });
    // The pool's own `drain`, 5 minutes unless it says another.
    expect(pod.deadline! - pod.since!).toBe(5 * 60_000);
    await order(stub, { pod: "b", state: "disabled" });
    const answer = await beat(stub);
    expect(answer.revision).toBe(1);
    expect(Object.values(answer.health).sort()).toEqual(["disabled", "draining"]);
    expect(await put(stub, config(["a", "b", "c"]), { "if-match": '"1"' })).toMatchObject({ revision: 2 });
    expect(await states(stub)).toEqual(["draining", "disabled", "ready"]);
    await order(stub, { pod: "a", state: "ready" });
    await order(stub, { pod: "b", state: "ready" });
    expect((await beat(stub)).health).toEqual({});
  });

  it("says which pool or pod is not there", async () => {
    const stub = fresh();
    await put(stub, config(["a"]), first);
    expect(await order(stub, { pod: "x", state: "ready" })).toMatchObject({
      status: 404,
      code: "no-such-pod",
    });
    expect(await order(stub, { pool: "x", pod: "a", state: "ready" })).toMatchObject({
      code: "no-such-pool",
    });
    expect(await pool(stub, { pool: "x", state: "rolled-back" })).toMatchObject({ code: "no-such-pool" });
  });

  it("ends a drain by the alarm, at its deadline and not before", async () => {
    const stub = fresh();
    await put(stub, config(["a"]), first);
    const deadline = Date.now() + 60_000;
    await order(stub, { pod: "a", state: "draining", deadline });
    await runInDurableObject(stub, async (_, state) => expect(await state.storage.getAlarm()).toBe(deadline));
    await runDurableObjectAlarm(stub);
    expect(await states(stub)).toEqual(["draining"]);
    await runInDurableObject(stub, async (_, state) => {
      expect(await state.storage.getAlarm(), "set again").toBe(deadline);
    });
    // The same order with another deadline takes its place; one that has passed is over at once, however often it is run.
    expect((await order(stub, { pod: "a", state: "draining", deadline: Date.now() })).pod.state).toBe(
      "drained",
    );
    await runDurableObjectAlarm(stub);
    await runDurableObjectAlarm(stub);
    expect(await states(stub)).toEqual(["drained"]);
  });

  it("leaves a pod that is out already as it is, for hooks that call twice", async () => {
    const stub = fresh();
    await put(stub, config(["a", "b"]), first);
    const { pod } = await order(stub, { pod: "a", state: "draining", once: true });
    expect((await order(stub, { pod: "a", state: "draining", once: true })).pod).toEqual(pod);
    await order(stub, { pod: "b", state: "disabled" });
    expect((await order(stub, { pod: "b", state: "draining", once: true })).pod.state).toBe("disabled");
    const deadline = pod.deadline! + 1000;
    expect((await order(stub, { pod: "a", state: "draining", once: true, deadline })).pod).toEqual(pod);
    expect((await order(stub, { pod: "a", state: "draining", deadline })).pod.deadline).toBe(deadline);
  });

  it("rolls a pool back and promotes over it, pods that join later included", async () => {
    const stub = fresh();
    await put(stub, split(["a", "b"]), first);
    await pool(stub, { state: "rolled-back" });
    await put(stub, split(["a", "b", "c"]), { "if-match": '"1"' });
    expect(await states(stub)).toEqual(["rolled-back", "rolled-back", "rolled-back"]);
    const deadline = Date.now() + 60_000;
    expect((await pool(stub, { state: "retiring", deadline })).pods[0]).toMatchObject({
      state: "retiring",
      deadline,
    });
    await order(stub, { pod: "b", state: "disabled" });
    expect(await states(stub)).toEqual(["retiring", "disabled", "retiring"]);
    await pool(stub, { state: "retiring", deadline: Date.now() });
    expect(await states(stub)).toEqual(["retired", "disabled", "retired"]);
    await pool(stub, { state: "ready" });
    expect(await states(stub)).toEqual(["ready", "disabled", "ready"]);
  });

  // It was done: nobody took the sessions of a pool that is alone on its routes, and its clients met 503.
  it("is said of no pool that is a side of no split, and taken back from any", async () => {
    const stub = fresh();
    await put(stub, split(["a", "b"]), first);
    await pool(stub, { state: "paused" });
    await put(stub, config(["a", "b"]), { "if-match": '"1"' });
    for (const state of ["paused", "rolled-back", "retiring"]) {
      expect(await pool(stub, { state, weight: 1 })).toMatchObject({ status: 409, code: "no-split" });
    }
    expect(await states(stub)).toEqual(["paused", "paused"]);
    await pool(stub, { state: "ready" });
    expect(await states(stub)).toEqual(["ready", "ready"]);
  });

  it("stands while sessions may come back to a pod that left, and is forgotten then", async () => {
    const stub = fresh();
    await put(stub, config(["a", "b"]), first);
    await order(stub, { pod: "a", state: "disabled" });
    await put(stub, config(["b"]), { "if-match": '"1"' });
    await put(stub, config(["a", "b"]), { "if-match": '"2"' });
    expect(await states(stub)).toEqual(["disabled", "ready"]);
    await put(stub, config(["b"]), { "if-match": '"3"' });
    await runInDurableObject(
      stub,
      (_, { storage }) => void storage.sql.exec("UPDATE departed SET until = 1"),
    );
    await put(stub, config(["b"]), { "if-match": '"4"' });
    await put(stub, config(["a", "b"]), { "if-match": '"5"' });
    expect(await states(stub)).toEqual(["ready", "ready"]);
  });

  it("is read from the disk at start, deadlines that passed meanwhile with it", async () => {
    await runInDurableObject(fresh(), (_, { storage }) => {
      const operator = new Operator(storage.sql);
      const since = 1000;
      operator.set("0000000000aa", { state: "draining", deadline: 2000, since, who: "admin" });
      operator.set("0000000000bb", { state: "draining", deadline: 9000, since, who: "admin" });
      operator.set("0000000000cc", { state: "disabled", deadline: undefined, since, who: "admin" });
      const restarted = new Operator(storage.sql);
      expect(restarted.next()).toBe(2000);
      expect(restarted.flip(5000).map(({ subject }) => subject)).toEqual(["0000000000aa"]);
      expect(restarted.flip(5000)).toEqual([]);
      expect(restarted.of("0000000000aa")).toMatchObject({ state: "drained", since: 2000 });
      expect(restarted.next()).toBe(9000);
      expect(new Operator(storage.sql).of("0000000000aa")).toMatchObject({ state: "drained" });
    });
  });

  it("that comes with a deadline long over counts from when it was given", async () => {
    // Who waited for the last session was told of none at once: edges had no time to hear of it.
    await runInDurableObject(fresh(), (_, { storage }) => {
      const operator = new Operator(storage.sql);
      operator.set("0000000000aa", { state: "draining", deadline: 0, since: 7000, who: "admin" });
      operator.flip(7000);
      expect(operator.of("0000000000aa")).toMatchObject({ state: "drained", since: 7000, deadline: 0 });
    });
  });

  it("is put together with what the probes say", async () => {
    await runInDurableObject(fresh(), (_, { storage }) => {
      const tag = "0000000000aa";
      const seen = (probed: PodState, pod?: Order["state"], whole?: Order["state"]) => {
        const operator = new Operator(storage.sql);
        for (const [subject, state] of [
          [tag, pod],
          [poolSubject("web"), whole],
        ] as const) {
          if (state === undefined) operator.lift(subject);
          else operator.set(subject, { state, deadline: undefined, since: 1, who: "admin" });
        }
        return operator.state("web", tag, probed);
      };
      for (const state of Object.keys(STATES) as PodState[]) expect(seen(state)).toBe(state);
      for (const final of ["disabled", "drained", "rolled-back", "retired"] as const) {
        for (const probed of ["ready", "unready", "down"] as const) expect(seen(probed, final)).toBe(final);
      }
      // A pod that is gone cannot keep its sessions to the deadline; one that is back drains on.
      expect(seen("down", "draining")).toBe("down");
      expect(seen("ready", "draining")).toBe("draining");
      // Panic must not have a pod admit again that an operator takes out.
      expect(seen("unready", "draining")).toBe("draining");
      expect(seen("unhealthy", "draining")).toBe("draining");
      expect(seen("down", undefined, "retiring")).toBe("down");
      expect(seen("ready", "draining", "rolled-back")).toBe("rolled-back");
      expect(seen("ready", "disabled", "rolled-back")).toBe("disabled");
      expect(seen("ready", "draining", "retiring")).toBe("draining");
    });
  });

  it("calls a draining pod down when it is, and draining again when edges reach it", async () => {
    const stub = fresh();
    const probe = { path: "/", period: "1s", timeout: "1s", failure: 1 };
    await put(stub, config(["a"], probe), first);
    const { pod } = await order(stub, { pod: "a", state: "draining" });
    await beat(stub, { failed: [pod.tag] });
    await runDurableObjectAlarm(stub);
    expect((await beat(stub)).health).toEqual({ [pod.tag]: "down" });
    await beat(stub, { served: { [pod.tag]: 0 } });
    expect((await beat(stub)).health).toEqual({ [pod.tag]: "draining" });
  });
});

it("makes the salt of keyed sids once: every keyed session would be lost with it", async () => {
  const stub = fresh();
  await put(stub, config(["a"]), first);
  const { salt } = await ask<ConfigRecord>(stub, "/config");
  expect(salt).toMatch(/^[0-9a-f]{32}$/);
  await put(stub, config(["a", "b"]), { "if-match": '"1"' });
  expect((await ask<ConfigRecord>(stub, "/config")).salt).toBe(salt);
  expect((await beat(stub)).config?.salt).toBe(salt);
  const other = fresh();
  await put(other, config(["a"]), first);
  expect((await ask<ConfigRecord>(other, "/config")).salt).not.toBe(salt);
});

describe("what an operator says of the weights of pods", () => {
  const weights = async (stub: DurableObjectStub) =>
    (await ask<{ pods: PodStatus[] }>(stub, "/pods?pool=web")).pods.map(
      ({ weight, configWeight }) => `${weight}/${configWeight}`,
    );
  const told = async (stub: DurableObjectStub) => Object.values((await beat(stub)).podWeights ?? {});

  it("reaches edges by tag, survives PUTs and restarts, and is in no revision of the config", async () => {
    const stub = fresh();
    await put(stub, config(["a", "b"]), first);
    expect((await beat(stub)).podWeights).toBeUndefined();
    const { pod } = await order(stub, { pod: "a", weight: 5 });
    expect(pod).toMatchObject({ id: "a", state: "ready", weight: 5, configWeight: 1 });
    const answer = await beat(stub);
    expect([answer.revision, answer.podWeights]).toEqual([1, { [pod.tag]: 5 }]);
    expect(await put(stub, config(["a", "b"]), { "if-match": '"1"' })).toMatchObject({ revision: 2 });
    expect(await weights(stub)).toEqual(["5/1", "1/1"]);
    await runInDurableObject(stub, (_, { storage }) => {
      expect(new PodWeights(storage.sql).told).toEqual({ [pod.tag]: 5 });
      expect(storage.sql.exec("SELECT who, since > 0 AS timed FROM pod_weights").toArray()).toEqual([
        { who: "admin", timed: 1 },
      ]);
    });
    // One order may say both, and a state alone leaves the weight.
    await order(stub, { pod: "a", state: "disabled", weight: 0 });
    await order(stub, { pod: "a", state: "ready" });
    expect(await weights(stub)).toEqual(["0/1", "1/1"]);
    expect((await order(stub, { pod: "a", weight: null })).pod.weight).toBe(1);
    expect((await beat(stub)).podWeights).toBeUndefined();
  });

  it("cannot leave a pool without any; what a config brings about goes by the config", async () => {
    const stub = fresh();
    await put(stub, config(["a", "b"]), first);
    await order(stub, { pod: "a", weight: 0 });
    const refused = await order(stub, { pod: "b", weight: 0, state: "draining" });
    expect(refused).toMatchObject({ ok: false, status: 409, code: "no-weight" });
    expect([await weights(stub), await states(stub)]).toEqual([
      ["0/1", "1/1"],
      ["ready", "ready"],
    ]);
    await put(stub, config(["a"]), { "if-match": '"1"' });
    expect(await weights(stub)).toEqual(["1/1"]);
    await put(stub, config(["a", "b"]), { "if-match": '"2"' });
    expect(await weights(stub)).toEqual(["0/1", "1/1"]);
    // What gives a pool none by its config may be so again.
    const none = config(["a", "b"]);
    const pods = none.pools.web.pods.map((pod) => ({ ...pod, weight: 0 }));
    await put(stub, { ...none, pools: { web: { pods } } }, { "if-match": '"3"' });
    await order(stub, { pod: "b", weight: 2 });
    expect(await weights(stub)).toEqual(["0/0", "2/0"]);
    expect((await order(stub, { pod: "b", weight: null })).pod.weight).toBe(0);
  });

  it("stands while sessions may come back to a pod that left, and is forgotten then", async () => {
    const stub = fresh();
    await put(stub, config(["a", "b"]), first);
    await order(stub, { pod: "a", weight: 7 });
    await put(stub, config(["b"]), { "if-match": '"1"' });
    expect(await told(stub)).toEqual([7]);
    await put(stub, config(["a", "b"]), { "if-match": '"2"' });
    expect(await weights(stub)).toEqual(["7/1", "1/1"]);
    await put(stub, config(["b"]), { "if-match": '"3"' });
    await runInDurableObject(
      stub,
      (_, { storage }) => void storage.sql.exec("UPDATE departed SET until = 1"),
    );
    await put(stub, config(["b"]), { "if-match": '"4"' });
    expect(await told(stub)).toEqual([]);
    await put(stub, config(["a", "b"]), { "if-match": '"5"' });
    expect(await weights(stub)).toEqual(["1/1", "1/1"]);
  });
});
