import { describe, expect, it } from "vitest";
import { indexKey } from "../../../worker/sessions/pod-index.ts";
import type { Command } from "../../../worker/sessions/redis.ts";
import { UpstashSnapshot } from "../../../worker/sessions/snapshot.ts";
import { UpstashStore } from "../../../worker/sessions/upstash.ts";
import { bindingKey, encodeBinding } from "../../../worker/sessions/value.ts";
import { bindingStoreContract } from "../../support/binding-store.ts";
import { binding, freshPod, KEEP, NOW, swap } from "../../support/bindings.ts";
import { noRedis, restRedis } from "../../support/redis.ts";

const missing = noRedis("the store over Redis is not tested");

describe.skipIf(missing)("bindings in a real Redis, over the gateway", () => {
  const rest = restRedis();
  const { client, open } = rest;

  bindingStoreContract(
    "the Upstash store",
    async () => open(),
    async (sid) => void (await rest.redis.set(bindingKey(sid), "7|no pod|000000000001|A||1|2")),
  );

  it("goes on after Redis forgot its scripts", async () => {
    const store = open();
    for (let round = 0; round < 2; round++) {
      const first = binding();
      await store.create(first, KEEP);
      expect((await store.swap(swap("rebind", first), KEEP)).verdict).toBe("WON");
      await rest.redis.script("FLUSH", "SYNC");
    }
  });

  it("writes keys, values and expiries as documented", async () => {
    const store = open();
    const pod = 0xabc;
    const first = binding({
      sid: `${"0".repeat(31)}f`,
      pod,
      home: 0xdef0,
      epoch: 2,
      cause: "failback",
      exp: 9e12,
    });
    await store.create(first, { ttl: 50_000.5, expires: NOW + 0.5 });
    const key = "mooring:s:0000000000000000000000000000000f";
    expect(await rest.redis.get(key)).toBe("2|000000000abc|00000000def0|A|failback|1000|9000000000000|web@*");
    // As versions wrote it that did not say by which route it came.
    const unnamed = { ...first, sid: `${"0".repeat(31)}e`, via: "" };
    await rest.redis.set(
      bindingKey(unnamed.sid),
      "2|000000000abc|00000000def0|A|failback|1000|9000000000000",
    );
    expect(await store.read(unnamed.sid)).toEqual(unnamed);
    const left = await rest.redis.pttl(key);
    expect(left).toBeGreaterThan(0);
    expect(left).toBeLessThanOrEqual(50_001);
    expect(await rest.redis.zscore("mooring:p:000000000abc", first.sid)).toBe(String(NOW + 1));
    await store.swap(swap("revoke", first), KEEP);
    expect(await rest.redis.call("PEXPIRETIME", key)).toBe(9e12);
  });

  it("counts no dead member for ever: it trims the index while it counts, but nothing that may live", async () => {
    const store = open();
    const pod = freshPod();
    const [dead, ended, live] = [binding({ pod }), binding({ pod }), binding({ pod })];
    await store.create(dead, { ...KEEP, expires: NOW - 601_000 });
    await store.create(ended, { ...KEEP, expires: NOW - 599_000 });
    await store.create(live, KEEP);
    expect(await store.count([pod], NOW)).toEqual([1]);
    expect((await rest.redis.zrange(indexKey(pod), 0, -1)).sort()).toEqual([ended.sid, live.sid].sort());
  });

  /** A client before whose first SET another edge writes `value`. */
  function overtaken(key: string, value: string) {
    const inner = client();
    let late = true;
    const run = async (...command: Command) => {
      if (late && command[0] === "SET") {
        await rest.redis.set(key, value, "PX", 60_000);
        late = false;
      }
      return await inner.run(...command);
    };
    return { ...inner, run };
  }

  it.each([
    { epoch: 9, state: "A" },
    { epoch: 7, state: "R" },
  ] as const)("leaves what another wrote while it repaired: $state at $epoch over 7", async (more) => {
    const token = binding({ epoch: 7 });
    const key = bindingKey(token.sid);
    const ahead = { ...token, ...more };
    for (const before of ["", encodeBinding({ ...token, epoch: 3 })]) {
      await rest.redis.del(key);
      if (before !== "") await rest.redis.set(key, before);
      const store = new UpstashStore(overtaken(key, encodeBinding(ahead)));
      expect(await store.renew(token, KEEP)).toBe("ahead");
      expect(await open().read(token.sid)).toEqual(ahead);
    }
  });

  it("takes a session out of the index of the pod that it left, though the call that was to do it failed", async () => {
    // The move stood, the index never followed: the pod that was left counted a session that it had no more, until its end.
    const first = binding();
    const to = freshPod();
    const inner = client();
    let fails = true;
    const pipeline: typeof inner.pipeline = async (commands) => {
      if (fails && commands.some(([name]) => name === "ZREM")) throw new Error("lost");
      return await inner.pipeline(commands);
    };
    const store = new UpstashStore({ ...inner, pipeline });
    await store.create(first, KEEP);
    const { verdict } = await store.swap(swap("rebind", first, { to }), KEEP);
    expect(verdict).toBe("WON");
    await expect(store.index(first.sid, first.pod, to, KEEP)).rejects.toThrow("lost");
    fails = false;
    expect(await rest.redis.zcard(indexKey(first.pod))).toBe(1);
    expect(store.debts.some).toBe(true);
    await store.debts.pay();
    expect(await rest.redis.zcard(indexKey(first.pod))).toBe(0);
  });

  it("forgets nothing that it owes when it cannot pay, and takes out nothing that has come back", async () => {
    const inner = client();
    let away = true;
    const run: typeof inner.run = async (...command) => {
      if (away && command[0] === "ZREM") throw new Error("away");
      return await inner.run(...command);
    };
    const store = new UpstashStore({ ...inner, run });
    const [old, to] = [freshPod(), freshPod()];
    const [gone, back] = [binding({ pod: old }), binding({ pod: old })];
    for (const one of [gone, back]) {
      await store.create(one, KEEP);
      expect(await store.renew({ ...one, pod: to, epoch: 2 }, KEEP)).toBe("repaired");
    }
    await expect(store.debts.pay()).rejects.toThrow("away");
    expect(store.debts.some).toBe(true);
    // Moved back by this isolate before it has paid.
    await store.swap(swap("rebind", { ...back, pod: to, epoch: 2 }, { to: old }), KEEP);
    await store.index(back.sid, to, old, KEEP);
    away = false;
    await store.debts.pay();
    expect(await rest.redis.zrange(indexKey(old), 0, -1)).toEqual([back.sid]);
    expect(await store.count([old, to], NOW)).toEqual([1, 1]);
    expect(store.debts.some).toBe(false);
  });

  it("keeps the coordinator's snapshot, whatever its letters, and says when there is none", async () => {
    const snapshot = new UpstashSnapshot(client(1 << 25));
    await rest.redis.del("mooring:snapshot");
    expect(await snapshot.get()).toBeUndefined();
    for (const text of ["{}", "123", "null", "OK", "", "é€😀\u0000\n", "x".repeat(3_000_000)]) {
      await snapshot.put(text);
      expect((await snapshot.get()) === text, text.slice(0, 20)).toBe(true);
    }
    expect(await rest.redis.pttl("mooring:snapshot")).toBe(-1);
  });
});
