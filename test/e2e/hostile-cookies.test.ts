import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type Answer, call, decision, Jar } from "../support/client.ts";
import { type Handler, startPod, type TestPod } from "../support/pod.ts";
import { rawGet } from "../support/raw.ts";
import { type Stack, startStack } from "../support/stack.ts";

/** What the pod says on /say/…, by the last part of the path. */
const SAID: Record<string, [status: number, headers: Record<string, string>]> = {
  redirect: [302, { location: "/elsewhere" }],
  forever: [301, { location: "/elsewhere" }],
  error: [500, {}],
  busy: [503, { "retry-after": "1" }],
  unchanged: [304, { etag: '"1"' }],
  "unchanged-public": [304, { etag: '"1"', "cache-control": "public, max-age=60" }],
  partial: [206, { "content-range": "bytes 0-1/9" }],
  empty: [204, {}],
  revalidated: [200, { "cache-control": "no-cache", etag: '"1"' }],
  fresh: [200, { expires: "Fri, 01 Jan 2100 00:00:00 GMT" }],
  field: [200, { "cache-control": 'public, private="x-user"' }],
  cdn: [200, { "cache-control": "no-store", "cdn-cache-control": "max-age=60" }],
};

/** What pods mint on /learn/mint; a letter is a byte. */
let mints = "";

const handle: Handler = (request, response, pod) => {
  const path = request.url ?? "/";
  const said = SAID[path.split("/say/")[1] ?? ""];
  if (said !== undefined) response.writeHead(said[0], said[1]).end();
  else if (path.endsWith("/hinted")) {
    response.writeEarlyHints({ link: "</style.css>; rel=preload" });
    response.end(pod.id);
  } else if (path.endsWith("/mint")) {
    response.setHeader("set-cookie", `SESSIONID=${mints}; Path=/`);
    // With a text, Node would write the headers in UTF-8, too.
    response.end(Buffer.from(pod.id));
  } else response.end(pod.id);
};

