import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { Redis } from "@upstash/redis/cloudflare";
import { afterEach, describe, expect, it, vi } from "vitest";
import { type Command, redisClient } from "../../../worker/sessions/redis.ts";
import { SWAP } from "../../../worker/sessions/scripts.ts";
import { noRedis, restRedis } from "../../support/redis.ts";

const missing = noRedis("the client is not held to that of the field");

/** A command of the stores, and how the client of the field is asked for it. */
type Case = [ours: Command, theirs: (redis: Redis) => Promise<unknown>];

const SHA = "0".repeat(40);
const CASES: Case[] = [
  [
    ["SET", "one", "é😀\n\u0000|", "NX", "PX", 60_000],
    (r) => r.set("one", "é😀\n\u0000|", { nx: true, px: 60_000 }),
  ],
  [["SET", "one", "again", "NX", "PX", 60_000], (r) => r.set("one", "again", { nx: true, px: 60_000 })],
  [["SET", "one", "123", "GET", "PX", 60_000], (r) => r.set("one", "123", { get: true, px: 60_000 })],
  [["SET", "one", "OK", "GET", "PXAT", 9e12], (r) => r.set("one", "OK", { get: true, pxat: 9e12 })],
  [["SET", "plain", ""], (r) => r.set("plain", "")],
  [["GET", "one"], (r) => r.get("one")],
  [["GET", "plain"], (r) => r.get("plain")],
  [["GET", "nothing"], (r) => r.get("nothing")],
  [["GETEX", "one", "PX", 5000], (r) => r.getex("one", { px: 5000 })],
  [["MGET", "one", "nothing", "plain"], (r) => r.mget("one", "nothing", "plain")],
  [["PEXPIREAT", "one", 9e12], (r) => r.pexpireat("one", 9e12)],
  [["GETDEL", "one"], (r) => r.getdel("one")],
  [["ZADD", "z", 1_700_000_000_000, "a"], (r) => r.zadd("z", { score: 1_700_000_000_000, member: "a" })],
  [["ZADD", "z", 2, "b"], (r) => r.zadd("z", { score: 2, member: "b" })],
  [["ZSCORE", "z", "a"], (r) => r.zscore("z", "a")],
  [["ZSCORE", "z", "c"], (r) => r.zscore("z", "c")],
  [["ZCOUNT", "z", 2, "+inf"], (r) => r.zcount("z", 2, "+inf")],
  [
    ["ZRANGE", "z", 0, "+inf", "BYSCORE", "LIMIT", 0, 5, "WITHSCORES"],
    (r) => r.zrange("z", 0, "+inf", { byScore: true, withScores: true, offset: 0, count: 5 }),
  ],
  [["ZREMRANGEBYSCORE", "z", "-inf", "(3"], (r) => r.zremrangebyscore("z", "-inf", "(3")],
  [["PEXPIRE", "z", 60_000], (r) => r.pexpire("z", 60_000)],
  [["ZREM", "z", "a", "b"], (r) => r.zrem("z", "a", "b")],
  [
    ["EVAL", "return {KEYS[1], ARGV[1], false, 7}", 1, "k", "v"],
    (r) => r.eval("return {KEYS[1], ARGV[1], false, 7}", ["k"], ["v"]),
  ],
  [["EVAL", SWAP.lua, 1, "k", "x"], (r) => r.eval(SWAP.lua, ["k"], ["x"])],
  [["EVALSHA", SHA, 1, "k", "v"], (r) => r.evalsha(SHA, ["k"], ["v"])],
  [["ZADD", "plain", 1, "a"], (r) => r.zadd("plain", { score: 1, member: "a" })],
  [["SET", "plain", "x", "PX", 0], (r) => r.set("plain", "x", { px: 0 })],
];

/** What came of a promise; of an error what Redis said, which the client of the field wraps in words of its own. */
async function outcome(work: Promise<unknown>): Promise<unknown> {
  return await work.catch((error: unknown) => {
    const text = (error instanceof Error ? error.message : String(error)).split(", command was:", 1)[0]!;
    return `rejected: ${text.replace(/^Command [0-9]+ \[ [a-z]+ \] failed: /i, "").slice(0, 200)}`;
  });
}

