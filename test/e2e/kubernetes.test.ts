import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { call } from "../../tools/fleet/client.ts";
import { type Fleet, startFleet } from "../../tools/fleet/fleet.ts";
import { startPod, type TestPod } from "../support/pod.ts";
import { startStack } from "../support/stack.ts";

interface Native {
  readonly pools: Record<string, { pods: { id: string }[] }>;
  readonly routes: { host?: string }[];
}

/** Kubernetes objects through the public endpoints: what is PUT as YAML is served, and kept as native config. */
describe("Kubernetes objects", () => {
  let fleet: Fleet;
  let pods: TestPod[];

  beforeAll(async () => {
    pods = await Promise.all(["a", "b", "c"].map((id) => startPod(id)));
    fleet = await startFleet({ pods: 0, config: () => undefined });
  });
  afterAll(async () => {
    await fleet?.stop();
    await Promise.all((pods ?? []).map((pod) => pod.kill()));
  });

  const service = (name: string) =>
    `apiVersion: v1\nkind: Service\nmetadata: { name: ${name}, namespace: shop }\nspec: { ports: [{ port: 80 }] }\n`;
  const slice = (name: string, pod: number, conditions = "{}") => `---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: { name: ${name}-${pod}, namespace: shop, labels: { kubernetes.io/service-name: ${name} } }
addressType: IPv4
ports: [{ port: ${pods[pod]!.port} }]
endpoints: [{ addresses: [127.0.0.1], conditions: ${conditions}, targetRef: { kind: Pod, name: ${name}-${pod} } }]
`;
  const served = async (count: number, headers: Record<string, string> = {}) => {
    const names = new Set<string>();
    for (let i = 0; i < count; i++) names.add((await call(fleet.url, { headers })).body.trim());
    return [...names].sort();
  };

  it("are taken as YAML, served, and kept as native config that may be PUT again", async () => {
    const put = await fleet.admin.putConfig(service("web") + slice("web", 0) + slice("web", 1));
    expect(put.json).toMatchObject({
      revision: 1,
      notices: [{ level: "changed", object: "Service shop/web", message: /every host/ }].map((notice) => ({
        ...notice,
        message: expect.stringMatching(notice.message),
      })),
    });
    // Two pods at random: one of them is missed by 40 requests once in 2^39.
    expect(await served(40)).toEqual(["a", "b"]);
    const { config } = (await fleet.admin.config<Native>())!;
    expect(config.pools["shop-web-80"]!.pods).toMatchObject([{ id: "web-0" }, { id: "web-1" }]);
    expect((await fleet.admin.putConfig(config)).json).toEqual({ revision: 2, notices: [] });
  });

  it("are planned as they would be put", async () => {
    const now = service("web") + slice("web", 0) + slice("web", 1);
    const { status, json } = await fleet.admin.send<{ summary: object; notices: { object: string }[] }>(
      "POST",
      "/v1/plan",
      { body: now },
    );
    expect(status).toBe(200);
    expect(json.notices.map(({ object }) => object)).toContain("Service shop/web");
    expect((await fleet.admin.config())!.revision).toBe(2);
  });

  it("as JSON: a pod that goes gets nothing new while another is ready, and takes all when it is the last", async () => {
    const going = "{ ready: false, serving: true, terminating: true }";
    await fleet.admin.putConfig(service("web") + slice("web", 0) + slice("web", 1, going));
    expect(await served(20)).toEqual(["a"]);
    await fleet.admin.putConfig(
      service("web") + slice("web", 0, "{ ready: false, serving: false }") + slice("web", 1, going),
    );
    expect(await served(20)).toEqual(["b"]);
    const list = { apiVersion: "v1", kind: "List", items: [{ kind: "ConfigMap", metadata: { name: "x" } }] };
    const { json } = await fleet.admin.send<{ notices: unknown[] }>("POST", "/v1/plan", { body: list });
    expect(json.notices).toContainEqual(expect.objectContaining({ level: "ignored", object: "ConfigMap x" }));
  });

  it("of several Services are told apart by their names in the cluster", async () => {
    await fleet.admin.putConfig(
      `${service("web") + slice("web", 0)}---\n${service("api")}${slice("api", 2)}`,
    );
    expect(await served(4, { host: "web.shop.svc.cluster.local" })).toEqual(["a"]);
    expect(await served(4, { host: "api.shop.svc:8787" })).toEqual(["c"]);
    expect((await call(fleet.url, { headers: { host: "other.shop.svc" } })).status).toBe(404);
  });

  it("that the API server would refuse change nothing, and are named", async () => {
    const before = await fleet.admin.config();
    const bad = service("web").replace("port: 80", "port: 99999");
    const { status, json } = await fleet.admin.putConfig(`${bad}---\n${service("api")}`);
    expect(status).toBe(422);
    expect(json).toMatchObject({
      errors: [{ path: "Service shop/web: spec.ports[0].port", hint: expect.stringMatching(/65535/) }],
    });
    expect(await fleet.admin.config()).toEqual(before);
  });
});

it("Kubernetes objects are the config at the start, too", async () => {
  const pod = await startPod("a");
  const metadata = { name: "web" };
  const items = [
    { apiVersion: "v1", kind: "Service", metadata, spec: { ports: [{ port: 80 }] } },
    {
      apiVersion: "v1",
      kind: "Endpoints",
      metadata,
      subsets: [{ addresses: [{ ip: "127.0.0.1" }], ports: [{ port: pod.port }] }],
    },
  ];
  const stack = await startStack({ config: { apiVersion: "v1", kind: "List", items } });
  try {
    expect((await call(stack.url)).body).toBe("a\n");
  } finally {
    await stack.stop();
    await pod.kill();
  }
});
