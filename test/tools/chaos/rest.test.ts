import { Redis } from "@upstash/redis";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { RestFaultName } from "../../../tools/chaos/rest/index.ts";
import { type FaultyRest, startFaultyRest } from "../../../tools/chaos/rest/proxy.ts";
import { FleetRedis } from "../../../tools/fleet/redis.ts";
import { findRedisServer } from "../../../tools/gateway/redis.ts";

const missing = findRedisServer() === undefined;
if (missing) {
  console.error("NO redis-server ON PATH: the faulty REST store is not tested");
  if (process.env.CI === "true") throw new Error("CI needs a redis-server on PATH");
}

describe.skipIf(missing)("the faulty REST store", () => {
  let redis: FleetRedis;
  let proxy: FaultyRest;

  beforeAll(async () => {
    redis = await FleetRedis.start("a-token");
    proxy = await startFaultyRest(redis.gateway.url);
  });
  afterEach(async () => {
    proxy.clear();
    await redis.call("FLUSHALL");
  });
  afterAll(async () => {
    await proxy?.stop();
    await redis?.stop();
  });

  const send = (path: string, body: unknown, timeout = 5000) =>
    fetch(proxy.url + path, {
      method: "POST",
      headers: { authorization: "Bearer a-token" },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(timeout),
    });
  const said = async (path: string, body: unknown) => {
    const response = await send(path, body);
    return { status: response.status, json: (await response.json()) as unknown };
  };
  const set = (key: string, value: string) => said("/", ["SET", key, value]);
  const get = (key: string) => redis.call("GET", key);

  it("passes everything on without a fault, as the real client sends it", async () => {
    const client = new Redis({ url: proxy.url, token: "a-token", retry: { retries: 0 } });
    expect(await client.set("é", "😀", { px: 60_000 })).toBe("OK");
    expect(await client.pipeline().get("é").zadd("z", { score: 1, member: "m" }).exec()).toEqual(["😀", 1]);
    expect(await client.eval("return {KEYS[1], ARGV[1]}", ["k"], ["a"])).toEqual(["k", "a"]);
    const path = await fetch(`${proxy.url}/get/nothing`, { headers: { authorization: "Bearer a-token" } });
    expect(await path.json()).toEqual({ result: null });
    expect((await fetch(proxy.url, { method: "POST", body: "{}" })).status).toBe(401);
    expect(proxy.calls).toBe(5);
    expect(proxy.log.map(({ commands }) => commands.map(([name]) => name).join())).toEqual([
      "SET",
      "GET,ZADD",
      "EVAL",
      "GET",
      "",
    ]);
  });

  it.each<[RestFaultName, object | undefined, number, string]>([
    ["status", undefined, 500, "upstream connect error\n"],
    ["status", { status: 401 }, 401, '{"error":"WRONGPASS invalid or missing auth token"}'],
    ["status", { status: 429 }, 429, '{"error":"ERR max daily request limit exceeded"}'],
    ["error", undefined, 200, '{"error":"ERR read only replica"}'],
    ["error", { status: 400, message: "ERR no" }, 400, '{"error":"ERR no"}'],
    ["html", undefined, 200, "<!doctype html>"],
  ])("%s %j: answers %i and does nothing", async (name, options, status, body) => {
    const inject = proxy.inject as (name: RestFaultName, options?: object) => { hits: number };
    const injection = options === undefined ? inject(name) : inject(name, options);
    const response = await send("/", ["SET", "key", "value"]);
    expect(response.status).toBe(status);
    expect((await response.text()).startsWith(body)).toBe(true);
    expect(injection.hits).toBe(1);
    proxy.clear();
    expect(await get("key")).toBeNull();
    expect(await set("key", "value")).toEqual({ status: 200, json: { result: "OK" } });
  });

  it("error: one for each command of a pipeline, where that is wanted", async () => {
    proxy.inject("error", { each: true, message: "ERR no" });
    expect(
      (
        await said("/pipeline", [
          ["GET", "a"],
          ["GET", "b"],
        ])
      ).json,
    ).toEqual(Array(2).fill({ error: "ERR no" }));
  });

  it("hang and reset: no answer, before what was asked is done or after", async () => {
    const hang = proxy.inject("hang");
    const hung = send("/", ["SET", "hung", "1"]);
    await expect(send("/", ["SET", "hung", "1"], 100)).rejects.toThrow("timeout");
    hang.lift();
    await expect(hung).rejects.toThrow("fetch failed");
    proxy.inject("reset");
    await expect(send("/", ["SET", "reset", "1"])).rejects.toThrow("fetch failed");
    expect([await get("hung"), await get("reset")]).toEqual([null, null]);
    proxy.clear();
    proxy.inject("reset", { after: true });
    await expect(send("/", ["SET", "reset", "1"])).rejects.toThrow("fetch failed");
    expect(await get("reset")).toBe("1");
  });

  it("truncated: half an answer, that looks whole or not", async () => {
    const injection = proxy.inject("truncated");
    expect(await (await send("/", ["SET", "a", "1"])).text()).toBe('{"resul');
    injection.lift();
    proxy.inject("truncated", { connection: true });
    const response = await send("/", ["SET", "b", "1"]);
    await expect(response.text()).rejects.toThrow("terminated");
    expect([await get("a"), await get("b")]).toEqual(["1", "1"]);
  });

  it("huge: ten megabytes for anything", async () => {
    proxy.inject("huge");
    expect((await (await send("/", ["GET", "a"])).text()).length).toBeGreaterThan(10 * 1024 * 1024);
    expect(
      (
        await said("/pipeline", [
          ["GET", "a"],
          ["GET", "b"],
        ])
      ).json,
    ).toHaveLength(2);
  });

  it("lag: late, the write or only its answer", async () => {
    const started = performance.now();
    proxy.inject("lag", { ms: 60, jitter: 20 });
    const late = set("a", "1");
    expect(await get("a")).toBeNull();
    await late;
    expect(performance.now() - started).toBeGreaterThanOrEqual(59);
    expect(await get("a")).toBe("1");
  });

  it("lost-writes: every answer is right, and nothing stays", async () => {
    await set("kept", "1");
    await redis.call("PEXPIRE", "kept", "100000");
    await redis.call("ZADD", "index", "1", "old");
    const injection = proxy.inject("lost-writes");
    expect(await set("kept", "2")).toEqual({ status: 200, json: { result: "OK" } });
    expect(await said("/", ["SET", "kept", "2", "NX"])).toEqual({ status: 200, json: { result: null } });
    expect(
      (
        await said("/pipeline", [
          ["SET", "new", "1"],
          ["ZADD", "index", 2, "new"],
        ])
      ).json,
    ).toEqual([{ result: "OK" }, { result: 1 }]);
    const script = "redis.call('SET', KEYS[1], ARGV[1]); return redis.call('GET', KEYS[1])";
    expect((await said("/", ["EVAL", script, 1, "kept", "3"])).json).toEqual({ result: "3" });
    expect((await said("/", ["EVALSHA", "0".repeat(40), 1, "kept"])).status).toBe(400);
    expect((await said("/", ["GET", "kept"])).json).toEqual({ result: "1" });
    injection.lift();
    expect(await get("kept")).toBe("1");
    expect(Number(await redis.call("PTTL", "kept"))).toBeGreaterThan(90_000);
    expect(await get("new")).toBeNull();
    expect(await redis.call("ZRANGE", "index", "0", "-1")).toEqual(["old"]);
    expect(await redis.call("KEYS", "chaos:*")).toEqual([]);
  });

  it("stale: the same read has the same answer, whatever was written since", async () => {
    await set("a", "1");
    proxy.inject("stale");
    const reads = async () => [
      (await said("/", ["GET", "a"])).json,
      (
        await said("/pipeline", [
          ["GETEX", "a", "PX", 60_000],
          ["SET", "a", "2"],
        ])
      ).json,
    ];
    const before = await reads();
    expect(await reads()).toEqual(before);
    expect(await get("a")).toBe("2");
    proxy.clear();
    proxy.inject("stale", { scripts: true });
    const bump = ["EVAL", "return redis.call('INCR', KEYS[1])", 1, "n"];
    expect([await said("/", bump), await said("/", bump)].map(({ json }) => json)).toEqual(
      Array(2).fill({ result: 1 }),
    );
  });

  it("shape: JSON that is not what it should be", async () => {
    await redis.call("SET", "text", "12|ab");
    const list = ["EVAL", "return {'WON', '7'}", 0];
    const pipeline = [
      ["GET", "text"],
      ["EXISTS", "text"],
      ["GET", "none"],
    ];
    const all = async () => [(await said("/pipeline", pipeline)).json, (await said("/", list)).json];
    const results = (...values: unknown[]) => values.map((result) => ({ result }));
    const expected = {
      types: [results(42, "seven", false), { result: { 0: "WON", 1: "7" } }],
      nothing: [results(null, null, null), { result: null }],
      short: [results("12|ab", 1), { result: ["WON"] }],
      deep: [results(["12|ab"], [1], [null]), { result: [["WON", "7"]] }],
      liar: [results("12|ab", 1, null), { result: ["WON", "0"] }],
    } as const;
    for (const [shape, answers] of Object.entries(expected)) {
      const injection = proxy.inject("shape", { shape: shape as keyof typeof expected });
      expect(await all(), shape).toEqual(answers);
      injection.lift();
    }
  });

  it("hits only the commands, the share and the number of calls that it is told to", async () => {
    proxy.injectFor({ commands: ["EVAL", "EVALSHA"] }, "status");
    expect((await set("a", "1")).status).toBe(200);
    expect((await send("/", ["eval", "return 1", 0])).status).toBe(500);
    proxy.clear();
    const once = proxy.injectFor({ times: 1 }, "status");
    expect([(await send("/", ["GET", "a"])).status, (await send("/", ["GET", "a"])).status]).toEqual([
      500, 200,
    ]);
    expect(once.hits).toBe(1);
    proxy.clear();
    const some = proxy.injectFor({ share: 0.5 }, "status");
    for (let i = 0; i < 40; i++) await (await send("/", ["GET", "a"])).arrayBuffer();
    // Of 40 fair draws, fewer than 8 of a kind would be over 3.7 standard deviations off 20.
    expect(some.hits).toBeGreaterThan(8);
    expect(some.hits).toBeLessThan(32);
  });

  it("puts one fault behind another", async () => {
    const status = proxy.inject("status");
    proxy.inject("lag", { ms: 1 });
    expect((await send("/", ["GET", "a"])).status).toBe(500);
    expect(status.hits).toBe(1);
  });
});
