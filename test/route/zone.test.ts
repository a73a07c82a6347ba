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
      expect((await spread(edge, { "x-zone": "mars" }, 200)).size).toBeGreaterThan(2);
      expect((await spread(edge, {}, 200)).size).toBeGreaterThan(2);
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

  it("keeps the part that the coordinator says, and spills the rest to zones that have room", async () => {
    const edge = await TestEdge.start({ config: config({ header: "X-Zone" }) });
    const pool = edge.view.pools[0]!;
    const load = { web: { m: 0.1, pods: {}, zones: { eu: [0.5, 0], us: [1, 0.3] } as const } };
    const empty = { incarnation: 1, revision: 1, health: {}, feed: { entries: [], seq: 0 }, next: 1000 };
    pool.hear({ ...empty, load, isolates: 2 }, {}, Date.now(), 1000);
    let away = 0;
    for (let i = 0; i < 2000; i++) {
      const answer = await edge.ask("http://shop.test/", { headers: { "x-zone": "eu" } });
      const home = await answer.text();
      if (home === "p-2" || home === "p-3") away++;
      else expect(["p-0", "p-1"]).toContain(home);
    }
    // Binomial(2000, 0.5): σ 22.4; 5 σ on either side.
    expect(away).toBeGreaterThan(1000 - 112);
    expect(away).toBeLessThan(1000 + 112);
    expect(pool.placed()).toEqual({ eu: 2000 });
    expect(pool.placed()).toEqual({});
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