/** Names of commands and options are the same in either case. */
function upper(body: unknown): unknown {
  if (Array.isArray(body)) return body.map(upper);
  return typeof body === "string" && /^[a-z]+$/.test(body) ? body.toUpperCase() : body;
}

afterEach(() => vi.unstubAllGlobals());

describe.skipIf(missing)("the client, beside that of the field", () => {
  const rest = restRedis();
  const theirs = () =>
    new Redis({
      url: rest.url,
      token: "t",
      retry: { retries: 0 },
      enableTelemetry: false,
      automaticDeserialization: false,
      enableAutoPipelining: false,
      responseEncoding: false,
    });

  /** The requests that are sent meanwhile: method, path, the headers that the protocol knows, body. */
  function recording(): unknown[] {
    const sent: unknown[] = [];
    const real = fetch;
    vi.stubGlobal("fetch", async (input: string, init: RequestInit) => {
      const headers = new Headers(init.headers);
      const known = ["authorization", "content-type", "upstash-encoding"].map((name) => headers.get(name));
      const { pathname } = new URL(input);
      sent.push([init.method, pathname, known, upper(JSON.parse(String(init.body)))]);
      return await real(input, init);
    });
    return sent;
  }

  it("asks the same and understands the same, command by command", async () => {
    const sent = recording();
    const told: unknown[][] = [];
    for (const client of [0, 1]) {
      await rest.redis.flushall();
      const [own, field] = [rest.client(), theirs()];
      const answers: unknown[] = [];
      for (const [command, ask] of CASES) {
        answers.push(await outcome(client === 0 ? own.run(...command) : ask(field)));
      }
      told.push(answers);
    }
    expect(sent).toHaveLength(2 * CASES.length);
    expect(sent.slice(0, CASES.length)).toEqual(sent.slice(CASES.length));
    for (const [i, [command]] of CASES.entries()) expect(told[0]![i], command.join(" ")).toEqual(told[1]![i]);
    expect(told[0]!.filter((one) => String(one).startsWith("rejected"))).toHaveLength(4);
  });

  it("asks the same and understands the same of a pipeline, and of one with an error in it", async () => {
    const sent = recording();
    const told: unknown[] = [];
    for (const bad of [false, true]) {
      for (const own of [true, false]) {
        await rest.redis.flushall();
        const commands: Command[] = [
          ["SET", "a", "1"],
          ["GET", "a"],
          ["ZADD", bad ? "a" : "z", 3, "m"],
          ["GET", "none"],
        ];
        const field = theirs()
          .pipeline()
          .set("a", "1")
          .get("a")
          .zadd(bad ? "a" : "z", { score: 3, member: "m" })
          .get("none");
        told.push(await outcome(own ? rest.client().pipeline(commands) : field.exec()));
      }
    }
    expect(sent[0]).toEqual(sent[1]);
    expect(sent[2]).toEqual(sent[3]);
    expect(told[0]).toEqual(["OK", "1", 1, null]);
    expect(told[1]).toEqual(told[0]);
    expect(told[2]).toMatch(/^rejected: WRONGTYPE/);
    expect(told[3]).toBe(told[2]);
  });

  it("is refused alike without the right token", async () => {
    const own = redisClient({ url: rest.url, token: "wrong" });
    const field = new Redis({ url: rest.url, token: "wrong", retry: { retries: 0 }, enableTelemetry: false });
    const told = [await outcome(own.run("GET", "a")), await outcome(field.get("a"))];
    expect(told).toEqual(["rejected: Unauthorized", "rejected: Unauthorized"]);
  });
});

