import { describe, expect, it } from "vitest";
import type { ListedBinding } from "../../src/model/ports.ts";
import { plan } from "../../src/plan/plan.ts";
import { testCore } from "../support/core.ts";
import { departing, snapshotOf, viewOf } from "../support/plan-fleet.ts";

const NOW = 1_800_000_000_000;
const pools = Object.fromEntries(
  ["web", "canary"].map((name) => [name, { pods: [{ id: `${name}-0`, url: `http://pod.test/${name}` }] }]),
);

/**
 * Plans from some routes to others, with one session on the pod of each pool.
 *
 * @param own each of the scope of that pool, not all of the first one's
 */
async function planned(before: object[], after: object[], own = false) {
  const core = testCore();
  const config = (routes: object[]) => ({ version: 1, pools, routes });
  const old = viewOf((await snapshotOf(config(before), 1))!, [], {}, core);
  const next = (await snapshotOf(config(after), 2))!;
  const sessions = old.snapshot.pools.map(
    ({ name, pods: [pod] }, i): ListedBinding => ({
      ...{
        sid: `${i}a`.repeat(16),
        epoch: 1,
        pod: pod!.tag,
        home: pod!.tag,
        state: "A",
        cause: "",
        via: own ? `${name}@*` : "web@*",
      },
      ...{ created: NOW - 3_600_000, exp: NOW + 39_600_000, expires: NOW + 1_800_000 },
    }),
  );
  const listing = {
    count: async (asked: readonly number[]) => asked.map(() => 1),
    async *pages() {
      yield sessions;
    },
  };
  const view = viewOf(next, departing(old, next), {}, core);
  const { moves, routes, summary } = await plan(old, view, listing, NOW, { limit: 10, after: "" });
  return { moves: moves.map(({ from, to, cause }) => [from, to, cause]), routes, summary };
}

const split = { web: 9, canary: 1 };

describe("a plan of routes", () => {
  it("tells kinds of paths apart, and asks for a pattern by a path that it matches", async () => {
    const before = [{ path: "/", split }];
    const after = [...before, { path: "/cart", pathType: "exact", pool: "web" }];
    const pattern = { path: "/(cart|till)/\\d+$", pathType: "regex", pool: "web" };
    expect((await planned(before, [...after, pattern])).routes).toEqual([
      { host: "*", path: "/cart", pathType: "exact", before: "web 9, canary 1", after: "web" },
      { host: "*", path: "/(cart|till)/\\d+$", pathType: "regex", before: "web 9, canary 1", after: "web" },
    ]);
    expect((await planned([...after, pattern], before)).moves).toEqual([]);
    const starts = [
      { path: "/cart", pathType: "start", pool: "web" },
      { path: "/till/[A-Z]+", pathType: "pattern", pool: "web" },
    ];
    const both = [...before, { path: "/cart", split }];
    expect((await planned(both, [...both, ...starts])).routes).toEqual([
      { host: "*", path: "/cart", pathType: "start", before: "web 9, canary 1", after: "web" },
      { host: "*", path: "/till/[A-Z]+", pathType: "pattern", before: "web 9, canary 1", after: "web" },
    ]);
  });

  it("says what rules go by, and what they go before", async () => {
    const rules = [{ header: "X-Region", pattern: "^eu-", pool: "canary" }];
    const more = { overrides: rules, headerBeatsSession: true, issue: false };
    expect((await planned([{ split }], [{ split, ...more }])).routes).toEqual([
      {
        host: "*",
        path: "/",
        before: "web 9, canary 1",
        after: "web 9, canary 1; header x-region~^eu- → canary; headers before sessions; no session begins",
      },
    ]);
  });

  const alice = { methods: ["GET"], headers: [{ name: "x-user", value: "alice" }] };
  const bob = { ...alice, headers: [{ name: "x-user", value: "bob" }] };

  it("tells routes apart that differ by what they ask for, each asked for by a request that it takes", async () => {
    const before = [{ pool: "web" }, { pool: "canary", match: alice }];
    const after = [{ pool: "web" }, { pool: "web", match: alice }, { pool: "canary", match: bob }];
    const told = { host: "*", path: "/" };
    expect((await planned(before, after)).routes).toEqual([
      { ...told, match: ["method GET", "header x-user=alice"], before: "canary", after: "web" },
      { ...told, match: ["method GET", "header x-user=bob"], before: "web", after: "canary" },
    ]);
    const loose = { path: "/A", ignoreCase: true, pool: "canary" };
    expect((await planned([{ pool: "web" }], [{ pool: "web" }, loose])).routes).toEqual([
      { host: "*", path: "/A", ignoreCase: true, before: "web", after: "canary" },
    ]);
  });

  it.each([
    ["methods", { methods: ["GET"] }],
    ["a header", { headers: [{ name: "x-user", prefix: "al" }] }],
    ["a header that must not be there", { headers: [{ name: "x-user", not: true }] }],
    ["a parameter that must not be so", { query: [{ name: "v", pattern: "^2", not: true }] }],
    ["the host", { headers: [{ name: "host", prefix: "shop." }] }],
    ["all of it", { ...alice, query: [{ name: "v", value: "2" }] }],
  ])("knows of each session where it stays, though another route asks for %s", async (_, match) => {
    const routes = [{ pool: "web" }, { pool: "canary", match }];
    const still = await planned(routes, routes, true);
    expect(still).toMatchObject({ moves: [], routes: [], summary: { kept: 2, exact: true } });
    // Who came by the route that is gone comes by the other one, and has nothing that is known there.
    const gone = await planned(routes, routes.slice(0, 1), true);
    expect(gone.moves).toEqual([["canary-0", "", "config-change"]]);
    expect(gone.summary.exact).toBe(true);
    // Who of those that came before is to be taken by a new route nobody knows.
    const come = await planned(routes.slice(0, 1), routes, true);
    expect(come.summary).toMatchObject({ exact: false });
    expect(come.moves.filter(([from]) => from === "web-0")).toEqual([]);
  });

  it("knows that a route for others takes nobody, wherever it stands", async () => {
    const routes = [{ pool: "web" }, { pool: "canary", match: alice }];
    for (const match of [bob, { methods: ["POST"] }, { headers: [{ ...alice.headers[0], not: true }] }]) {
      const { moves, summary } = await planned(routes, [...routes, { pool: "web", rank: 1, match }], true);
      expect([moves, summary.exact]).toEqual([[], true]);
    }
  });

  it("ends the sessions of a side that is to hold none, and no others", async () => {
    const { moves, routes } = await planned([{ split }], [{ split, sticky: "primary" }]);
    expect(moves).toEqual([["canary-0", "", "config-change"]]);
    expect(routes).toMatchObject([{ after: "web 9, canary 1; sessions at web alone" }]);
    expect((await planned([{ split, sticky: "primary" }], [{ split }])).moves).toEqual([]);
  });
});