describe("hostile cookies over real sockets", () => {
  let pods: TestPod[];
  let stack: Stack;
  const config = (trusted: boolean) => {
    const listed = pods.map(({ id, url }) => ({ id, url }));
    return {
      version: 1,
      explain: true,
      ...(trusted ? { trustedProxies: ["127.0.0.0/8"] } : {}),
      pools: {
        web: { pods: listed },
        embedded: {
          pods: listed,
          affinity: { cookie: { name: "embedded", sameSite: "None", partitioned: true } },
        },
        odd: { pods: listed, affinity: { cookie: { name: "a.b*c|d$^+~x", path: "/odd" } } },
        prefixed: { pods: listed, affinity: { cookie: { name: "__Secure-lb", path: "/prefixed" } } },
        learn: { pods: listed, policy: "random", affinity: { learn: { cookie: "SESSIONID" } } },
        plain: { pods: listed, affinity: "none" },
        forward: { pods: listed, affinity: { cookie: { forward: true } } },
      },
      routes: [
        { pool: "web" },
        ...["embedded", "odd", "prefixed", "learn", "plain", "forward"].map((pool) => ({
          path: `/${pool}`,
          pool,
        })),
      ],
    };
  };

  beforeAll(async () => {
    pods = await Promise.all(["p-0", "p-1", "p-2", "p-3"].map((id) => startPod(id, handle)));
    stack = await startStack({ config: config(true) });
  });
  afterAll(async () => {
    await stack?.stop();
    await Promise.all(pods.map((pod) => pod.kill()));
  });
  const forget = () => {
    for (const pod of pods) pod.last = {};
  };
  beforeEach(forget);

  const https = { "x-forwarded-proto": "https" };
  const lines = (answer: Answer) => answer.headers["set-cookie"] ?? [];
  const nameOf = (answer: Answer) => lines(answer)[0]!.split("=")[0]!;
  const textOf = (answer: Answer) => lines(answer)[0]!.split(";")[0]!.split("=")[1]!;
  /** The Cookie header that reached a pod with this request. */
  const reached = () => pods.map((pod) => pod.last.cookie).find((cookie) => cookie !== undefined);

  it("bytes that are no ASCII pass to the pod, with our cookie taken out, and the session is kept", async () => {
    const first = await call(stack.url);
    const token = `${nameOf(first)}=${textOf(first)}`;
    // What is no UTF-8 is lost where the runtime has to write the header anew; docs/http-limits.md says so.
    const odd: [sent: string, reaches: string][] = [
      ["n=\xc3\xa9\xe2\x82\xac", "n=\xc3\xa9\xe2\x82\xac"],
      ["n=\xf0\x9f\x8d\xaa", "n=\xf0\x9f\x8d\xaa"],
      ["n=\xe9a", "n=\xef\xbf\xbda"],
      ["\xfe=1", "\xef\xbf\xbd=1"],
    ];
    for (const [sent, reaches] of odd) {
      for (const cookie of [`${sent}; ${token}`, `${token}; ${sent}`, `a=1, ${sent}, ${token}`]) {
        const text = await rawGet(stack.url, "/", [`Cookie: ${cookie}`]);
        expect(text, cookie).toMatch(/^HTTP\/1\.1 200 /);
        expect(text).toContain("mooring-decision: kept");
        expect(reached()).toBe(cookie.startsWith("a=1") ? `a=1; ${reaches}` : reaches);
        forget();
      }
      await rawGet(stack.url, "/forward", [`Cookie: ${sent}; ${token}`]);
      expect(reached()).toBe(`${sent}; ${token}`);
      forget();
    }
  });

  it("a cookie that ends in other bytes is none, and no header of a client makes a 5xx", async () => {
    const first = await call(stack.url);
    const token = `${nameOf(first)}=${textOf(first)}`;
    const cookies = [
      `${token}\xff`,
      `${token.slice(0, -1)}\xe9`,
      `${nameOf(first)}=${"\xff".repeat(96)}`,
      `${nameOf(first)}=${"A".repeat(8192)}`,
      Array.from({ length: 60 }, () => `${nameOf(first)}=${"A".repeat(96)}`).join("; "),
      ";".repeat(8000),
      "=",
      "\xff",
      `${nameOf(first)}`,
    ];
    for (const cookie of cookies) {
      const text = await rawGet(stack.url, "/", [`Cookie: ${cookie}`]);
      expect(text, cookie.slice(0, 60)).toMatch(/^HTTP\/1\.1 200 /);
      expect(text).toContain("mooring-decision: bound");
      expect(text.match(/^set-cookie: /gim)).toHaveLength(1);
    }
    for (const cookie of [`a=\x01; ${token}`, `a=\x7f; ${token}`, `a=\x00; ${token}`]) {
      expect(await rawGet(stack.url, "/", [`Cookie: ${cookie}`])).toMatch(/^HTTP\/1\.1 [24]00 /);
    }
  });

  it.each(["/", "/plain", "/forward"])(
    "several Cookie headers reach the pod of %s as one, joined by semicolons",
    async (path) => {
      const text = await rawGet(stack.url, path, ["Cookie: a=1", "Cookie: b=2; c=3", "Cookie: d=4"]);
      expect(text).toMatch(/^HTTP\/1\.1 200 /);
      expect(reached()).toBe("a=1; b=2; c=3; d=4");
    },
  );

  it("no pod sees our cookie under either of its names, whichever way the client came", async () => {
    const plain = await call(stack.url);
    const secure = await call(stack.url, { headers: https });
    expect(nameOf(secure)).toBe(`__Host-${nameOf(plain)}`);
    const both = [plain, secure].map((answer) => `${nameOf(answer)}=${textOf(answer)}`);
    for (const [headers, kept] of [
      [https, secure],
      [{}, plain],
    ] as const) {
      for (const cookie of [
        both.join("; "),
        [...both].reverse().join("; x=1; "),
        `x=1; ${both.join("; ")}`,
      ]) {
        const answer = await call(stack.url, { headers: { ...headers, cookie } });
        expect([decision(answer).outcome, answer.body]).toEqual(["kept", kept.body]);
        expect(reached()).toBe(cookie.includes("x=1") ? "x=1" : undefined);
        forget();
      }
    }
    // Over https the cookie of http says nothing: whoever can listen there could have put it there.
    const answer = await call(stack.url, { headers: { ...https, cookie: both[0]! } });
    expect(decision(answer).outcome).toBe("bound");
  });

  it.each(["redirect", "forever", "error", "busy", "unchanged", "partial", "empty", "revalidated", "fresh"])(
    "an answer that is %s begins a session, and no shared cache may keep it",
    async (what) => {
      for (const method of ["GET", "HEAD"]) {
        const jar = new Jar();
        const answer = await jar.get(`${stack.url}/say/${what}`, { method });
        expect([answer.status, decision(answer).outcome]).toEqual([SAID[what]![0], "bound"]);
        expect(lines(answer)).toHaveLength(1);
        expect(String(answer.headers["cache-control"])).toMatch(/(^|, )private$/);
        const again = await jar.get(`${stack.url}/say/${what}`, { method });
        expect([decision(again).outcome, lines(again)]).toEqual(["kept", []]);
        expect(again.headers["cache-control"]).toBe(SAID[what]![1]["cache-control"]);
      }
    },
  );

  it.each(["unchanged-public", "field", "cdn"])("an answer that is %s gives no cookie", async (what) => {
    const answer = await call(`${stack.url}/say/${what}`);
    expect([answer.status, decision(answer).outcome, lines(answer)]).toEqual([SAID[what]![0], "unkeyed", []]);
  });

  it("a hint before the answer carries nothing, the answer does", async () => {
    const text = await rawGet(stack.url, "/hinted", []);
    expect(text.match(/^set-cookie: /gim)).toHaveLength(1);
    expect(text.split("\r\n\r\n").find((head) => /^HTTP\/1\.1 200 /m.test(head))).toMatch(/^set-cookie: /im);
  });

  it("asks a browser over http for nothing that it refuses there", async () => {
    const [plain = ""] = lines(await call(`${stack.url}/embedded`));
    expect(plain).toMatch(/^embedded=[\w-]{96}; Path=\/; HttpOnly; SameSite=Lax$/);
    const [secure = ""] = lines(await call(`${stack.url}/embedded`, { headers: https }));
    expect(secure).toMatch(/^embedded=[\w-]{96}; Path=\/; Secure; HttpOnly; SameSite=None; Partitioned$/);
    const [prefixed = ""] = lines(await call(`${stack.url}/prefixed`));
    expect(prefixed).toMatch(/^__Secure-lb=[\w-]{96}; Path=\/prefixed; Secure; HttpOnly; SameSite=Lax$/);
  });

  it("takes a configured name by its letters, whatever they mean elsewhere", async () => {
    const jar = new Jar();
    const first = await jar.get(`${stack.url}/odd`);
    expect(nameOf(first)).toBe("a.b*c|d$^+~x");
    expect(decision(await jar.get(`${stack.url}/odd`)).outcome).toBe("kept");
    const cookie = `aXbc|d$^+~x=${textOf(first)}; d$^+~x=${textOf(first)}`;
    expect(decision(await call(`${stack.url}/odd`, { headers: { cookie } })).outcome).toBe("bound");
  });

  it("a preflight gets no cookie, with or without a session, and moves none", async () => {
    const jar = new Jar();
    const first = await jar.get(stack.url);
    const headers = { origin: "https://a.test", "access-control-request-method": "PUT" };
    for (const sender of [jar, new Jar()]) {
      for (const path of ["/", "/embedded", "/learn", "/learn/mint"]) {
        const answer = await sender.get(stack.url + path, { method: "OPTIONS", headers });
        expect(answer.status).toBe(200);
        expect(lines(answer).filter((line) => /[\w-]{96}/.test(line))).toEqual([]);
      }
    }
    expect((await jar.get(stack.url)).body).toBe(first.body);
  });

  it("learns what a pod mints, however odd, and stays with it", async () => {
    const values = [
      "v".repeat(4096),
      '"quoted value"',
      "a=b=c",
      "%00%ff%2c",
      "\xe9\xff\x80",
      "{a:1}",
      "a,b",
      '{"a":1, "b":[2,3]}',
      "a b\tc",
      "__proto__",
      "SESSIONID=x",
    ];
    for (const value of values) {
      const [minted = "", home = ""] = await mint(value);
      expect(minted, value.slice(0, 40)).toMatch(/^HTTP\/1\.1 200 /);
      for (let i = 0; i < 4; i++) {
        const text = await rawGet(stack.url, "/learn", [`Cookie: a=1; SESSIONID=${value}`]);
        expect(text.split("\r\n\r\n")[1], value.slice(0, 40)).toContain(home);
        expect(text).toContain("mooring-decision: kept");
      }
    }
  });

  it("fails at no minted value, though not each can be found again", async () => {
    for (const value of ["a, b=c", ",", " ", "", ";", ";;;=", "a;Max-Age=x", "=", "a;Expires=never"]) {
      const [minted = ""] = await mint(value);
      expect(minted, value).toMatch(/^HTTP\/1\.1 200 /);
      const text = await rawGet(stack.url, "/learn", [`Cookie: SESSIONID=${value}`]);
      expect(text, value).toMatch(/^HTTP\/1\.1 200 /);
    }
  });

  async function mint(value: string): Promise<[text: string, home: string | undefined]> {
    mints = value;
    const text = await rawGet(stack.url, "/learn/mint", []);
    return [text, /p-[0-3]/.exec(text.split("\r\n\r\n")[1] ?? "")?.[0]];
  }

  it("believes nobody who is not trusted that he came by https", async () => {
    expect((await stack.put(config(false))).status).toBe(200);
    const forged = [
      https,
      { "x-forwarded-proto": "HTTPS" },
      { forwarded: "proto=https" },
      { "x-forwarded-ssl": "on" },
    ];
    for (const headers of forged) {
      const answer = await call(stack.url, { headers });
      expect(lines(answer)[0]).toMatch(/^mooring-[0-9a-z]+=[\w-]{96}; Path=\/; HttpOnly; SameSite=Lax$/);
      expect(pods.map((pod) => pod.last["x-forwarded-proto"]).filter(Boolean)).toContain("http");
    }
    await stack.put(config(true));
  });
});
