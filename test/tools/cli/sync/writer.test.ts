import { expect, it } from "vitest";
import type { Api } from "../../../../tools/cli/api.ts";
import type { Resource } from "../../../../tools/cli/sync/events.ts";
import { Mirror } from "../../../../tools/cli/sync/mirror.ts";
import { Writer } from "../../../../tools/cli/sync/writer.ts";

it("writes a cluster of 10,000 endpoints: as the API server says them they are longer than a config may be", async () => {
  const mirror = new Mirror();
  const metadata = { namespace: "shop", name: "web" };
  mirror.take({
    type: "ADDED",
    object: { apiVersion: "v1", kind: "Service", metadata, spec: { ports: [{ port: 80 }] } },
  });
  for (let i = 0; i < 100; i++) {
    const endpoint = (_: unknown, j: number) => ({
      addresses: [`10.0.${i}.${j}`],
      conditions: { ready: true, serving: true, terminating: false },
      nodeName: `ip-10-0-${i}-${j}.eu-central-1.compute.internal`,
      targetRef: {
        kind: "Pod",
        namespace: "shop",
        name: `web-5f7d8c9b6d-${i}-${j}`,
        uid: `0b1f3c1e-7a52-4f0e-9a8e-5d3c2b1a${i}${j}`,
        resourceVersion: "1234567890",
        fieldPath:
          "of nothing that is read here, as long as real ones are with their annotations and hints".repeat(2),
      },
      zone: "eu-central-1a",
    });
    mirror.take({
      type: "ADDED",
      object: {
        apiVersion: "discovery.k8s.io/v1",
        kind: "EndpointSlice",
        metadata: { ...metadata, name: `web-${i}`, labels: { "kubernetes.io/service-name": "web" } },
        addressType: "IPv4",
        ports: [{ port: 8080 }],
        endpoints: Array.from({ length: 100 }, endpoint),
      },
    });
  }
  expect(JSON.stringify(mirror.list()).length).toBeGreaterThan(4 << 20);
  const said: string[] = [];
  const send = async (method: string, _: string, { body = "" } = {}) =>
    method === "GET"
      ? { json: { config: { version: 1 } }, etag: '"1"' }
      : {
          json: {
            revision: (JSON.parse(body) as { pools: { "shop-web-80": { pods: [] } } }).pools["shop-web-80"]
              .pods.length,
          },
        };
  const writer = new Writer({ send } as unknown as Api, [], (line) => said.push(line));
  expect(await writer.write(mirror)).toMatchObject({ revision: 10_000 });
  expect(said.join()).not.toContain("not valid");
});

it("follows the pods while one Ingress is wrong, which stays as it was: any tenant may write a wrong one", async () => {
  const mirror = new Mirror();
  const metadata = (name: string, more: object = {}) => ({ name, namespace: "shop", ...more });
  const add = (object: Resource) => mirror.take({ type: "ADDED", object });
  const slice = (address: string) =>
    add({
      apiVersion: "discovery.k8s.io/v1",
      kind: "EndpointSlice",
      metadata: metadata("web-1", { labels: { "kubernetes.io/service-name": "web" } }),
      addressType: "IPv4",
      ports: [{ port: 80 }],
      endpoints: [{ addresses: [address] }],
    });
  const ingress = (name: string, balance: string) =>
    add({
      apiVersion: "networking.k8s.io/v1",
      kind: "Ingress",
      metadata: metadata(name, { annotations: { "nginx.ingress.kubernetes.io/load-balance": balance } }),
      spec: { defaultBackend: { service: { name: "web", port: { number: 80 } } } },
    });
  add({ apiVersion: "v1", kind: "Service", metadata: metadata("web"), spec: { ports: [{ port: 80 }] } });
  slice("10.0.0.1");
  ingress("good", "ewma");
  const bodies: { pools: unknown; routes: unknown[] }[] = [];
  const send = async (method: string, _: string, { body = "" } = {}) => {
    if (method === "PUT") bodies.push(JSON.parse(body));
    return { json: { config: bodies.at(-1) ?? { version: 1 }, revision: bodies.length }, etag: '"1"' };
  };
  const said: string[] = [];
  const api = { send } as unknown as Api;
  const writer = new Writer(api, [], (line) => said.push(line));
  await writer.write(mirror);
  ingress("good", "fastest");
  ingress("new", "slowest");
  slice("10.0.0.2");
  expect(await writer.write(mirror)).toMatchObject({ revision: 2 });
  expect(bodies[1]).toMatchObject({
    pools: { "shop-web-80": { policy: "ewma", pods: [{ url: "http://10.0.0.2:80" }] } },
    routes: [{ pool: "shop-web-80" }],
  });
  expect(said.at(-1)).toMatch(/^not valid; these objects stay as they were.*shop\/good.*shop\/new/s);
  // Who begins with a wrong one does not know what was.
  expect(await new Writer(api, [], (line) => said.push(line)).write(mirror)).toBe(undefined);
  expect(said.at(-1)).toContain("what is in force stays");
  // A Service that is wrong holds all up: its sessions would be lost without it.
  add({ apiVersion: "v1", kind: "Service", metadata: metadata("web"), spec: { ports: [{ port: 0 }] } });
  expect(await writer.write(mirror)).toBe(undefined);
});

it.each([
  [
    "DestinationRule",
    "networking.istio.io/v1",
    { host: "web", trafficPolicy: { loadBalancer: { simple: "RANDOM" } } },
    { host: "web", trafficPolicy: { loadBalancer: { simple: "BEST" } } },
    { policy: "random" },
  ],
  [
    "BackendLBPolicy",
    "gateway.networking.k8s.io/v1alpha2",
    { targetRefs: [{ kind: "Service", name: "web" }], sessionPersistence: { absoluteTimeout: "1h" } },
    { targetRefs: [{ kind: "Service", name: "web" }], sessionPersistence: { absoluteTimeout: "1d" } },
    { affinity: [{ cookie: { absolute: "1h" } }] },
  ],
  [
    "HTTPRoute",
    "gateway.networking.k8s.io/v1",
    { rules: [{ backendRefs: [{ name: "web", port: 80, weight: 1 }] }] },
    { rules: [{ backendRefs: [{ name: "web", port: 80, weight: -1 }] }] },
    { affinity: "none" },
  ],
])("a %s that becomes wrong stays as it was", async (kind, apiVersion, good, bad, pool) => {
  const mirror = new Mirror();
  const add = (object: Resource) => mirror.take({ type: "ADDED", object });
  const metadata = { name: "web", namespace: "shop" };
  const write = (spec: object) => add({ apiVersion, kind, metadata, spec });
  add({ apiVersion: "v1", kind: "Service", metadata, spec: { ports: [{ port: 80 }] } });
  write(good);
  const bodies: object[] = [];
  const send = async (method: string, _: string, { body = "" } = {}) => {
    if (method === "PUT") bodies.push(JSON.parse(body));
    return { json: { config: bodies.at(-1) ?? { version: 1 }, revision: bodies.length }, etag: '"1"' };
  };
  const said: string[] = [];
  const writer = new Writer({ send } as unknown as Api, [], (line) => said.push(line));
  await writer.write(mirror);
  expect(bodies).toMatchObject([{ pools: { "shop-web-80": pool } }]);
  write(bad);
  expect(await writer.write(mirror)).toBe(undefined);
  expect(bodies.length).toBe(1);
  expect(said.at(-1)).toMatch(
    new RegExp(`^not valid; these objects stay as they were.*${kind} shop/web`, "s"),
  );
});
