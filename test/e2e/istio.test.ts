import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Answer, call, Jar } from "../../tools/fleet/client.ts";
import { type Fleet, startFleet } from "../../tools/fleet/fleet.ts";
import { inParallel } from "../../tools/fleet/wait.ts";
import { startBackends } from "../support/ingress.ts";

const HOST = "shop.example.com";
const ALL = ["v1-0", "v1-1", "v2-0", "v2-1"];
const API = { apiVersion: "networking.istio.io/v1" };

/** DestinationRules and VirtualServices as Istio has them, of the public endpoint. */
describe("Istio's objects", () => {
  let fleet: Fleet;
  let pods: Awaited<ReturnType<typeof startBackends>>;

  beforeAll(async () => {
    pods = await startBackends(ALL);
    fleet = await startFleet({ pods: 0, config: () => undefined });
  });
  afterAll(async () => {
    await fleet?.stop();
    pods?.stop();
  });

  const metadata = { name: "cart", namespace: "shop" };
  const apply = async (http: object[], trafficPolicy?: object, labels: object = {}) => {
    const [service, ...slices] = pods.service("cart", ALL);
    const workloads = ["v1", "v2"].map((version) => ({
      apiVersion: "apps/v1",
      kind: "StatefulSet",
      metadata: { name: version, namespace: "shop" },
      spec: { template: { metadata: { labels: { version } }, spec: {} } },
    }));
    const subsets = ["v1", "v2"].map((version) => ({ name: version, labels: { version } }));
    const policy = trafficPolicy === undefined ? {} : { trafficPolicy };
    const items = [
      { ...service, metadata: { ...metadata, labels } },
      ...slices,
      ...workloads,
      { ...API, kind: "DestinationRule", metadata, spec: { host: "cart", subsets, ...policy } },
      { ...API, kind: "VirtualService", metadata, spec: { hosts: [HOST], http } },
    ];
    const { status, json } = await fleet.admin.putConfig({ apiVersion: "v1", kind: "List", items });
    expect(status, JSON.stringify(json)).toBe(200);
  };
  const to = (subset?: string, weight?: number) => ({
    destination: { host: "cart", ...(subset === undefined ? {} : { subset }) },
    ...(weight === undefined ? {} : { weight }),
  });
  const ask = (headers: Record<string, string> = {}, path = "/"): Promise<Answer> =>
    call(fleet.url + path, { headers: { host: HOST, ...headers } });
  const sideOf = ({ body }: Answer) => body.split("-")[0];
  const client = () => {
    const jar = new Jar();
    return async (headers: Record<string, string> = {}) =>
      jar.get(fleet.url, { headers: { host: HOST, ...headers } });
  };

  it("share new sessions by weight, and keep each at its side and pod", async () => {
    await apply([{ route: [to("v1", 75), to("v2", 25)] }]);
    const clients = Array.from({ length: 300 }, client);
    const first = new Map<(typeof clients)[number], string>();
    await inParallel(clients, 16, async (one) => {
      first.set(one, (await one()).body);
    });
    // Of 300 draws at 1/4 the standard deviation is 7.5: five of them are 37.5.
    const there = [...first.values()].filter((pod) => pod.startsWith("v2")).length;
    expect(Math.abs(there - 75)).toBeLessThan(38);
    // Another weight moves nobody; a side of weight 0 keeps what it has.
    await apply([{ route: [to("v1", 100), to("v2", 0)] }]);
    await inParallel(clients, 16, async (one) => {
      expect((await one()).body).toBe(first.get(one));
    });
    expect(sideOf(await ask())).toBe("v1");
  });

  it("send testers by the first match, and leave their sessions where they were", async () => {
    await apply([
      { match: [{ headers: { "end-user": { exact: "jason" } } }], route: [to("v1")] },
      { route: [to("v1", 0), to("v2", 100)] },
    ]);
    const one = client();
    const { body: own } = await one();
    expect(own).toMatch(/^v2-/);
    for (let i = 0; i < 6; i++) expect(sideOf(await one({ "end-user": "jason" }))).toBe("v1");
    expect((await one({ "end-user": "Jason" })).body).toBe(own);
    expect((await one()).body).toBe(own);
  });

  it("keep the pod of a key, and make a cookie of one only where there is a ttl", async () => {
    const hash = (consistentHash: object) => ({ loadBalancer: { consistentHash } });
    const route = [{ route: [to()] }];
    await apply(route, hash({ httpHeaderName: "x-user" }));
    for (const user of ["ann", "bob", "cid", "dee"]) {
      const { body } = await ask({ "x-user": user });
      for (let i = 0; i < 3; i++) expect((await ask({ "x-user": user })).body).toBe(body);
    }
    await apply(route, hash({ httpCookie: { name: "user" } }));
    expect((await ask()).headers["set-cookie"]).toBe(undefined);
    await apply(route, hash({ httpCookie: { name: "user", ttl: "0s" } }));
    const answer = await ask();
    const [made = ""] = [answer.headers["set-cookie"]].flat();
    expect(made).toMatch(/^user="?[0-9a-f]{16}"?;.*HttpOnly/);
    expect(made).not.toMatch(/max-age/i);
    const cookie = made.split(";")[0]!;
    for (let i = 0; i < 6; i++) {
      const again = await ask({ cookie });
      expect(again.body).toBe(answer.body);
      expect(again.headers["set-cookie"]).toBe(undefined);
    }
  });

  it("answer 503 where a route would redirect, and never by the route behind", async () => {
    await apply([
      { match: [{ uri: { prefix: "/old" } }], redirect: { uri: "/" } },
      { match: [{ uri: { regex: "/v[12]" } }], route: [to("v2")] },
      { route: [to("v1")] },
    ]);
    expect((await ask({}, "/older")).status).toBe(503);
    expect(sideOf(await ask({}, "/v1"))).toBe("v2");
    expect(sideOf(await ask({}, "/v10"))).toBe("v1");
  });

  it("carry sessions in the header that a label of the Service names", async () => {
    await apply([{ route: [to()] }], undefined, { "istio.io/persistent-session-header": "x-session" });
    const { headers, body } = await ask();
    const token = headers["x-session"];
    expect(token).toMatch(/^\S{40,}$/);
    for (let i = 0; i < 6; i++) expect((await ask({ "x-session": String(token) })).body).toBe(body);
  });
});
