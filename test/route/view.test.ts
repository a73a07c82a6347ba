import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { compile } from "../../src/config/compile.ts";
import { parseConfig } from "../../src/config/parse.ts";
import { policies } from "../../src/policies/index.ts";
import { View } from "../../src/route/view.ts";
import { testCore } from "../support/core.ts";
import { seeded } from "../support/seeded.ts";

const digest = async (data: Uint8Array) => new Uint8Array(createHash("sha256").update(data).digest()).buffer;

async function viewOf(yaml: string): Promise<View> {
  const parsed = parseConfig(yaml);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.errors));
  return new View(
    { incarnation: 1, revision: 1 },
    await compile(parsed.config, 1, digest),
    [],
    testCore(),
    undefined,
    0,
  );
}

const withCookie = (options: string) => `
version: 1
pools: { web: { pods: [{ id: a, url: "http://127.0.0.1:1" }], affinity: [{ cookie: ${options} }] } }
routes: [{ pool: web }]
`;

describe("the names of the cookie", () => {
  const names = async (options: string) => {
    const { secureName, plainName } = (await viewOf(withCookie(options))).scopes[0]!.cookie!;
    return [secureName.replace(/-[0-9a-z]+$/, ""), plainName.replace(/-[0-9a-z]+$/, "")];
  };

  it("promise a browser no more than the attributes keep", async () => {
    expect(await names("{}")).toEqual(["__Host-mooring", "mooring"]);
    expect(await names("{ path: /a }")).toEqual(["__Secure-mooring", "mooring"]);
    expect(await names("{ domain: example.com }")).toEqual(["__Secure-mooring", "mooring"]);
    expect(await names("{ secure: false }")).toEqual(["mooring", "mooring"]);
  });

  it("are used as configured", async () => {
    expect(await names("{ name: SESSION }")).toEqual(["SESSION", "SESSION"]);
  });

  it("differ from scope to scope, and not when a canary joins", async () => {
    const pools = `
version: 1
pools:
  web: { pods: [{ id: a, url: "http://127.0.0.1:1" }] }
  canary: { pods: [{ id: b, url: "http://127.0.0.1:2" }] }
  api: { pods: [{ id: c, url: "http://127.0.0.1:3" }] }
`;
    const of = (view: View, scope: string) =>
      view.scopes.find((other) => other.scope.id === scope)?.cookie?.plainName;
    const plain = await viewOf(`${pools}routes: [{ pool: web }, { path: /api, pool: api }]`);
    const split = await viewOf(
      `${pools}routes: [{ split: { web: 9, canary: 1 } }, { path: /api, pool: api }]`,
    );
    expect(of(plain, "web")).not.toBe(of(plain, "api"));
    expect(of(split, "web")).toBe(of(plain, "web"));
    expect(split.scopes.find(({ scope }) => scope.id === "web")?.pods.size).toBe(2);
  });
});

describe("the weights of a split that an operator gives", () => {
  const split = (weights: string) => `
version: 1
pools:
  web: { pods: [{ id: a, url: "http://127.0.0.1:1" }] }
  canary: { pods: [{ id: b, url: "http://127.0.0.1:2" }] }
routes: [{ path: /, split: ${weights} }, { path: /canary, pool: canary }]
`;
  const told = (view: View, path = "/") => {
    const { sides, total } = view.match("any", path)!;
    return [...sides.map(({ weight }) => weight), total];
  };

  it("go before those of the config, and are taken back", async () => {
    const view = await viewOf(split("{ web: 95, canary: 5 }"));
    view.weigh({ canary: 40 });
    expect(told(view)).toEqual([95, 40, 135]);
    expect(told(view, "/canary"), "a route of one pool has no weights").toEqual([1, 1]);
    view.weigh({});
    expect(told(view)).toEqual([95, 5, 100]);
  });

  it("are the next view's too, and not a split's that they would leave without any", async () => {
    const view = await viewOf(split("{ web: 95, canary: 5 }"));
    view.weigh({ web: 0 });
    const parsed = parseConfig(split("{ web: 95, canary: 0 }"));
    if (!parsed.ok) throw new Error("not valid");
    const next = new View(view.stamp, await compile(parsed.config, 2, digest), [], testCore(), view, 0);
    expect(told(view)).toEqual([0, 5, 5]);
    expect(told(next)).toEqual([95, 0, 95]);
    expect(next.weights).toEqual({ web: 0 });
  });
});

