import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { call, Jar } from "../../tools/fleet/client.ts";
import { type Fleet, startFleet } from "../../tools/fleet/fleet.ts";
import { inParallel } from "../../tools/fleet/wait.ts";
import { ingressOf, startBackends } from "../support/ingress.ts";

const HOST = "shop.example.com";

/** What ingress-nginx's own tests of canaries ask for, of the public endpoint. */
describe("a canary Ingress", () => {
  let fleet: Fleet;
  let pods: Awaited<ReturnType<typeof startBackends>>;

  beforeAll(async () => {
    pods = await startBackends(["main-0", "main-1", "canary-0"]);
    fleet = await startFleet({ pods: 0, config: () => undefined });
  });
  afterAll(async () => {
    await fleet?.stop();
    pods?.stop();
  });

  const put = async (...ingresses: object[]) => {
    const items = [
      ...pods.service("main", ["main-0", "main-1"]),
      ...pods.service("canary", ["canary-0"]),
      ...ingresses,
    ];
    const { status, json } = await fleet.admin.putConfig({ apiVersion: "v1", kind: "List", items });
    expect(status, JSON.stringify(json)).toBe(200);
    return (json as { notices: { level: string; object: string; message: string }[] }).notices;
  };
  /** A primary and its canary of one host and path. */
  const apply = (canary: Record<string, string>, main: Record<string, string> = {}) =>
    put(
      ingressOf("main", HOST, [["/", "main"]], main),
      ingressOf("canary", HOST, [["/", "canary"]], { canary: "true", ...canary }),
    );
  const side = async (headers: Record<string, string> = {}) =>
    (await call(fleet.url, { headers: { host: HOST, ...headers } })).body.split("-")[0];
  /** How many of 500 requests came to the canary. */
  const share = async (count = 500) => {
    let found = 0;
    await inParallel(Array(count).keys(), 16, async () => {
      if ((await side()) === "canary") found++;
    });
    return found / count;
  };

  it("C1: without a rule all goes to the primary", async () => {
    await apply({});
    expect(await share(40)).toBe(0);
  });

  it("C2: a canary alone is 404, and so is a path that only it has", async () => {
    const notices = await put(
      ingressOf("main", HOST, [["/", "main"]]),
      ingressOf("canary", "new.example.com", [["/", "canary"]], { canary: "true", "canary-weight": "100" }),
    );
    expect((await call(fleet.url, { headers: { host: "new.example.com" } })).status).toBe(404);
    expect(notices.some(({ object }) => object === "Ingress shop/canary")).toBe(true);
  });

  it("C3: by header: always and never, all else by weight", async () => {
    await apply({ "canary-by-header": "CanaryByHeader" });
    expect(await side({ canarybyheader: "always" })).toBe("canary");
    expect(await side({ canarybyheader: "never" })).toBe("main");
    expect(await side({ canarybyheader: "badheadervalue" })).toBe("main");
    expect(await side()).toBe("main");
  });

  it("C4: by a value of the header", async () => {
    await apply({ "canary-by-header": "CanaryByHeader", "canary-by-header-value": "DoCanary" });
    expect(await side({ canarybyheader: "DoCanary" })).toBe("canary");
    for (const value of ["always", "never", "docanary", "badheadervalue"])
      expect(await side({ canarybyheader: value })).toBe("main");
  });

  it("C5: by a value and a cookie: the value first, then the cookie", async () => {
    await apply({
      "canary-by-header": "X",
      "canary-by-header-value": "DoCanary",
      "canary-by-cookie": "choice",
    });
    expect(await side({ x: "DoCanary", cookie: "choice=never" })).toBe("canary");
    expect(await side({ x: "other", cookie: "choice=always" })).toBe("canary");
    expect(await side({ x: "other", cookie: "choice=never" })).toBe("main");
  });

  it("C6: by a pattern of the header", async () => {
    await apply({ "canary-by-header": "X", "canary-by-header-pattern": "^Do[A-Z][a-z]+y$" });
    expect(await side({ x: "DoCanary" })).toBe("canary");
    expect(await side({ x: "Docanary" })).toBe("main");
    expect(await side()).toBe("main");
  });

  it("C7: a value goes before a pattern", async () => {
    await apply({
      "canary-by-header": "X",
      "canary-by-header-value": "DoCanary",
      "canary-by-header-pattern": "^Do[A-Z][a-z]+y$",
    });
    expect(await side({ x: "DoCanary" })).toBe("canary");
    expect(await side({ x: "DoAnary" })).toBe("main");
  });

  it("C8: a pattern that does not compile is the primary's, whatever the weight", async () => {
    const notices = await apply({
      "canary-by-header": "X",
      "canary-by-header-pattern": "[[a-z][",
      "canary-weight": "100",
    });
    expect(await side({ x: "a" })).toBe("main");
    expect(await side()).toBe("canary");
    expect(notices.map(({ level }) => level)).toContain("invalid");
  });

  it("C9: by cookie: always and never, all else by weight", async () => {
    await apply({ "canary-by-cookie": "Canary-By-Cookie" });
    expect(await side({ cookie: "Canary-By-Cookie=always" })).toBe("canary");
    expect(await side({ cookie: "Canary-By-Cookie=never" })).toBe("main");
    expect(await side({ cookie: "Canary-By-Cookie=badcookievalue" })).toBe("main");
    await apply({ "canary-by-cookie": "Canary-By-Cookie", "canary-weight": "100" });
    expect(await side({ cookie: "Canary-By-Cookie=never" })).toBe("main");
  });

  it("C10: weights of 0, 100, 50 and of a total, within 5 points of 500", { timeout: 60_000 }, async () => {
    await apply({ "canary-weight": "0" });
    expect(await share()).toBe(0);
    await apply({ "canary-weight": "100" });
    expect(await share()).toBe(1);
    // Five points are 2.2 standard deviations of 500 at one half: two in a hundred would miss, so there are two goes.
    const near = async (wanted: number) => {
      const found = await share();
      return Math.abs(found - wanted) <= 0.05 ? wanted : (found + (await share())) / 2;
    };
    await apply({ "canary-weight": "50" });
    expect(Math.abs((await near(0.5)) - 0.5)).toBeLessThanOrEqual(0.05);
    await apply({ "canary-weight": "100", "canary-weight-total": "200" });
    expect(Math.abs((await near(0.5)) - 0.5)).toBeLessThanOrEqual(0.05);
    await apply({ "canary-weight": "10", "canary-weight-total": "120" });
    expect(Math.abs((await near(10 / 120)) - 10 / 120)).toBeLessThanOrEqual(0.05);
  });

  it("C11: other hosts and paths of the primary have no canary", async () => {
    await put(
      ingressOf("main", HOST, [
        ["/", "main"],
        ["/foo", "main"],
      ]),
      ingressOf("canary", HOST, [["/foo", "canary"]], { canary: "true", "canary-weight": "100" }),
    );
    expect(await side()).toBe("main");
    expect((await call(`${fleet.url}/foo`, { headers: { host: HOST } })).body).toBe("canary-0");
  });

  it.each([{}, { "affinity-canary-behavior": "sticky" }])(
    "C12: a session keeps its side: %o",
    async (behaviour) => {
      const affinity = { affinity: "cookie", "session-cookie-name": "SERVERID" };
      const headers = { host: HOST };
      await apply({ "canary-weight": "100", ...behaviour }, affinity);
      const there = new Jar();
      expect((await there.get(fleet.url, { headers })).body).toBe("canary-0");
      await apply({ "canary-weight": "0", ...behaviour }, affinity);
      const here = new Jar();
      const first = (await here.get(fleet.url, { headers })).body;
      expect(first).toMatch(/^main/);
      for (let i = 0; i < 10; i++) {
        expect((await there.get(fleet.url, { headers })).body).toBe("canary-0");
        expect((await here.get(fleet.url, { headers })).body).toBe(first);
      }
      await apply({ "canary-weight": "100", ...behaviour }, affinity);
      expect((await here.get(fleet.url, { headers })).body).toBe(first);
    },
  );

  it("C13: legacy: who draws the canary gets no cookie, a primary's session stays", async () => {
    const affinity = { affinity: "cookie", "session-cookie-name": "SERVERID" };
    const headers = { host: HOST };
    const legacy = { "affinity-canary-behavior": "legacy" };
    await apply({ "canary-weight": "100", ...legacy }, affinity);
    const jar = new Jar();
    expect((await jar.get(fleet.url, { headers })).body).toBe("canary-0");
    expect(jar.cookie).toBe("");
    await apply({ "canary-weight": "0", ...legacy }, affinity);
    const first = (await jar.get(fleet.url, { headers })).body;
    expect(first).toMatch(/^main/);
    expect(jar.cookie).toMatch(/^SERVERID=/);
    await apply({ "canary-weight": "100", ...legacy }, affinity);
    expect((await jar.get(fleet.url, { headers })).body).toBe(first);
  });
});