describe("the client", () => {
  const TOKEN = "5ecret-t0ken";
  const VALUE = "what-no-log-may-have";
  const undo: (() => void)[] = [];
  afterEach(() => {
    for (const step of undo.splice(0)) step();
  });

  /** A server of these answers, and its url. */
  async function serve(answer: RequestListener): Promise<string> {
    const server = createServer((request, response) => {
      request.resume().on("end", () => answer(request, response));
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    undo.push(() => {
      server.closeAllConnections();
      server.close();
    });
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }
  const says = (status: number, body: string, headers = {}) =>
    serve((_, response) => void response.writeHead(status, headers).end(body));
  const why = async (url: string) =>
    await redisClient({ url, token: TOKEN, timeout: 2000 })
      .run("SET", "key", VALUE)
      .then(
        () => "done",
        (error: unknown) => `${error} ${error instanceof Error ? String(error.cause ?? "") : ""}`,
      );

  it.each([
    [401, '{"error":"Unauthorized"}', "Unauthorized"],
    [429, '{"error":"ERR max requests limit exceeded"}', "max requests limit"],
    [500, "<h1>Internal</h1>", "answered 500"],
    [503, '{"error":{}}', "answered 503"],
    [302, "", "answered 302"],
    [
      400,
      `{"error":"ERR unknown command 'SET', with args beginning with: 'key' '${VALUE}'"}`,
      "ERR unknown command",
    ],
    [400, `{"error":"ERR x, command was: [\\"SET\\",\\"key\\",\\"${VALUE}\\"]"}`, "ERR x"],
    [200, `{"error":"ERR y, command was: ${VALUE}"}`, "ERR y"],
    [200, '{"error":{"a":1}}', "not a string"],
    [200, `{"result":"${VALUE}`, "no JSON"],
    [200, `${VALUE}`, "no JSON"],
    [200, "{}", "not { result }"],
    [200, "[]", "not { result }"],
  ])("says of %s %s no more than what it means", async (status, body, meaning) => {
    const told = await why(await says(status, body, { location: "http://127.0.0.1:1/elsewhere" }));
    expect(told).toContain(meaning);
    for (const secret of [TOKEN, VALUE]) expect(told).not.toContain(secret);
  });

  it("takes its token nowhere else, and asks a host that redirects once", async () => {
    let asked = 0;
    const other = await serve((_, response) => {
      asked++;
      response.end('{"result":"OK"}');
    });
    for (const status of [301, 302, 307, 308]) {
      await expect(why(await says(status, "", { location: other }))).resolves.toContain(String(status));
    }
    expect(asked).toBe(0);
  });

  it("reads no answer to its end that is longer than it may be", async () => {
    let sent = 0;
    const url = await serve((_, response) => {
      const more = () => {
        // 64 MB, unless nobody reads it.
        while (sent < 1024) {
          sent++;
          if (!response.write("x".repeat(65_536))) return response.once("drain", more);
        }
        return response.end();
      };
      more();
    });
    const client = redisClient({ url, token: TOKEN, timeout: 20_000, most: 1 << 20 });
    await expect(client.run("GET", "key")).rejects.toThrow("at most 1048576 bytes");
    expect(sent).toBeLessThan(512);
    const exact = await says(200, JSON.stringify({ result: "y".repeat(100) }));
    const sized = (most: number) => redisClient({ url: exact, token: TOKEN, most }).run("GET", "key");
    expect(await sized(113)).toBe("y".repeat(100));
    await expect(sized(112)).rejects.toThrow("at most 112 bytes");
  });

  it("gives back the sync token that it got last, so that it reads what it wrote", async () => {
    const got: unknown[] = [];
    const url = await serve((request, response) => {
      got.push(request.headers["upstash-sync-token"]);
      response
        .writeHead(200, got.length < 3 ? { "upstash-sync-token": `at-${got.length}` } : {})
        .end('{"result":"OK"}');
    });
    const client = redisClient({ url: `${url}/`, token: TOKEN });
    for (let i = 0; i < 4; i++) await client.run("SET", "key", i);
    expect(got).toEqual([undefined, "at-1", "at-2", "at-2"]);
  });
});
