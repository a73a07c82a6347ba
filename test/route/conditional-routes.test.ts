import { describe, expect, it } from "vitest";
import { explain } from "../../src/route/explain.ts";
import { Recorder } from "../../src/route/record.ts";
import { replay, outcomeOf as replayed } from "../../src/route/replay.ts";
import { route } from "../../src/route/route.ts";
import type { Trace } from "../../src/route/trace.ts";
import { testCore } from "../support/core.ts";
import { cookiesOf, outcomeOf, TestEdge } from "../support/edge.ts";

const pods = (name: string) =>
  [0, 1, 2].map((i) => ({ id: `${name}-${i}`, url: `http://10.0.0.${i}:80/${name}` }));
const config = (routes: object[], affinity: unknown = ["cookie"]) => ({
  version: 1,
  explain: true,
  pools: Object.fromEntries(["web", "beta", "read"].map((name) => [name, { pods: pods(name), affinity }])),
  routes,
});
const ROUTES = [
  { pool: "web" },
  { pool: "read", match: { methods: ["GET", "HEAD"], query: [{ name: "report" }] } },
  {
    pool: "beta",
    match: {
      headers: [
        { name: "X-User", pattern: "^al" },
        { name: "x-old", not: true },
      ],
    },
  },
  { pool: "web", match: { headers: [{ name: "x-user", value: "alice" }, { name: "x-old" }] } },
];
const poolOf = async (response: Response) => (await response.text()).replace(/-\d$/, "");

describe("routes that differ by what they ask for", () => {
  it("lead by methods, headers and the query, and one without takes the rest", async () => {
    const edge = await TestEdge.start({ config: config(ROUTES) });
    const at = async (url: string, init?: RequestInit) =>
      poolOf(await edge.ask(`http://shop.test${url}`, init));
    const user = (name: string, more = {}) => ({ headers: { "x-user": name, ...more } });
    expect(await at("/")).toBe("web");
    expect(await at("/?report")).toBe("read");
    expect(await at("/?report", { method: "DELETE" })).toBe("web");
    expect(await at("/", user("alice"))).toBe("beta");
    expect(await at("/", user("bob"))).toBe("web");
    expect(await at("/", user("alice", { "x-old": "1" }))).toBe("web");
  });

  it("and to one pool share its sessions, and those of another pool have none of theirs", async () => {
    const edge = await TestEdge.start({ config: config(ROUTES) });
    const first = await edge.ask("http://shop.test/");
    const cookie = cookiesOf(first)[0]!.join("=");
    const again = (headers: Record<string, string>) =>
      edge.ask("http://shop.test/", { headers: { cookie, ...headers } });
    const shared = await again({ "x-user": "alice", "x-old": "1" });
    expect([outcomeOf(shared), await shared.text()]).toEqual(["kept", await first.text()]);
    const apart = await again({ "x-user": "alice" });
    expect([outcomeOf(apart), await poolOf(apart)]).toEqual(["bound", "beta"]);
    expect(outcomeOf(await again({}))).toBe("kept");
    expect(edge.edge.breaks).toEqual([]);
  });

  it("refuse as unrouted what fits none of them", async () => {
    const edge = await TestEdge.start({ config: config(ROUTES.slice(1, 3)) });
    const response = await edge.ask("http://shop.test/");
    expect([response.status, ((await response.json()) as { code: string }).code]).toEqual([404, "no-route"]);
  });

  it("hide the cookie of another scope that the same host has, also behind a path for every request", async () => {
    const named = (name: string) => ({ pods: pods(name), affinity: { cookie: { name: `sid-${name}` } } });
    const edge = await TestEdge.start({
      config: {
        ...config([{ host: "shop.test", pool: "beta", match: { methods: ["GET"] } }, { pool: "web" }]),
        pools: { web: named("web"), beta: named("beta") },
      },
    });
    const cookie = "sid-web=x; own=1";
    const response = await edge.ask("http://shop.test/", { headers: { cookie } });
    expect(await poolOf(response)).toBe("beta");
    expect(new Headers(edge.shipped.at(-1)!.headers).get("cookie")).toBe("own=1");
  });
});