describe("the weights of pods that an operator gives", () => {
  const config = (weights: readonly number[], more = "") => `
version: 1
pools:
  web:
    pods: [${weights.map((weight, i) => `{ id: p${i}, url: "http://127.0.0.1:${i + 1}", weight: ${weight} }`).join(", ")}]
    ${more}
routes: [{ pool: web }]
`;
  const weightsOf = (view: View) => view.pools[0]!.pods.map(({ pod }) => pod.weight);
  const given = (view: View, weights: Record<number, number>) =>
    Object.fromEntries(
      Object.entries(weights).map(([index, weight]) => [view.pools[0]!.tags[Number(index)]!, weight]),
    );
  async function next(view: View, yaml: string): Promise<View> {
    const parsed = parseConfig(yaml);
    if (!parsed.ok) throw new Error("not valid");
    return new View(view.stamp, await compile(parsed.config, 2, digest), [], testCore(), view, 0);
  }

  it("go before those of the config, are the next view's too, and are taken back", async () => {
    const view = await viewOf(config([1, 2, 3]));
    view.weighPods({ ...given(view, { 0: 7, 2: 0 }), ffffffffffff: 9 });
    expect(weightsOf(view)).toEqual([7, 2, 0]);
    expect(view.pools[0]!.shared.live).toBe(2);
    const after = await next(view, config([1, 4, 3, 1]));
    expect(weightsOf(after)).toEqual([7, 4, 0, 1]);
    expect(after.pools[0]!.pool.pods.map(({ weight }) => weight)).toEqual([7, 4, 0, 1]);
    after.weighPods({});
    expect(weightsOf(after)).toEqual([1, 4, 3, 1]);
    expect(after.pools[0]!.shared.live).toBe(4);
  });

  it("do not leave a pool without any: it goes by its own", async () => {
    const view = await viewOf(config([1, 1]));
    view.weighPods(given(view, { 0: 0 }));
    const after = await next(view, config([1, 0]));
    expect(weightsOf(after)).toEqual([1, 0]);
    expect(weightsOf(await next(after, config([1, 0, 2])))).toEqual([0, 0, 2]);
  });

  it("make a table that is that of a config with the same weights, one change at a time", async () => {
    const view = await viewOf(config([1, 1, 1, 1]));
    const [pool] = view.pools;
    const owners = (of: View) =>
      Array.from({ length: 500 }, (_, i) => of.pools[0]!.table().lookup(`key ${i}`, of.pools[0]!.shared));
    owners(view);
    for (const weights of [{ 0: 3 }, { 0: 3, 1: 0 }, { 1: 5 }, {}]) {
      view.weighPods(given(view, weights));
      const written = [1, 1, 1, 1].map((own, i) => (weights as Record<number, number>)[i] ?? own);
      expect(owners(view), JSON.stringify(weights)).toEqual(owners(await viewOf(config(written))));
    }
    // A config that changes nothing takes the table over as it is.
    view.weighPods(given(view, { 1: 5 }));
    const table = pool!.table();
    expect((await next(view, config([1, 1, 1, 1]))).pools[0]!.table()).toBe(table);
  });

  it("keep their requests in flight, their suspicions and their sessions", async () => {
    const view = await viewOf(config([1, 1, 1]));
    const [pool] = view.pools;
    const [first, second] = pool!.pods;
    first!.take(0);
    second!.suspect(0);
    view.weighPods(given(view, { 0: 0 }));
    expect([...pool!.inflight]).toEqual([1, 0, 0]);
    expect(first!.keep).toBe(true);
    expect([...pool!.standing(0).out]).toEqual([0, 1, 0]);
    expect(pool!.standing(0).live).toBe(1);
    first!.release(1);
    expect([...pool!.inflight]).toEqual([0, 0, 0]);
    expect(view.scopes[0]!.pods.get(first!.pod.tag)).toBe(first);
  });

  it("empty a zone: its requests go to the whole pool", async () => {
    const zoned = config([1, 1, 1], "zones: prefer").replaceAll(/id: p(\d)/g, "id: p$1, zone: z$1");
    const view = await viewOf(zoned);
    const [pool] = view.pools;
    const out = () => [...pool!.near(pool!.standing(0), "z0", 1).out];
    expect(out()).toEqual([0, 1, 1]);
    view.weighPods(given(view, { 0: 0 }));
    expect(out()).toEqual([0, 0, 0]);
    view.weighPods({});
    expect(out()).toEqual([0, 1, 1]);
  });

  it.each(Object.keys(policies))("are the shares of new sessions by %s", async (name) => {
    const view = await viewOf(config([1, 1, 1], `policy: ${name}`));
    const [pool] = view.pools;
    const chance = seeded(7);
    const picked = (count: number) => {
      const counts = [0, 0, 0];
      for (let i = 0; i < count; i++) counts[pool!.pick(`${i}`, chance.word(), pool!.standing(0), 0)]!++;
      return counts;
    };
    expect(Math.min(...picked(300)), "a picker is there already").toBeGreaterThan(0);
    view.weighPods(given(view, { 0: 0, 1: 3 }));
    const [none, most, rest] = picked(4000);
    expect(none).toBe(0);
    // 3 of 4; of two drawn by weight the one with fewer in flight for its weight is the first where there are none. The
    // deviation of a share of 4,000 draws is 0.7 %, and that of a table of 2^16 slots less.
    expect(most! / (most! + rest!)).toBeGreaterThan(0.7);
    expect(most! / (most! + rest!)).toBeLessThan(0.8);
  });
});
