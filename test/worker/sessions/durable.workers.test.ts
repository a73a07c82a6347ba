import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it, vi } from "vitest";
import { shardSender } from "../../../worker/edge/link.ts";
import type { Env } from "../../../worker/env.ts";
import { DurableStore } from "../../../worker/sessions/durable.ts";
import { BindingTable } from "../../../worker/sessions/table.ts";
import { bindingStoreContract } from "../../support/binding-store.ts";
import { binding, KEEP, swap } from "../../support/bindings.ts";

const bindings = env as Env;
const shardOf = (sid: string) => {
  const namespace = bindings.STORE!;
  return namespace.get(namespace.idFromName(`shard-${Number.parseInt(sid.slice(0, 1), 16)}`));
};

bindingStoreContract(
  "the durable store",
  async () => new DurableStore(shardSender(bindings)!, { timeout: 10_000 }),
  async (sid) => {
    await runInDurableObject(shardOf(sid), (_, { storage }) => {
      const row = [sid, 3, "no pod", "000000000001", "A", "", 1, 2, Date.now() + 60_000, 0, "web@*"];
      storage.sql.exec("INSERT INTO bindings VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", ...row);
    });
  },
);

describe("a shard", () => {
  const fresh = (name: string) => bindings.STORE!.get(bindings.STORE!.idFromName(name));
  const send = async (shard: DurableObjectStub, body: string, method = "POST") => {
    const response = await shard.fetch("http://store/", method === "POST" ? { method, body } : { method });
    return { status: response.status, body: await response.json() };
  };
  const create = (ttl: number) => JSON.stringify({ method: "create", args: [binding(), { ...KEEP, ttl }] });

  it("reads the rows of a version that did not say by which route a session came, and says it from then on", async () => {
    await runInDurableObject(fresh("old"), (_, { storage: { sql } }) => {
      sql.exec("DROP TABLE bindings");
      sql.exec(`CREATE TABLE bindings (
        sid TEXT PRIMARY KEY, epoch INTEGER, pod TEXT, home TEXT, state TEXT, cause TEXT, created INTEGER, exp INTEGER,
        ends INTEGER NOT NULL, expires INTEGER NOT NULL
      ) WITHOUT ROWID`);
      const { sid, exp, created } = binding();
      const row = [sid, 3, "00000000000a", "00000000000a", "A", "", created, exp, exp, KEEP.expires];
      sql.exec("INSERT INTO bindings VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", ...row);
      for (const _again of [1, 2]) {
        const table = new BindingTable(sql, { now: () => Date.now() });
        const value = `3|00000000000a|00000000000a|A||${created}|${exp}`;
        expect(table.read(sid)).toBe(value);
        expect(table.list([10], Date.now(), 10, "")).toEqual([[sid, value, KEEP.expires]]);
      }
      const table = new BindingTable(sql, { now: () => Date.now() });
      const held = binding({ sid, epoch: 3, pod: 10 });
      expect(table.swap(swap("touch", held), KEEP).verdict).toBe("KEPT");
      expect(table.read(sid)).toMatch(/\|web@\*$/);
    });
  });

  it("forgets rows past their end by its alarm, keeps the others, and rests when none is left", async () => {
    const shard = fresh("swept");
    const rows = () =>
      runInDurableObject(
        shard,
        (_, { storage }) => storage.sql.exec("SELECT sid FROM bindings").toArray().length,
      );
    expect(await send(shard, create(1))).toEqual({ status: 200, body: { result: null } });
    await send(shard, create(3000));
    await vi.waitUntil(
      async () => {
        expect(await runDurableObjectAlarm(shard)).toBe(true);
        return (await rows()) === 1;
      },
      { timeout: 10_000, interval: 20 },
    );
    await vi.waitUntil(
      async () => {
        await runDurableObjectAlarm(shard);
        return (await rows()) === 0;
      },
      { timeout: 10_000, interval: 100 },
    );
    expect(await runDurableObjectAlarm(shard)).toBe(false);
    await send(shard, create(1));
    expect(await runDurableObjectAlarm(shard)).toBe(true);
  });

  it.each([
    "",
    "null",
    "{}",
    '{"method":"create"}',
    '{"method":"sweep","args":[]}',
    '{"method":"read","args":["x"]}',
  ])("answers 400 to %j", async (body) => {
    expect(await send(fresh("strict"), body)).toEqual({ status: 400, body: { error: expect.any(String) } });
  });

  it("answers 405 to anything but POST", async () => {
    expect(await send(fresh("strict"), "", "GET")).toMatchObject({ status: 405 });
  });
});
