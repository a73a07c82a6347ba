import { describe, expect, it } from "vitest";
import { TestEdge } from "../support/edge.ts";

const pods = (zones: (string | undefined)[]) =>
  zones.map((zone, i) => ({ id: `p-${i}`, url: `http://127.0.0.1:${i + 1}`, ...(zone && { zone }) }));
const config = (zone: object | undefined, pool: object = {}) => ({
  version: 1,
  explain: true,
  ...(zone && { zone }),
  pools: {
    web: { policy: "random", zones: "prefer", pods: pods(["eu", "eu", "us", "us", undefined]), ...pool },
  },
  routes: [{ pool: "web" }],
});

/** Where so many new sessions of a zone go. */
async function spread(
  edge: TestEdge,
  headers: Record<string, string> = {},
  count = 60,
): Promise<Set<string>> {
  const homes = new Set<string>();
  for (let i = 0; i < count; i++) homes.add(await (await edge.ask("http://shop.test/", { headers })).text());
  return homes;
}

describe("a pool that prefers the zone of a request", () => {
  it.each(["random", "round-robin", "least-request", "consistent-hash", "peak-ewma"])(
    "places new sessions in it, by %s",
    async (policy) => {
      const edge = await TestEdge.start({ config: config({ header: "X-Zone" }, { policy }) });
      expect([...(await spread(edge, { "x-zone": "eu" }))].sort()).toEqual(["p-0", "p-1"]);
      expect([...(await spread(edge, { "x-zone": "us" }))].sort()).toEqual(["p-2", "p-3"]);
      // A zone without pods, or none at all: any pod will do.
      expect((await spread(edge, { "x-zone": "mars" }, 200)).size).toBe(5);
      expect((await spread(edge, {}, 200)).size).toBe(5);
    },
  );

  it("reads the zone from a header, else from the platform, each by the map, else from config and edge", async () => {
    const origin = () => ({ colo: "FRA" });
    const map = { FRA: "eu", west: "us" };
    const edge = await TestEdge.start({ config: config({ header: "X-Zone", cf: "colo", map }), origin });
    expect((await spread(edge)).has("p-2")).toBe(false);
    expect((await spread(edge, { "x-zone": "west" })).has("p-0")).toBe(false);
    const fallback = await TestEdge.start({ config: config({ cf: "colo", default: "us" }) });
    expect([...(await spread(fallback))].sort()).toEqual(["p-2", "p-3"]);
    const own = await TestEdge.start({ config: config(undefined), zone: "eu" });
    expect([...(await spread(own))].sort()).toEqual(["p-0", "p-1"]);
  });

  it("spills over when the zone's pods are out, and drops nothing", async () => {
    const edge = await TestEdge.start({ config: config({ header: "X-Zone" }) });
    const [first, second] = edge.view.pools[0]!.pods;
    const tags = [first!, second!].map(({ pod }) => pod.tag.toString(16).padStart(12, "0"));
    edge.health({ [tags[0]!]: "down" });
    expect([...(await spread(edge, { "x-zone": "eu" }))]).toEqual(["p-1"]);
    edge.health({ [tags[0]!]: "down", [tags[1]!]: "draining" });
    expect([...(await spread(edge, { "x-zone": "eu" }))].sort()).toEqual(["p-2", "p-3", "p-4"]);
  });

  it("spills over as much as its load is above 1.25 times the pool's", async () => {
    const edge = await TestEdge.start({ config: config({ header: "X-Zone" }) });
    const pool = edge.view.pools[0]!;
    // 20 requests at each pod of the zone, none elsewhere: the pool has 8 a pod, of which the zone may have 10.25.
    for (const pod of pool.pods.slice(0, 2)) for (let i = 0; i < 20; i++) pod.take(0);
    let away = 0;
    for (let i = 0; i < 2000; i++) {
      const answer = await edge.ask("http://shop.test/", { headers: { "x-zone": "eu" } });
      if (!["p-0", "p-1"].includes(await answer.text())) away++;
    }
    // Room 1.25·41·2/(5·40) = 0.5125; the rest goes to all five, three of which are elsewhere: 0.4875 · 0.6 = 0.2925.
    // σ = sqrt(0.2925·0.7075/2000) = 1.02 %; 5 σ on either side.
    expect(away / 2000).toBeGreaterThan(0.2925 - 0.051);
    expect(away / 2000).toBeLessThan(0.2925 + 0.051);
  });

  it("moves no bound session for a zone", async () => {
    const edge = await TestEdge.start({ config: config({ header: "X-Zone" }) });
    const first = await edge.ask("http://shop.test/", { headers: { "x-zone": "eu" } });
    const home = await first.text();
    const cookie = first.headers.getSetCookie()[0]!.split(";")[0]!;
    for (let i = 0; i < 10; i++) {
      const answer = await edge.ask("http://shop.test/", { headers: { cookie, "x-zone": "us" } });
      expect(await answer.text()).toBe(home);
    }
  });
});
