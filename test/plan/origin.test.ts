import { describe, expect, it } from "vitest";
import type { ListedBinding } from "../../src/model/ports.ts";
import { plan } from "../../src/plan/plan.ts";
import { testCore } from "../support/core.ts";
import { departing, snapshotOf, viewOf } from "../support/plan-fleet.ts";

const NOW = 1_800_000_000_000;
const HOUR = 3_600_000;

type Routes = readonly { host: string; pool?: string; split?: Record<string, number> }[];

const pods = (pool: string) =>
  [0, 1].map((i) => ({ id: `${pool}-${i}`, url: `http://pod.test/${pool}-${i}` }));

function configOf(affinity: unknown, routes: Routes) {
  const pools = ["web", "shop", "side"].map((name) => [
    name,
    { affinity: [affinity], tableBits: 10, pods: pods(name) },
  ]);
  return { version: 1, pools: Object.fromEntries(pools), routes };
}

/** Plans from some routes to others for one session on the first pod of a pool. */
async function planned(affinity: unknown, before: Routes, after: Routes, pool: string, via: string) {
  const core = testCore();
  const old = viewOf((await snapshotOf(configOf(affinity, before), 1))!, [], {}, core);
  const next = (await snapshotOf(configOf(affinity, after), 2))!;
  const view = viewOf(next, departing(old, next), {}, core);
  const { tag: pod } = old.snapshot.pools.find(({ name }) => name === pool)!.pods[0]!;
  const life = { created: NOW - HOUR, exp: NOW + 11 * HOUR, expires: NOW + HOUR / 2 };
  const session: ListedBinding = {
    ...{ sid: "5a".repeat(16), epoch: 1, pod, home: pod, state: "A", cause: "", via },
    ...life,
  };
  const listing = {
    count: async (asked: readonly number[]) => asked.map((one) => Number(one === pod)),
    async *pages() {
      yield [session];
    },
  };
  const { moves, summary } = await plan(old, view, listing, NOW, { limit: 10, after: "" });
  return { exact: summary.exact, to: moves.map(({ to }) => to) };
}

const COOKIE = { cookie: {} };
const KEY = { header: "x-user" };

describe("a session on a pool that two scopes share", () => {
  const shared: Routes = [
    { host: "a.test", split: { web: 1, side: 1 } },
    { host: "b.test", split: { shop: 1, side: 1 } },
  ];
  const left: Routes = [{ host: "a.test", split: { web: 1, side: 1 } }];

  it("was an estimate before bindings said by which route they came", async () => {
    expect((await planned(COOKIE, shared, left, "side", "")).exact).toBe(false);
  });

  it.each([COOKIE, KEY])("is planned exactly by what its binding says: %j", async (affinity) => {
    expect(await planned(affinity, shared, left, "side", "web@a.test")).toEqual({ exact: true, to: [] });
    expect(await planned(affinity, shared, left, "side", "shop@b.test")).toEqual({ exact: true, to: [""] });
  });

  it("ends where neither config has its scope, whoever else the pool belongs to", async () => {
    expect(await planned(COOKIE, shared, left, "side", "gone@c.test")).toEqual({ exact: true, to: [] });
  });
});

describe("a session of a scope that loses one of its hosts", () => {
  const both: Routes = ["a.test", "b.test"].map((host) => ({ host, pool: "web" }));
  const one: Routes = [{ host: "a.test", pool: "web" }];

  it("ends with the host that has set its cookie", async () => {
    expect(await planned(COOKIE, both, one, "web", "web@a.test")).toEqual({ exact: true, to: [] });
    expect(await planned(COOKIE, both, one, "web", "web@b.test")).toEqual({ exact: true, to: [""] });
  });

  it("stays an estimate where its client may ask the other host as well", async () => {
    expect((await planned(KEY, both, one, "web", "web@b.test")).exact).toBe(false);
    const domain = { cookie: { domain: "test" } };
    expect((await planned(domain, both, one, "web", "web@b.test")).exact).toBe(false);
  });

  it("stays an estimate where the host was any, and the new config names one", async () => {
    const any: Routes = [{ host: "*", pool: "web" }];
    expect((await planned(COOKIE, any, one, "web", "web@*")).exact).toBe(false);
  });
});
