import { describe, expect, it } from "vitest";
import { tagToHex } from "../../src/model/pod.ts";
import { outcomeOf, TestEdge } from "../support/edge.ts";
import { backendKey, liveConfig, md5 } from "../support/live-cookies.ts";
import { BACKEND, ENDPOINTS, idOf, P2, THIRD } from "../support/live-pods.ts";

describe("with a canary", () => {
  const CANARY = "shop-cart-canary-80";
  const PODS = ["10.2.0.1:8080", "10.2.0.2:8080"];
  const pods = (endpoints: readonly string[]) =>
    endpoints.map((id) => ({ id: idOf(id), url: `http://${id}` }));

  async function split(mode: "balanced" | "persistent", weights: [number, number], canary = PODS) {
    const ingressNginx = { mode, backend: BACKEND, canary: { canary: CANARY } };
    const config = liveConfig(mode, BACKEND, ENDPOINTS, { ingressNginx });
    const overrides = [{ header: "x-canary", value: "always", pool: "canary" }];
    const routes = [{ path: "/", split: { web: weights[0], canary: weights[1] }, overrides }];
    const pools = { web: config.pools.web, canary: { policy: "random", pods: pods(canary) } };
    return TestEdge.start({ config: { ...config, pools, routes } });
  }
  const poolOf = async (edge: TestEdge, key: string, headers: object = {}) => {
    const cookie = `INGRESSCOOKIE=${key}`;
    await edge.ask("http://shop.test/", { headers: { cookie, ...headers } });
    return edge.shipped.at(-1)!.pod.pool;
  };

  it("the backend that the cookie names goes before rules and weights", async () => {
    const edge = await split("balanced", [0, 100]);
    expect(await poolOf(edge, `${THIRD}|${backendKey(BACKEND)}`, { "x-canary": "always" })).toBe("web");
    expect(edge.shipped.at(-1)!.pod.id).toBe(P2);
    const other = await split("balanced", [100, 0]);
    expect(await poolOf(other, `${THIRD}|${backendKey(CANARY)}`)).toBe("canary");
    expect(await poolOf(other, `${THIRD}|${backendKey("shop-other-80")}`)).toBe("web");
  });

  it("without such a name rules decide, then weights, and then the key in the ring of that side", async () => {
    const edge = await split("balanced", [100, 0]);
    expect(await poolOf(edge, THIRD, { "x-canary": "always" })).toBe("canary");
    const pod = edge.shipped.at(-1)!.pod.id;
    for (let i = 0; i < 10; i++) {
      await poolOf(edge, `${THIRD}|other`, { "x-canary": "always" });
      expect(edge.shipped.at(-1)!.pod.id).toBe(pod);
    }
    expect(await poolOf(edge, THIRD)).toBe("web");
    // By weight, and the same one for the same client at every edge.
    const half = await split("balanced", [50, 50]);
    const sides = new Map<string, string>();
    for (let i = 0; i < 40; i++)
      sides.set(`175769845${i % 10}.${i}.1`, await poolOf(half, `175769845${i % 10}.${i}.1`));
    expect(new Set(sides.values()).size).toBe(2);
    const again = await split("balanced", [50, 50]);
    for (const [key, pool] of sides) expect(await poolOf(again, key)).toBe(pool);
  });

  it("a pod that the canary has no more is looked for nowhere else: another of the canary's takes it", async () => {
    const edge = await split("persistent", [100, 0]);
    expect(await poolOf(edge, `${md5(CANARY + PODS[1])}|${backendKey(CANARY)}`)).toBe("canary");
    expect(edge.shipped.at(-1)!.pod.id).toBe(idOf(PODS[1]!));
    for (let i = 0; i < 5; i++) {
      expect(await poolOf(edge, `${md5(`${CANARY}10.2.0.9:8080`)}|${backendKey(CANARY)}`)).toBe("canary");
    }
  });

  it("one without pods takes nobody", async () => {
    const edge = await split("balanced", [0, 100], []);
    expect(await poolOf(edge, `${THIRD}|${backendKey(CANARY)}`)).toBe("web");
    expect(edge.shipped.at(-1)!.pod.id).toBe(P2);
  });
});

describe("on a route", () => {
  const canary = [{ id: "c-0", url: "http://10.2.0.1:8080" }];
  const live = `INGRESSCOOKIE=${THIRD}|`;

  async function startWith(more: object) {
    const ingressNginx = { mode: "balanced", backend: BACKEND, canary: { canary: "shop-cart-canary-80" } };
    const { pools, ...config } = liveConfig("balanced", BACKEND, ENDPOINTS, { ingressNginx });
    const overrides = [{ header: "x-canary", value: "always", pool: "canary" }];
    const routes = [{ path: "/", split: { web: 100, canary: 0 }, overrides, ...more }];
    return TestEdge.start({ config: { ...config, pools: { ...pools, canary: { pods: canary } }, routes } });
  }
  const asked = async (edge: TestEdge, headers: Record<string, string>) => {
    const answer = await edge.ask("http://shop.test/", { headers });
    return [outcomeOf(answer), await answer.text(), answer.headers.has("set-cookie")];
  };

  it("where no session begins it leads to its pod, and stays with its client", async () => {
    const edge = await startWith({ issue: false });
    for (let i = 0; i < 5; i++) expect(await asked(edge, { cookie: live })).toEqual(["unkeyed", P2, false]);
    await edge.idle();
    expect(edge.store.calls).toBe(0);
    // Who cannot go there goes anywhere else.
    edge.health({ [tagToHex(edge.view.pools[0]!.pods[2]!.pod.tag)]: "down" });
    expect(await asked(edge, { cookie: live })).toEqual([
      "unkeyed",
      expect.stringMatching(/1[12]-8080$/),
      false,
    ]);
  });

  it("where a header goes before sessions it goes before this one, which waits", async () => {
    const edge = await startWith({ headerBeatsSession: true });
    const cookie = live + backendKey(BACKEND);
    expect(await asked(edge, { cookie, "x-canary": "always" })).toEqual(["unkeyed", "c-0", false]);
    expect(await asked(edge, { cookie })).toEqual(["bound", P2, true]);
  });

  it("whose sessions are the primary's alone a cookie of the canary is none", async () => {
    const edge = await startWith({ sticky: "primary" });
    const cookie = `INGRESSCOOKIE=${THIRD}|${backendKey("shop-cart-canary-80")}`;
    expect(await asked(edge, { cookie, "x-canary": "always" })).toEqual(["unkeyed", "c-0", false]);
    expect(await asked(edge, { cookie })).toEqual(["bound", expect.stringMatching(/^10\.1\./), true]);
  });
});
