import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import type { Break, ConfigRecord } from "../../../src/model/beat.ts";
import type { PodStatus } from "../../../worker/coordinator/pod-status.ts";
import { beat, config, fresh, put } from "./calls.workers.ts";

describe("the coordinator", () => {
  it("takes the first config once, then only on the revision that was read", async () => {
    const stub = fresh();
    expect(await put(stub, config(["a"]), {})).toMatchObject({ ok: false, status: 428 });
    expect(await put(stub, config(["a"]), { "if-none-match": "*" })).toMatchObject({ ok: true, revision: 1 });
    expect(await put(stub, config(["a"]), { "if-none-match": "*" })).toMatchObject({
      ok: false,
      status: 412,
    });
    expect(await put(stub, config(["a"]), { "if-match": '"0", "1"' })).toMatchObject({
      ok: true,
      revision: 2,
    });
    expect(await put(stub, config(["a"]), { "if-match": '"1"' })).toMatchObject({ ok: false, status: 412 });
    expect(await put(stub, { version: 2 }, { "if-match": '"2"' })).toMatchObject({ ok: false, status: 422 });
    const record = (await (await stub.fetch("http://coordinator/config")).json()) as ConfigRecord;
    expect(record.revision).toBe(2);
    expect(JSON.parse(record.document)).toEqual(config(["a"]));
  });

  it("lets one of many simultaneous writers win each revision", async () => {
    const stub = fresh();
    await put(stub, config(["a"]), { "if-none-match": "*" });
    const race = await Promise.all(
      Array.from({ length: 20 }, (_, i) => put(stub, config([`pod-${i}`]), { "if-match": '"1"' })),
    );
    expect(race.filter((result) => result.ok)).toHaveLength(1);
    expect(race.filter((result) => !result.ok && result.status === 412)).toHaveLength(19);
  });

  it("sends the config to those who have another, and remembers pods that left", async () => {
    const stub = fresh();
    await put(stub, config(["a", "b"]), { "if-none-match": "*" });
    await put(stub, config(["b"]), { "if-match": '"1"' });
    const first = await beat(stub);
    expect(first.config?.revision).toBe(2);
    expect(first.config?.departed.map(({ id }) => id)).toEqual(["a"]);
    const again = await beat(stub, { incarnation: first.incarnation, revision: first.revision });
    expect(again.config).toBeUndefined();
    await put(stub, config(["a", "b"]), { "if-match": '"2"' });
    expect((await beat(stub)).config?.departed).toEqual([]);
  });

  it("cuts a document of 3 MB into rows, and puts it together again", async () => {
    const stub = fresh();
    const pods = Array.from({ length: 9000 }, (_, i) => `pod-${i}-${"x".repeat(240)}`);
    expect(await put(stub, config(pods), { "if-none-match": "*" })).toMatchObject({ ok: true });
    const record = (await (await stub.fetch("http://coordinator/config")).json()) as ConfigRecord;
    expect(record.document.length).toBeGreaterThan(2_500_000);
    expect(JSON.parse(record.document)).toEqual(config(pods));
  });

  it("keeps one break for each (sid, epoch), whoever tells of it, and sums counts", async () => {
    const stub = fresh();
    const gone: Break = { at: 1, sid: "ab", epoch: 2, pool: "web", from: "a", to: "b", cause: "pod-gone" };
    const count = { pool: "web", outcome: "kept", code: 200, count: 3 } as const;
    await beat(stub, { breaks: [gone, { ...gone, epoch: 3 }], counts: [count] });
    await beat(stub, { breaks: [gone, { ...gone, cause: "config-change" }], counts: [count] });
    const told = (await (await stub.fetch("http://coordinator/breaks")).json()) as {
      breaks: Break[];
      causes: object[];
    };
    expect(told.breaks.map(({ epoch }) => epoch)).toEqual([3, 2]);
    expect(told.causes).toEqual([{ cause: "pod-gone", count: 2 }]);
    const counts = (await (await stub.fetch("http://coordinator/counts")).json()) as { requests: object[] };
    expect(counts.requests).toEqual([{ ...count, count: 6 }]);
  });

  it("takes a batch once, though its answer was lost: eleven requests were counted as twenty-one", async () => {
    const stub = fresh();
    const count = { pool: "web", outcome: "kept", code: 200, count: 3 } as const;
    for (const batch of [1, 1, 2, 2, 1]) await beat(stub, { isolate: "a", batch, counts: [count] });
    await beat(stub, { isolate: "b", batch: 1, counts: [count] });
    const counts = (await (await stub.fetch("http://coordinator/counts")).json()) as { requests: object[] };
    expect(counts.requests).toEqual([{ ...count, count: 9 }]);
  });

  it("counts the end of a session that had moved before: it was dropped as known", async () => {
    const stub = fresh();
    const moved: Break = { at: 1, sid: "ab", epoch: 2, pool: "web", from: "a", to: "b", cause: "pod-gone" };
    const ended: Break = { ...moved, from: "b", to: "", cause: "expired-idle" };
    await beat(stub, { breaks: [moved, ended, ended] });
    const told = (await (await stub.fetch("http://coordinator/breaks")).json()) as { causes: object[] };
    expect(told.causes).toEqual([
      { cause: "expired-idle", count: 1 },
      { cause: "pod-gone", count: 1 },
    ]);
  });

  it("probes by its alarm: a pod that nobody can reach is unready at first, then down", async () => {
    const stub = fresh();
    const probe = { path: "/", period: "1s", timeout: "1s", failure: 2 };
    await put(stub, config(["a"], probe), { "if-none-match": "*" });
    expect(Object.values((await beat(stub)).health)).toEqual(["unready"]);
    for (let i = 0; i < 2; i++) {
      const { config: record } = await beat(stub);
      expect(record).toBeDefined();
      await runInDurableObject(stub, async (_, state) => {
        expect(await state.storage.getAlarm()).not.toBeNull();
      });
      // An edge that could not connect makes the probe due at once.
      await beat(stub, { failed: Object.keys((await beat(stub)).health) });
      await runDurableObjectAlarm(stub);
    }
    const { health } = await beat(stub);
    expect(Object.values(health)).toEqual(["down"]);
    // Edges that reach it outweigh a coordinator that does not: it keeps its sessions.
    const [tag = ""] = Object.keys(health);
    await beat(stub, { served: { [tag]: 60_000 } });
    expect(Object.values((await beat(stub)).health), "what was served before it failed").toEqual(["down"]);
    await beat(stub, { served: { [tag]: 0 } });
    expect(Object.values((await beat(stub)).health)).toEqual(["unready"]);
  });

  it("ejects a pod by what edges tell, in the same answer, logs it, and lets it in again by its alarm", async () => {
    const stub = fresh();
    const document = config(["a", "b", "c"]);
    const health = { outlier: { baseEjection: "1s", interval: "1s" } };
    const outlying = { ...document, pools: { web: { ...document.pools.web, health } } };
    await put(stub, outlying, { "if-none-match": "*" });
    const seen = async () => {
      const answer = await stub.fetch("http://coordinator/pods?pool=web");
      return ((await answer.json()) as { pods: PodStatus[] }).pods;
    };
    const [a, b] = (await seen()).map(({ tag }) => tag);
    const load = { [a!]: { area: 2, done: 6, fail: 6 }, [b!]: { done: 20 } };
    expect((await beat(stub, { load })).health).toEqual({ [a!]: "ejected" });
    const [pod] = await seen();
    const { inFlight, state } = pod!;
    expect(inFlight).toBeGreaterThan(0);
    expect(state).toBe("ejected");
    expect(pod!.health).toMatchObject({ state: "ejected", probes: {}, ejected: { times: 1 } });
    expect(pod!.health.history.map((flip) => flip.state)).toEqual(["ejected"]);
    await runInDurableObject(stub, async (_, storage) => {
      expect(await storage.storage.getAlarm()).toBe(pod!.health.ejected.until);
    });
    await new Promise((resolve) => setTimeout(resolve, pod!.health.ejected.until! - Date.now() + 5));
    await runDurableObjectAlarm(stub);
    // The alarm may have come by itself; twice is as once.
    await runDurableObjectAlarm(stub);
    expect((await beat(stub)).health).toEqual({});
    const [back] = await seen();
    expect(back!.health).toMatchObject({ state: "ready", ejected: { until: null, times: 1 } });
    expect(back!.health.history.map((flip) => flip.state)).toEqual(["returned", "ejected"]);
  });
});
