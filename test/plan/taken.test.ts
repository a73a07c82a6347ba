import { expect, it } from "vitest";
import { Origins } from "../../src/plan/origin.ts";
import type { View } from "../../src/route/view.ts";
import { testCore } from "../support/core.ts";
import { snapshotOf, viewOf } from "../support/plan-fleet.ts";
import { seeded } from "../support/seeded.ts";

const POOLS = ["web", "beta", "read"];
const pools = Object.fromEntries(
  POOLS.map((name) => [name, { tableBits: 10, pods: [{ id: `${name}-0`, url: `http://pod.test/${name}` }] }]),
);
const METHODS = ["GET", "POST", "PUT"];
const VALUES = [undefined, "", "1", "12", "2"];

/** Every request that may be told from another by what the routes of this test ask for. */
const REQUESTS = METHODS.flatMap((method) =>
  VALUES.flatMap((x) =>
    VALUES.map((y) => ({
      method,
      url: y === undefined ? "http://h/" : `http://h/?y=${y}`,
      headers: { get: (name: string) => (name === "x" ? (x ?? null) : null) },
    })),
  ),
);
type Request = (typeof REQUESTS)[number];

const scopeOf = (view: View, request: Request) => view.match("h", "/", request)?.scope.scope.id;

/** Whoever came by a scope may be any of its requests: where each of them gets to must be among what the plan thinks possible. */
it("thinks possible whatever becomes of a session whose next request a new config's conditions go by", async () => {
  const chance = seeded(4646);
  const one = <T>(of: readonly T[]): T => of[chance.below(of.length)]!;
  const condition = (name: string) => ({
    name,
    not: chance.below(3) === 0,
    ...one([{}, { value: one(["", "1", "2"]) }, { prefix: "1" }, { pattern: "2$" }]),
  });
  const route = () => {
    const match = {
      ...(chance.below(2) === 0 ? { methods: [one(METHODS)] } : {}),
      ...(chance.below(2) === 0 ? { headers: [condition("x")] } : {}),
      ...(chance.below(3) === 0 ? { query: [condition("y")] } : {}),
    };
    const place = { pathType: one(["prefix", "exact"]), rank: chance.below(2), pool: one(POOLS) };
    return Object.keys(match).length === 0 ? place : { ...place, match };
  };
  const core = testCore();
  const seen = { certain: 0, unsure: 0, same: 0 };
  let routes = Array.from({ length: 4 }, route);
  for (let round = 0; round < 300; round++) {
    const changed = routes.filter(() => chance.below(5) > 0);
    const next = [...changed, ...(chance.below(2) === 0 ? [route()] : [])];
    const [old, now] = await Promise.all(
      [routes, next].map((all) => snapshotOf({ version: 1, pools, routes: all }, 1)),
    );
    // Two of them ask for the same.
    if (old === undefined || now === undefined) {
      routes = Array.from({ length: 4 }, route);
      continue;
    }
    const [before, after] = [viewOf(old, [], {}, core), viewOf(now, [], {}, core)];
    const origins = new Origins(before, after);
    for (const scope of before.scopes) {
      const { id } = scope.scope;
      const mine = REQUESTS.filter((request) => scopeOf(before, request) === id);
      if (mine.length === 0) continue;
      const thought = origins.of(id, { created: 0, exp: 43_200_000, via: `${id}@*` });
      const possible = new Set(thought.map((origin) => origin.after?.scope.id));
      for (const request of mine) {
        const found = scopeOf(after, request) === id ? id : undefined;
        const words = `${request.method} ${request.url} x=${request.headers.get("x")}`;
        expect(possible, `${words}\n${JSON.stringify(routes)}\n${JSON.stringify(next)}`).toContain(found);
      }
      if (possible.size > 1) seen.unsure++;
      else seen.certain++;
      if (possible.has(id)) seen.same++;
    }
    before.free();
    after.free();
    routes = next.length > 0 ? next : [route()];
  }
  // To think everything possible would always be right.
  expect(seen.certain).toBeGreaterThan(2 * seen.unsure);
  expect(seen.same).toBeGreaterThan(100);
});
