import { Redis } from "@upstash/redis";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { type Gateway, startGateway } from "../../../tools/gateway/gateway.ts";
import { type RedisProcess, startRedis } from "../../../tools/gateway/redis.ts";
import { noRedis } from "../../support/redis.ts";

const missing = noRedis("the gateway is not tested");

describe.skipIf(missing)("the gateway", () => {
  let server: RedisProcess;
  let gateway: Gateway;
  const token = "a token";

  beforeAll(async () => {
    server = await startRedis();
    gateway = await startGateway({ redisUrl: server.url, token });
  });
  afterAll(async () => {
    await gateway?.stop();
    await server?.stop();
  });

  async function send(path: string, body?: unknown, init: RequestInit = {}) {
    const headers = { authorization: `Bearer ${token}`, ...(init.headers as Record<string, string>) };
    const text = typeof body === "string" || body === undefined ? body : JSON.stringify(body);
    const response = await fetch(gateway.url + path, {
      method: "POST",
      body: text ?? null,
      ...init,
      headers,
    });
    expect(response.headers.get("content-type")).toContain("application/json");
    return { status: response.status, body: (await response.json()) as unknown };
  }
  const ok = (result: unknown) => ({ status: 200, body: { result } });

  it("runs one command", async () => {
    expect(await send("/", ["SET", "one", "é😀\n", "PX", 60_000])).toEqual(ok("OK"));
    expect(await send("/", ["get", "one"])).toEqual(ok("é😀\n"));
    expect(await send("/", ["GET", "nothing"])).toEqual(ok(null));
    expect(await send("/", ["INCRBY", "number", 7])).toEqual(ok(7));
    expect(await send("/", ["SET", "flag", true])).toEqual(ok("OK"));
    expect(await send("/", ["MGET", "one", "nothing", "number", "flag"])).toEqual(
      ok(["é😀\n", null, "7", "true"]),
    );
    expect(await send("/", ["EVAL", "return {1, {'a', {false}}, redis.status_reply('OK')}", 0])).toEqual(
      ok([1, ["a", [null]], "OK"]),
    );
    await send("/", ["HSET", "hash", "a", "1", "b", "2"]);
    expect(await send("/", ["hgetall", "hash"])).toEqual(ok(["a", "1", "b", "2"]));
  });

  it("takes the command from the path", async () => {
    expect(await send("/set/path%2Fed/a%20b")).toEqual(ok("OK"));
    expect(await send("/get/path%2Fed", undefined, { method: "GET" })).toEqual(ok("a b"));
    expect(await send("/set/path/long?EX=100", "")).toEqual(ok("OK"));
    expect(await send("/set/body?EX=100", '{"a":1}')).toEqual(ok("OK"));
    expect(await send("/get/body")).toEqual(ok('{"a":1}'));
    expect((await send("/ttl/body")).body).not.toEqual({ result: -1 });
    expect(await send("/get/%ff")).toMatchObject({ status: 400, body: { error: expect.any(String) } });
  });

  it("answers an error of Redis: 400 alone, in its place in a pipeline", async () => {
    await send("/", ["SET", "text", "a"]);
    const error = expect.stringMatching(/^WRONGTYPE/);
    expect(await send("/", ["ZCARD", "text"])).toEqual({ status: 400, body: { error } });
    const body = [["SET", "after", "1"], ["ZCARD", "text"], ["GET", "after"], ["NOSUCH"]];
    expect(await send("/pipeline", body)).toEqual({
      status: 200,
      body: [{ result: "OK" }, { error }, { result: "1" }, { error: expect.stringMatching(/^ERR unknown/) }],
    });
    const sha = "0".repeat(40);
    expect((await send("/", ["EVALSHA", sha, 0])).body).toEqual({
      error: expect.stringMatching(/^NOSCRIPT/),
    });
  });

  it("runs a transaction whole or not at all", async () => {
    const body = [
      ["INCR", "tx"],
      ["ZCARD", "text"],
      ["INCR", "tx"],
    ];
    await send("/", ["SET", "text", "a"]);
    expect(await send("/multi-exec", body)).toEqual({
      status: 200,
      body: [{ result: 1 }, { error: expect.stringMatching(/^WRONGTYPE/) }, { result: 2 }],
    });
    const aborted = await send("/multi-exec", [["INCR", "tx"], ["INCR"]]);
    expect(aborted).toEqual({ status: 400, body: { error: expect.stringMatching(/^EXECABORT/) } });
    expect(await send("/", ["GET", "tx"])).toEqual(ok("2"));
  });

  it("lets nothing of another request into a transaction", async () => {
    const rounds = Array.from({ length: 60 }, async (_, i) => {
      if (i % 2 === 0) return await send("/", ["INCR", "shared"]);
      const { body } = await send("/multi-exec", Array(5).fill(["INCR", "shared"]));
      const [first, ...rest] = (body as { result: number }[]).map(({ result }) => result);
      expect(rest).toEqual([1, 2, 3, 4].map((more) => first! + more));
      return body;
    });
    await Promise.all(rounds);
    expect(await send("/", ["GET", "shared"])).toEqual(ok(String(30 + 30 * 5)));
  });

  it("encodes strings as base64 when asked to, and loses no byte", async () => {
    const headers = { "upstash-encoding": "base64" };
    const bytes = "return {'\\255\\0a', 5, 'OK', false}";
    const encoded = [Buffer.from([255, 0, 97]).toString("base64"), 5, "OK", null];
    expect(await send("/", ["EVAL", bytes, 0], { headers })).toEqual(ok(encoded));
    expect(await send("/pipeline", [["EVAL", bytes, 0]], { headers })).toEqual({
      status: 200,
      body: [{ result: encoded }],
    });
    expect(await send("/multi-exec", [["EVAL", bytes, 0]], { headers })).toEqual({
      status: 200,
      body: [{ result: encoded }],
    });
  });

  it("serves the client that it is made for, in its own encoding", async () => {
    const redis = new Redis({ url: gateway.url, token, enableTelemetry: false });
    expect(await redis.set("json", { a: ["é", 1, null] })).toBe("OK");
    expect(await redis.get("json")).toEqual({ a: ["é", 1, null] });
    expect(await redis.multi().incr("client").incr("client").exec()).toEqual([1, 2]);
    expect(await redis.createScript<string>("return ARGV[1]").exec([], ["😀"])).toBe("😀");
    await expect(redis.zcard("json")).rejects.toThrow("WRONGTYPE");
  });

  it.each([
    ["none", undefined],
    ["empty", ""],
    ["another", "Bearer another"],
    ["a longer one", `Bearer ${token}x`],
    ["of another kind", `Basic ${token}`],
    ["bare", token],
  ])("refuses a request whose token is %s", async (_, authorization) => {
    const headers: Record<string, string> = authorization === undefined ? {} : { authorization };
    for (const path of ["/", "/pipeline", "/multi-exec", "/get/one"]) {
      const response = await fetch(gateway.url + path, { method: "POST", body: '["PING"]', headers });
      expect(response.status).toBe(401);
      expect(await response.json()).toEqual({ error: expect.stringMatching(/^Unauthorized/) });
    }
  });

  it.each<[string, string, unknown, number]>([
    ["no JSON", "/", "PING", 400],
    ["no body", "/", "", 400],
    ["no list", "/", { a: 1 }, 400],
    ["an empty list", "/", [], 400],
    ["an empty name", "/", [""], 400],
    ["a list in a command", "/", ["GET", ["a"]], 400],
    ["null in a command", "/", ["GET", null], 400],
    ["one command as a pipeline", "/pipeline", ["PING"], 400],
    ["an empty pipeline", "/pipeline", [], 400],
    ["an empty transaction", "/multi-exec", [], 400],
    ["line ends in a name", "/", ["PING\r\nPING"], 400],
    ["a blocking command", "/", ["BLPOP", "list", 0], 400],
    ["a blocking read", "/", ["XREAD", "block", 0, "STREAMS", "s", "$"], 400],
    ["a subscription", "/pipeline", [["PING"], ["subscribe", "c"]], 400],
    ["another database", "/select/1", undefined, 400],
    ["the end of the server", "/shutdown", undefined, 400],
    ["MULTI by hand", "/pipeline", [["MULTI"], ["EXEC"]], 400],
    ["10,001 commands", "/pipeline", Array(10_001).fill(["PING"]), 413],
    ["a body over 10 MB", "/", JSON.stringify(["SET", "big", "x".repeat(10 * 1024 * 1024)]), 413],
  ])("refuses %s, and goes on", async (_, path, body, status) => {
    expect(await send(path, body)).toEqual({ status, body: { error: expect.stringMatching(/^ERR /) } });
    expect(await send("/", ["PING"])).toEqual(ok("PONG"));
  });

  it("refuses methods that it does not serve", async () => {
    expect(await send("/get/one", undefined, { method: "DELETE" })).toMatchObject({ status: 405 });
  });

  it("answers at once while Redis is away, and comes back with it by itself", async () => {
    const own = await startRedis();
    const second = await startGateway({ redisUrl: own.url, token });
    const ping = async () => {
      const headers = { authorization: `Bearer ${token}` };
      const response = await fetch(second.url, { method: "POST", body: '["PING"]', headers });
      return { status: response.status, body: await response.json() };
    };
    expect(await ping()).toEqual(ok("PONG"));
    own.kill();
    await vi.waitUntil(async () => (await ping()).status === 503, { timeout: 10_000 });
    const away = await Promise.all(Array.from({ length: 200 }, ping));
    for (const answer of away) {
      expect(answer).toEqual({ status: 503, body: { error: expect.stringMatching(/^ERR Redis/) } });
    }
    await own.stop();
    const again = await startRedis({ port: own.port });
    await vi.waitUntil(async () => (await ping()).status === 200, { timeout: 10_000 });
    // One that hangs is no better than one that is gone; and its late replies go to nobody.
    process.kill(again.pid, "SIGSTOP");
    // Each of many time-outs gave the one connection up anew, and left a listener at it: Node warned of a leak.
    const warnings: string[] = [];
    const hear = ({ name }: Error) => warnings.push(name);
    process.on("warning", hear);
    const hung = await Promise.all(Array.from({ length: 30 }, ping));
    expect(new Set(hung.map(({ status }) => status))).toEqual(new Set([503]));
    expect((await ping()).status).toBe(503);
    process.off("warning", hear);
    expect(warnings).not.toContain("MaxListenersExceededWarning");
    process.kill(again.pid, "SIGCONT");
    await vi.waitUntil(async () => (await ping()).status === 200, { timeout: 10_000 });
    expect(await ping()).toEqual(ok("PONG"));
    await second.stop();
    await again.stop();
    await expect(ping()).rejects.toThrow();
  });

  it("does not start without a token, without Redis, or on a port in use", async () => {
    await expect(startGateway({ redisUrl: server.url, token: "" })).rejects.toThrow("token");
    const port = Number(new URL(gateway.url).port);
    await expect(startGateway({ redisUrl: server.url, token, port })).rejects.toThrow("EADDRINUSE");
    const gone = await startRedis();
    await gone.stop();
    await expect(startGateway({ redisUrl: gone.url, token })).rejects.toThrow("cannot be reached");
  });
});
