import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Answer, call, decision, Jar } from "../../tools/fleet/client.ts";
import { type Fleet, startFleet } from "../../tools/fleet/fleet.ts";
import { eventually, inParallel } from "../../tools/fleet/wait.ts";
import { startBackends } from "../support/ingress.ts";

const PODS = { v1: ["v1-0", "v1-1"], v2: ["v2-0", "v2-1"], v3: ["v3-0", "v3-1"] };
const API = { apiVersion: "gateway.networking.k8s.io/v1" };
/** Native config that stands beside them: by this host it is told which revision an edge goes by. */
const BESIDE = `version: 1
explain: true
pools: { revision: { pods: [] } }
routes: [{ host: revision.test, pool: revision }]
`;
const metadata = { name: "shop", namespace: "shop" };

/** HTTPRoutes as the Gateway API has them, at the public endpoint of two edges. */
describe("the Gateway API", () => {
  let fleet: Fleet;
  let backends: Awaited<ReturnType<typeof startBackends>>;

  beforeAll(async () => {
    backends = await startBackends(Object.values(PODS).flat());
    fleet = await startFleet({ edges: 2, pods: 0, config: () => undefined });
  }, 60_000);
  afterAll(async () => {
    await fleet?.stop();
    backends?.stop();
  });

  const ref = (name: string, weight?: number) => ({
    name,
    port: 80,
    ...(weight === undefined ? {} : { weight }),
  });
  const at = (path: string, rule: object) => ({
    matches: [{ path: { type: "PathPrefix", value: path } }],
    ...rule,
  });
  /** What the objects of a namespace come to, with a Service that has no pods. */
  const put = async (rules: object[], ...others: object[]) => {
    const services = Object.entries(PODS).flatMap(([name, pods]) => backends.service(name, pods));
    const items = [
      ...services,
      ...backends.service("cold", []),
      { ...API, kind: "HTTPRoute", metadata, spec: { parentRefs: [{ name: "edge" }], rules } },
      ...others,
    ];
    const list = JSON.stringify({ apiVersion: "v1", kind: "List", items });
    const { status, json } = await fleet.admin.putConfig(`${BESIDE}---\n${list}\n`);
    expect(status, JSON.stringify(json)).toBe(200);
    const { revision } = json as { revision: number };
    // Both edges go by it.
    for (const { url } of fleet.edges)
      await eventually(
        async () => Number(decision(await call(url, { headers: { host: "revision.test" } })).revision),
        (found) => found >= revision,
      );
  };
  const url = (path: string, edge = 0) => fleet.edges[edge]!.url + path;
  const attributes = (answer: Answer) => (answer.headers["set-cookie"] ?? []).join("\n");

  it("four rules of an HTTPRoute: none, Header, a Permanent cookie of 10 s, a Session over two backends", async () => {
    await put([
      at("/none", { backendRefs: [ref("v1")] }),
      at("/header", {
        backendRefs: [ref("v2")],
        sessionPersistence: { sessionName: "Session-A", type: "Header", absoluteTimeout: "1h" },
      }),
      at("/permanent", {
        backendRefs: [ref("v3")],
        sessionPersistence: {
          sessionName: "Session-A",
          type: "Cookie",
          absoluteTimeout: "10s",
          cookieConfig: { lifetimeType: "Permanent" },
        },
      }),
      at("/session", {
        backendRefs: [ref("v1"), ref("v2")],
        sessionPersistence: { sessionName: "Session-A", cookieConfig: { lifetimeType: "Session" } },
      }),
    ]);

    // Two pods at random: one of them is missed by 40 requests once in 2^39.
    const seen = new Set<string>();
    for (let i = 0; i < 40; i++) {
      const answer = await call(url("/none", i % 2));
      expect([decision(answer).outcome, attributes(answer)]).toEqual(["unkeyed", ""]);
      seen.add(answer.body);
    }
    expect(seen).toEqual(new Set(PODS.v1));

    const first = await call(url("/header"));
    const token = String(first.headers["session-a"]);
    expect([token.length, attributes(first)]).toEqual([96, ""]);
    for (let i = 0; i < 20; i++) {
      const answer = await call(url("/header", i % 2), { headers: { "session-a": token } });
      expect([answer.body, decision(answer).outcome]).toEqual([first.body, "kept"]);
    }

    const jar = new Jar();
    const bound = await jar.get(url("/permanent"));
    expect(attributes(bound)).toMatch(/^Session-A=[\w-]{96}; Max-Age=10; Path=\/permanent; HttpOnly/);
    const kept = await jar.get(url("/permanent", 1));
    expect([kept.body, decision(kept).outcome]).toEqual([bound.body, "kept"]);

    const services = new Set<string>();
    for (let i = 0; i < 30; i++) {
      const own = new Jar();
      const { body, ...answer } = await own.get(url("/session", i % 2));
      expect(attributes({ body, ...answer })).toMatch(/^Session-A=[\w-]{96}; Path=\/session; HttpOnly/);
      expect(attributes({ body, ...answer })).not.toMatch(/Max-Age|Expires/i);
      services.add(body.slice(0, 2));
      for (let again = 1; again <= 3; again++)
        expect((await own.get(url("/session", again % 2))).body).toBe(body);
    }
    expect(services).toEqual(new Set(["v1", "v2"]));

    // What one rule has issued says nothing at another.
    const stranger = await jar.copy().get(url("/session"));
    expect(decision(stranger).outcome).toBe("bound");
    // 10 s after it began the session is over, however often it was seen.
    const over = await eventually(
      () => jar.copy().get(url("/permanent")),
      (answer) => decision(answer).outcome === "bound",
      { within: 20_000, every: 500 },
    );
    expect(attributes(over)).toMatch(/Max-Age=10;/);
  }, 60_000);

  it("70, 30 and 0 of each 100 new sessions, sticky afterwards, and kept when their side goes to weight 0", async () => {
    const rule = (...weights: number[]) =>
      at("/", {
        backendRefs: ["v1", "v2", "v3"].map((name, i) => ref(name, weights[i])),
        sessionPersistence: { sessionName: "cart", absoluteTimeout: "1h" },
      });
    await put([rule(70, 30, 0)]);
    const clients = Array.from({ length: 500 }, () => new Jar());
    const homes = new Map<Jar, string>();
    await inParallel(clients, 16, async (jar) => {
      homes.set(jar, (await jar.get(url("/", homes.size % 2))).body);
    });
    const share = (name: string) => [...homes.values()].filter((pod) => pod.startsWith(name)).length / 500;
    // The standard deviation of 500 draws is 2.05 points: a miss of ten has a chance of one in a million.
    expect(Math.abs(share("v1") - 0.7)).toBeLessThan(0.1);
    expect(share("v1") + share("v2")).toBe(1);
    await put([rule(0, 100, 0)]);
    await inParallel(clients, 16, async (jar) => {
      const answer = await jar.get(url("/", homes.get(jar)!.length % 2));
      expect([answer.body, decision(answer).outcome]).toEqual([homes.get(jar), "kept"]);
    });
    for (let i = 0; i < 20; i++) expect((await new Jar().get(url("/", i % 2))).body).toMatch(/^v2/);
  }, 60_000);

  it("requests go by weight where nothing persists, and none to a backend of weight 0", async () => {
    await put([{ backendRefs: [ref("v1", 70), ref("v2", 30), ref("v3", 0)] }]);
    const counts: Record<string, number> = {};
    await inParallel(
      Array.from({ length: 2000 }, (_, i) => i),
      16,
      async (i) => {
        const { body } = await call(url("/", i % 2));
        counts[body.slice(0, 2)] = (counts[body.slice(0, 2)] ?? 0) + 1;
      },
    );
    // 5 points are five standard deviations of 2,000 draws.
    expect(Math.abs(counts.v1! / 2000 - 0.7)).toBeLessThan(0.05);
    expect(Object.keys(counts).sort()).toEqual(["v1", "v2"]);
  }, 60_000);

  it("a backend that is none answers its share with 500, one without endpoints with 503", async () => {
    await put([
      at("/half", { backendRefs: [ref("v1"), ref("nobody")] }),
      at("/none", { backendRefs: [ref("nobody")] }),
      at("/zero", { backendRefs: [ref("v1", 0)] }),
      at("/moved", { filters: [{ type: "RequestRedirect", requestRedirect: { scheme: "https" } }] }),
      at("/cold", { backendRefs: [ref("cold")] }),
    ]);
    const statuses = { 200: 0, 500: 0 } as Record<number, number>;
    for (let i = 0; i < 60; i++) {
      const { status } = await call(url("/half", i % 2));
      statuses[status] = (statuses[status] ?? 0) + 1;
    }
    // 60 draws at 1/2 have a standard deviation of 3.9: five of them are 20.
    expect(Object.keys(statuses)).toEqual(["200", "500"]);
    expect(Math.abs(statuses[500]! - 30)).toBeLessThan(20);
    for (const path of ["/none", "/zero", "/moved"])
      for (let i = 0; i < 4; i++) expect((await call(url(path, i % 2))).status).toBe(500);
    expect((await call(url("/cold"))).status).toBe(503);
  });

  it("the most specific match counts: path, then method, headers, parameters", async () => {
    await put([
      at("/", { backendRefs: [ref("v1")] }),
      {
        matches: [
          { path: { value: "/" }, headers: [{ name: "traffic", value: "test" }] },
          { path: { type: "Exact", value: "/exact" } },
          { path: { type: "RegularExpression", value: "/item/[0-9]+" } },
        ],
        backendRefs: [ref("v2")],
      },
      {
        matches: [
          { method: "POST" },
          { queryParams: [{ name: "user", value: "a b" }] },
          { path: { value: "/long/path" } },
        ],
        backendRefs: [ref("v3")],
      },
    ]);
    const side = async (path: string, options: Parameters<typeof call>[1] = {}) =>
      (await call(url(path), options)).body.slice(0, 2);
    const test = { headers: { traffic: "test" } };
    expect(await side("/x")).toBe("v1");
    expect(await side("/x", test)).toBe("v2");
    expect(await side("/exact")).toBe("v2");
    expect(await side("/exact/")).toBe("v1");
    expect(await side("/item/7")).toBe("v2");
    expect(await side("/item/7a")).toBe("v1");
    expect(await side("/x", { method: "POST", ...test })).toBe("v3");
    expect(await side("/x?user=a%20b&user=c")).toBe("v3");
    expect(await side("/x?user=a%20b", test)).toBe("v2");
    expect(await side("/long/path/on", test)).toBe("v3");
  });

  it("a BackendLBPolicy makes sessions for each rule, and a BackendTrafficPolicy of Envoy Gateway places keys", async () => {
    const spec = {
      targetRefs: [{ group: "", kind: "Service", name: "v1" }],
      sessionPersistence: { sessionName: "cart", absoluteTimeout: "1h" },
    };
    const hash = { type: "ConsistentHash", consistentHash: { type: "Header", header: { name: "X-User" } } };
    await put(
      [
        at("/a", { backendRefs: [ref("v1")] }),
        at("/b", { backendRefs: [ref("v1")] }),
        { name: "keys", ...at("/keys", { backendRefs: [ref("v2")] }) },
      ],
      { apiVersion: "gateway.networking.k8s.io/v1alpha2", kind: "BackendLBPolicy", metadata, spec },
      {
        apiVersion: "gateway.envoyproxy.io/v1alpha1",
        kind: "BackendTrafficPolicy",
        metadata,
        spec: {
          targetRefs: [
            { group: "gateway.networking.k8s.io", kind: "HTTPRoute", name: "shop", sectionName: "keys" },
          ],
          loadBalancer: hash,
        },
      },
    );
    const [a, b] = [await call(url("/a")), await call(url("/b"))];
    expect(attributes(a)).toMatch(/^cart=[\w-]{96}; Path=\/a;/);
    const [pair = ""] = attributes(a).split(";");
    const again = await call(url("/a", 1), { headers: { cookie: pair } });
    expect([again.body, decision(again).outcome]).toEqual([a.body, "kept"]);
    expect(attributes(b)).toMatch(/^cart=[\w-]{96}; Path=\/b;/);
    expect(decision(await call(url("/b"), { headers: { cookie: pair } })).outcome).toBe("bound");
    const homes = new Set<string>();
    for (let i = 0; i < 20; i++) {
      const headers = { "x-user": `user-${i}` };
      const bodies = [];
      for (const edge of [0, 1, 0]) bodies.push((await call(url("/keys", edge), { headers })).body);
      expect(new Set(bodies).size).toBe(1);
      homes.add(bodies[0]!);
    }
    expect(homes).toEqual(new Set(PODS.v2));
  });

  it("what a gateway would refuse changes nothing, and is named", async () => {
    const before = await fleet.admin.config();
    const rules = [at("/", { backendRefs: [ref("v1")], sessionPersistence: { absoluteTimeout: "1d" } })];
    const { status, json } = await fleet.admin.putConfig({
      ...API,
      kind: "HTTPRoute",
      metadata,
      spec: { rules },
    });
    expect(status).toBe(422);
    expect(json).toMatchObject({
      errors: [{ path: "HTTPRoute shop/shop: spec.rules[0].sessionPersistence.absoluteTimeout" }],
    });
    expect(await fleet.admin.config()).toEqual(before);
  });
});
