import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Explanation } from "../../src/route/explain.ts";
import { type Call, call, decision, Jar } from "../../tools/fleet/client.ts";
import { type Fleet, startFleet } from "../../tools/fleet/fleet.ts";
import { rawGet } from "../support/raw.ts";

const ROUTES = [
  { path: "/", pool: "web" },
  { path: "/cart", pool: "beta", match: { headers: [{ name: "X-User", pattern: "^al" }] } },
  {
    path: "/cart",
    pool: "reports",
    match: { methods: ["GET", "HEAD"], query: [{ name: "report type", value: "a&b" }] },
  },
  { path: "/cart/", pool: "reports", match: { methods: ["PUT"], headers: [{ name: "x-old", not: true }] } },
  { host: "*.example.com", path: "/", pool: "beta", match: { headers: [{ name: "host", prefix: "Shop." }] } },
  { path: "/Till", pool: "reports", ignoreCase: true },
];

/** Two edges, real requests: what the runtime makes of headers and queries on the way. */
describe("routes that ask for more than a path", () => {
  let fleet: Fleet;
  beforeAll(async () => {
    fleet = await startFleet({
      edges: 2,
      pods: 3,
      config: ([web, beta, reports]) => ({
        version: 1,
        explain: true,
        pools: { web: { pods: [web] }, beta: { pods: [beta] }, reports: { pods: [reports] } },
        routes: ROUTES,
      }),
    });
  }, 60_000);
  afterAll(async () => fleet?.stop());

  it.each<[string, Call, pool: string]>([
    ["/cart", {}, "web"],
    ["/cart", { headers: { "X-USER": "alice" } }, "beta"],
    ["/cart", { headers: { "x-user": "bob" } }, "web"],
    // Two lines of one name are one value, and the pattern begins with its first.
    ["/cart", { headers: { "x-user": ["alice", "bob"] } }, "beta"],
    ["/cart", { headers: { "x-user": ["bob", "alice"] } }, "web"],
    ["/cart?report%20type=a%26b", {}, "reports"],
    ["/cart?x=1&report+type=a%26b&report+type=c", {}, "reports"],
    ["/cart?report+type=c&report+type=a%26b", {}, "web"],
    ["/cart?report+type=a&b", {}, "web"],
    ["/cart?report+type=a%26b", { method: "POST" }, "web"],
    ["/cart?__proto__=1&constructor=2", { headers: { ["__proto__"]: "1" } }, "web"],
    // The one with more conditions, wherever it stands.
    ["/cart?report+type=a%26b", { headers: { "x-user": "alice" } }, "reports"],
    ["/cart/1", { method: "PUT" }, "reports"],
    ["/cart/1", { method: "PUT", headers: { "x-old": "" } }, "web"],
    ["/cart/1", { method: "PUT", headers: { "x-old": "1", "x-user": "alice" } }, "beta"],
    ["/", { headers: { host: "SHOP.example.com:8080" } }, "beta"],
    ["/", { headers: { host: "www.example.com" } }, "web"],
    ["/tILL/7", {}, "reports"],
    ["/Tills", {}, "web"],
  ])("%s %j → %s, at every edge", async (path, options, pool) => {
    for (const { url } of fleet.edges) {
      expect(decision(await call(url + path, options))).toMatchObject({ outcome: "bound", pool });
    }
  });

  it("leave a session where it is, and give its client another one at another pool", async () => {
    const jar = new Jar();
    const at = async (edge: number, headers = {}) => {
      const { outcome, pool } = decision(await jar.get(`${fleet.edges[edge]!.url}/cart`, { headers }));
      return [outcome, pool];
    };
    expect(await at(0)).toEqual(["bound", "web"]);
    expect(await at(1, { "x-user": "alice" })).toEqual(["bound", "beta"]);
    expect(await at(0, { "x-user": "alice" })).toEqual(["kept", "beta"]);
    expect(await at(1)).toEqual(["kept", "web"]);
    expect((await fleet.breaks()).breaks).toEqual([]);
  });

  it("find the rest of a long query, and the header among many", async () => {
    const filler = Array.from({ length: 900 }, (_, i) => `p${i}=%41`).join("&");
    const answer = await rawGet(
      fleet.url,
      `/cart?${filler}&report%20type=a%26b`,
      Array.from({ length: 100 }, (_, i) => `X-${i}: al`),
    );
    expect(answer).toMatch(/mooring-decision: bound; pool=reports/i);
  });

  it("are explained by what each did not fit", async () => {
    const explained = async (url: string, headers: object, method = "GET") =>
      (await fleet.admin.send<Explanation>("POST", "/v1/explain", { body: { method, url, headers } })).json;
    const { pool, steps } = await explained("http://h/cart?report+type=a", { "x-user": "bob" });
    expect(pool).toBe("web");
    expect(steps.filter(({ step }) => step === "passed")).toEqual([
      { step: "passed", host: "*", path: "/cart", failed: "query report type=a&b" },
      { step: "passed", host: "*", path: "/cart", failed: "method PUT" },
      { step: "passed", host: "*", path: "/cart", failed: "header x-user~^al" },
    ]);
    const till = await explained("http://h/TILL", {});
    expect(till.steps[0]).toMatchObject({ step: "route", path: "/Till", ignoreCase: true });
  });

  it("are told apart by a plan, which counts on nobody whom a new one may take", async () => {
    const jar = new Jar();
    await jar.get(`${fleet.url}/cart`);
    const { config } = (await fleet.admin.config())!;
    const planned = async (routes: object[]) =>
      (
        await fleet.admin.send<{ routes: object[]; moves: unknown[]; summary: { exact: boolean } }>(
          "POST",
          "/v1/plan",
          { body: { ...(config as object), routes } },
        )
      ).json;
    expect(await planned(ROUTES)).toMatchObject({ routes: [], moves: [], summary: { exact: true } });
    const more = { path: "/cart", pool: "reports", match: { headers: [{ name: "x-beta" }] } };
    expect(await planned([...ROUTES, more])).toMatchObject({
      routes: [{ host: "*", path: "/cart", match: ["header x-beta"], before: "web", after: "reports" }],
    });
  });
});