describe("a cookie of path `matched`", () => {
  /**
   * A browser compares whole segments, and case: with the path as it is written it would have sent the cookie of `/shop/a`
   * back to `/shop/a` alone, and each request for `/shop/ab` had begun a session.
   */
  it.each([
    [{ path: "/shop/" }, "/shop/x", "/shop/"],
    [{ path: "/shop", pathType: "exact" }, "/shop", "/shop"],
    [{ path: "/shop/a", pathType: "start" }, "/shop/abc", "/shop/"],
    [{ path: "/shop/a/", pathType: "start" }, "/shop/a/b", "/shop/a/"],
    [{ path: "/a", pathType: "start" }, "/abc", "/"],
    [{ path: "/Shop", ignoreCase: true }, "/SHOP/x", "/"],
    [{ path: "/Shop/a", pathType: "start", ignoreCase: true }, "/shop/abc", "/"],
    [{ path: "/(cart|till)/\\d+", pathType: "pattern" }, "/till/7", "/"],
    [{ path: "/(cart|till)", pathType: "regex" }, "/Till", "/(cart|till)"],
  ])("is written by %j at %s with %s", async (place, path, expected) => {
    const affinity = { cookie: { path: "matched" } };
    const edge = await TestEdge.start({ config: config([{ ...place, pool: "web" }], affinity) });
    const response = await edge.ask(`http://shop.test${path}`);
    expect(/; Path=([^;]*)/.exec(response.headers.get("set-cookie")!)?.[1]).toBe(expected);
  });
});

describe("conditions in traces and explanations", () => {
  const requestOf = (url: string, headers: Record<string, string> = {}, method = "GET") =>
    ({
      url: `http://shop.test${url}`,
      method,
      headers: new Headers(headers),
      body: null,
    }) as unknown as Request;

  it("replay to the same pod, without the texts that they went by", async () => {
    const edge = await TestEdge.start({
      config: config([...ROUTES, { path: "/Shop", ignoreCase: true, pool: "read" }]),
    });
    const cases = [
      ["web", requestOf("/")],
      ["beta", requestOf("/?q=secret", { "x-user": "alsecret" })],
      ["web", requestOf("/", { "x-user": "alice", "x-old": "secret" })],
      ["read", requestOf("/?report=secret")],
      ["read", requestOf("/sHOP/1")],
    ] as const;
    for (const [pool, request] of cases) {
      const recorder = new Recorder(edge.edge, request);
      const response = await route(recorder.edge, request, { waitUntil: () => undefined });
      const text = JSON.stringify(recorder.trace());
      expect(text).not.toContain("secret");
      const pod = await response.text();
      expect(await replay(JSON.parse(text) as Trace, testCore())).toEqual({
        outcome: replayed(response),
        pool,
        pod,
      });
    }
  });

  it("name the route, what it asks for, and what each route before it missed", async () => {
    const edge = await TestEdge.start({ config: config(ROUTES) });
    const said = (request: Request) => explain(edge.edge, edge.view, edge.view, request);
    const alice = await said(requestOf("/?report", { "x-user": "alice", "x-old": "1" }, "PUT"));
    expect(alice.steps.slice(0, 3)).toEqual([
      { step: "passed", host: "*", path: "/", failed: "method GET|HEAD" },
      { step: "passed", host: "*", path: "/", failed: "not header x-old" },
      expect.objectContaining({
        step: "route",
        match: ["header x-user=alice", "header x-old"],
        why: "any host, and there the longest path that matches, whose conditions fit",
      }),
    ]);
    expect(alice.trace?.config.route.match).toMatchObject({
      headers: [{ name: "x-user" }, { name: "x-old" }],
    });
    const other = await TestEdge.start({ config: config(ROUTES.slice(2, 3)) });
    const none = await explain(other.edge, other.view, other.view, requestOf("/", { "x-user": "bob" }));
    expect(none.steps).toMatchObject([
      { step: "passed", failed: "header x-user~^al" },
      { step: "refused", code: "no-route" },
    ]);
  });
});
