import { webcrypto } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseConfig } from "../../src/config/parse.ts";
import { podTag } from "../../src/config/tag.ts";
import { keyer } from "../../src/sessions/keyer.ts";
import { exchange } from "../../tools/hostile/client.ts";
import { type Answer, call, Jar } from "../support/client.ts";
import { type Handler, startPod, type TestPod } from "../support/pod.ts";
import { type Stack, startStack } from "../support/stack.ts";

/** Headers of every request that reached a pod. */
const everything: IncomingHttpHeaders[] = [];

const handle: Handler = (request, response, pod) => {
  everything.push(request.headers);
  const path = request.url ?? "";
  if (path.startsWith("/reset") && pod.arrivals.filter((line) => line === `GET ${path}`).length === 1) {
    request.socket.resetAndDestroy();
  } else if (path.startsWith("/mine")) {
    response.setHeader("cache-control", decodeURIComponent(path.slice(6))).end("mine");
  } else if (path.startsWith("/away")) {
    response.writeHead(302, { location: `http://${request.headers.host}/x%0d%0aSet-Cookie:%20evil=1` }).end();
  } else response.end(pod.id);
};

/** What other balancers got wrong, each by the number under which the world knows it. */
describe("holes that others had", () => {
  let pods: TestPod[];
  let stack: Stack;
  beforeAll(async () => {
    pods = await Promise.all(["p-0", "p-1"].map((id) => startPod(id, handle)));
    const listed = pods.map(({ id, url }) => ({ id, url }));
    stack = await startStack({
      config: {
        version: 1,
        explain: true,
        trustedProxies: ["127.0.0.0/8"],
        announce: { forwarded: true, via: true },
        pools: { web: { pods: listed }, lone: { pods: [listed[0]!], affinity: "none" } },
        routes: [{ pool: "web" }, { host: "lone.test", pool: "lone" }],
      },
    });
  });
  afterAll(async () => {
    await stack?.stop();
    await Promise.all(pods.map((pod) => pod.kill()));
  });

  /** What the lone pod saw of a GET with these header lines. */
  async function seen(...lines: readonly string[]): Promise<TestPod["last"]> {
    pods[0]!.last = {};
    const bytes = ["GET / HTTP/1.1", "Host: lone.test", ...lines, "", ""].join("\r\n");
    const text = await exchange(Number(new URL(stack.url).port), bytes);
    expect(text).toMatch(/^HTTP\/1\.1 200 /);
    return pods[0]!.last;
  }

  it("Connection takes out what a client claims, and nothing of what the edge says: X-Real-IP, X-Forwarded-* (CVE-2024-45410, CVE-2021-32813, CVE-2022-31813)", async () => {
    for (const name of ["Connection", "connection", "CONNECTION"]) {
      const headers = await seen(
        "X-Real-IP: 6.6.6.6",
        "X-Secret: 1",
        `${name}: close, X-FORWARDED-FOR, x-forwarded-host, X-Forwarded-Proto, x-real-ip, forwarded, via, X-SECRET`,
      );
      expect(headers).toMatchObject({
        "x-forwarded-for": "127.0.0.1",
        "x-forwarded-host": "lone.test",
        "x-forwarded-proto": "http",
        forwarded: "for=127.0.0.1;host=lone.test;proto=http",
        via: "1.1 mooring",
      });
      for (const gone of ["x-real-ip", "x-secret"]) expect(headers[gone], gone).toBeUndefined();
    }
  });

  it("no look-alike of a header that only a proxy may say passes: X_Real_IP, X.Real.IP (CVE-2026-88011)", async () => {
    const names = [
      "X_Real_IP",
      "X.Real.IP",
      "x_forwarded.for",
      "X-Forwarded_Proto",
      "True_Client_IP",
      "CF_Connecting_IP",
    ];
    const more = ["Proxy_Authorization", "Transfer_Encoding", "Content.Length", "Proxy", "X-Client-IP"];
    const headers = await seen(...[...names, ...more].map((name) => `${name}: 6.6.6.6`), "X_Mine: 1");
    expect(JSON.stringify(headers)).not.toContain("6.6.6.6");
    expect(headers.x_mine).toBe("1");
  });

  it("who the client is goes by the rightmost stranger: not the leftmost entry, no octet over 255, ::ffff: folded, no zone (CVE-2026-27700, CVE-2026-24398, CVE-2026-39409)", async () => {
    const cases: [chain: string, told: string][] = [
      ["6.6.6.6, 203.0.113.7", "203.0.113.7"],
      ["6.6.6.6, 203.0.113.7, 127.0.0.2", "203.0.113.7"],
      ["203.0.113.7, 127.0.0.256", "127.0.0.1"],
      ["6.6.6.6, 256.1.1.1", "127.0.0.1"],
      ["::ffff:203.0.113.7", "203.0.113.7"],
      ["6.6.6.6, ::FFFF:7f00:1", "6.6.6.6"],
      ["6.6.6.6, fe80::1%eth0", "127.0.0.1"],
      ["6.6.6.6, 0127.0.0.1", "127.0.0.1"],
      ["203.0.113.7\t,\t127.0.0.3 ", "203.0.113.7"],
      ["[2001:db8::1]:4711", "2001:db8::1"],
    ];
    for (const [chain, told] of cases) {
      expect((await seen(`X-Forwarded-For: ${chain}`))["x-forwarded-for"], chain).toBe(told);
    }
    // Two headers are one list, in their order.
    const two = await seen("X-Forwarded-For: 6.6.6.6", "X-Forwarded-For: 203.0.113.9");
    expect(two["x-forwarded-for"]).toBe("203.0.113.9");
  });

  it("no line end gets into what the edge adds, encoded or not (CVE-2023-27493)", async () => {
    const port = Number(new URL(stack.url).port);
    for (const host of [
      "lone.test%0d%0aX-Evil: 1",
      "lone.test\rX-Evil: 1",
      "lone.test\0",
      'lone.test";evil="',
      "lone.test,evil",
    ]) {
      const before = pods[0]!.arrivals.length;
      const text = await exchange(port, `GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
      expect(text, host).toMatch(/^HTTP\/1\.1 400 /);
      expect(pods[0]!.arrivals).toHaveLength(before);
    }
    const claims = ["x;for=evil", '"203.0.113.7"', "203.0.113.7;host=evil"].map(
      (claim) => `X-Forwarded-For: ${claim}`,
    );
    for (const claim of claims)
      expect((await seen(claim)).forwarded).toBe("for=127.0.0.1;host=lone.test;proto=http");
    const away = await call(`${stack.url}/away`);
    expect(away.headers.location).toBe(`${stack.url}/x%0d%0aSet-Cookie:%20evil=1`);
    expect(away.headers["set-cookie"]?.join()).not.toMatch(/^evil|,evil/);
  });

  it("the sticky cookie goes to no pod, also not to the one that stands in for another, and probes carry nothing of a client (CVE-2026-41181)", async () => {
    const jar = new Jar();
    const first = await jar.get(stack.url);
    const [name = ""] = jar.cookies.keys();
    jar.cookies.set("mine", "1");
    const home = pods.find(({ id }) => id === first.body)!;
    const other = pods.find(({ id }) => id !== first.body)!;
    const secret = { headers: { authorization: "Basic c2VjcmV0" } };
    everything.length = 0;
    // After a reset the pod is asked for a sign of life, and the request goes out once more.
    expect((await jar.get(`${stack.url}/reset`, secret)).status).toBe(200);
    await home.kill();
    try {
      expect((await jar.get(stack.url, secret)).body).toBe(other.id);
      expect([other.last.cookie, other.last.authorization]).toEqual(["mine=1", "Basic c2VjcmV0"]);
      // A POST is told by its failure alone; before the next one the pod is asked for a sign of life.
      const lone = { method: "POST", body: "x", headers: { host: "lone.test", ...secret.headers } };
      if (home !== pods[0]) await pods[0]!.kill();
      expect((await call(stack.url, lone)).status).toBe(502);
      await pods[0]!.revive();
      expect((await call(stack.url, lone)).status).toBe(200);
    } finally {
      if (home !== pods[0]) await home.revive();
    }
    expect(JSON.stringify(everything)).not.toContain(name);
    const probes = everything.filter((headers) => headers["user-agent"] === "mooring-probe");
    expect(probes.length).toBeGreaterThan(0);
    for (const probe of probes) expect(Object.keys(probe).sort()).toEqual(["host", "user-agent"]);
  });

  it("no option of a cookie makes another attribute, another cookie or another header (CVE-2026-29086)", () => {
    const evil = [
      "a; Domain=evil.test",
      "a\r\nX-Evil: 1",
      "a, b=c",
      "/; HttpOnly",
      "a\0b",
      "a b",
      'a"b',
      "\u010d\u010a",
    ];
    const wrong = (options: object) =>
      !parseConfig(
        JSON.stringify({
          version: 1,
          pools: { web: { pods: [], affinity: { cookie: options } } },
          routes: [{ pool: "web" }],
        }),
      ).ok;
    for (const value of evil) {
      for (const key of ["name", "path", "domain", "sameSite"]) {
        if (key === "path" && value === "/; HttpOnly") expect(wrong({ path: value })).toBe(true);
        expect(wrong({ [key]: value }), `${key}: ${JSON.stringify(value)}`).toBe(true);
      }
    }
    expect(wrong({ name: "lb", path: "/a", domain: "shop.test", sameSite: "Lax" })).toBe(false);
  });

  it("what a digest or a MAC covers reads in one way alone (CVE-2023-35941)", async () => {
    const subtle = webcrypto.subtle as SubtleCrypto;
    const sids = keyer(subtle);
    const digest = (data: Uint8Array<ArrayBuffer>) => subtle.digest("SHA-256", data);
    const made = await Promise.all([
      sids.sid("00", "web header a", "bc"),
      sids.sid("00", "web header ab", "c"),
      sids.sid("00", "web header abc", ""),
      sids.sid("001", "2:web header a", "bc"),
      ...[
        ["a", "bc", 0],
        ["ab", "c", 0],
        ["a", "b", 10],
        ["a", "b1", 0],
        ["a", "b", 1],
      ].map(([pool, id, generation]) => podTag(String(pool), String(id), Number(generation), digest)),
    ]);
    expect(new Set(made).size).toBe(made.length);
  });

  it("a response with one client's cookie is for no shared cache, and one for a shared cache has none (CVE-2026-44457)", async () => {
    const ask = (control: string) => call(`${stack.url}/mine/${encodeURIComponent(control)}`);
    const cookie = (answer: Answer) => answer.headers["set-cookie"]?.length ?? 0;
    for (const control of [
      "public, max-age=60",
      "s-maxage=1",
      "max-age=60",
      "PUBLIC",
      'private="x", public',
    ]) {
      const answer = await ask(control);
      expect([cookie(answer), answer.headers["cache-control"]], control).toEqual([0, control]);
    }
    for (const control of ["private", "no-store", "private, max-age=60"]) {
      const answer = await ask(control);
      expect([cookie(answer), answer.headers["cache-control"]], control).toEqual([1, control]);
    }
    for (const control of ["no-cache", "max-age=0", "must-revalidate", 'private="set-cookie"']) {
      const answer = await ask(control);
      expect([cookie(answer), answer.headers["cache-control"]], control).toEqual([1, `${control}, private`]);
    }
  });
});
