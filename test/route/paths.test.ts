import { describe, expect, it } from "vitest";
import { foldCase } from "../../src/config/path.ts";
import { type Asking, type Conditions, conditionsOf, Subject } from "../../src/route/condition.ts";
import { Matcher } from "../../src/route/match.ts";
import type { Matchable } from "../../src/route/paths.ts";
import { seeded } from "../support/seeded.ts";

interface Route extends Required<Omit<Matchable, "conditions">> {
  readonly conditions: Conditions | undefined;
}

const ask = (method = "GET", headers: Record<string, string> = {}, query = ""): Asking => ({
  method,
  url: `http://h/${query}`,
  headers: new Headers(headers),
});
const asking = (more: object) => conditionsOf({ methods: [], headers: [], query: [], ...more });

describe("a route whose conditions do not fit", () => {
  const post = asking({ methods: ["POST"] });
  const alice = asking({ headers: [{ name: "x-user", value: "alice", not: false }] });
  const both = asking({
    methods: ["POST"],
    headers: [{ name: "x-user", value: "alice", not: false }],
  });

  it("leaves the request to the one with fewer, a shorter path, a lower rank and a less specific host", () => {
    const all = [
      { host: "a.test", path: "/x/y", pathType: "exact", conditions: post },
      { host: "a.test", path: "/x/y", conditions: alice },
      { host: "a.test", path: "/x/y", conditions: both },
      { host: "a.test", path: "/x", pathType: "start", conditions: post },
      { host: "a.test", path: "/x", conditions: alice },
      { host: "a.test", path: "/", rank: 1, conditions: both },
      { host: "*.test", path: "/x", conditions: post },
      { host: "*", path: "/" },
    ] as const;
    const matcher = new Matcher<Matchable>(all);
    const at = (path: string, request: Asking) => {
      const passed: Matchable[] = [];
      const hit = matcher.match("a.test", path, request, passed);
      return [all.indexOf(hit as never), passed.map((route) => all.indexOf(route as never))];
    };
    const user = { "x-user": "alice" };
    expect(at("/x/y", ask("POST", user))).toEqual([5, []]);
    expect(at("/x/y", ask("POST"))).toEqual([0, [5]]);
    expect(at("/x/y", ask("GET", user))).toEqual([1, [5, 0, 2]]);
    expect(at("/x/y", ask("GET"))).toEqual([7, [5, 0, 2, 1, 4, 3, 6]]);
    expect(at("/x/z", ask("POST"))).toEqual([3, [5, 4]]);
    expect(at("/other", ask())).toEqual([7, [5]]);
    // Who tells nothing of the request gets what takes any.
    expect(all.indexOf(matcher.match("a.test", "/x/y") as never)).toBe(7);
  });

  it("reads nothing of a request where no route asks for anything", () => {
    const matcher = new Matcher([
      { host: "*", path: "/a", pathType: "exact" },
      { host: "*", path: "/" },
    ]);
    const request = new Proxy({} as Asking, {
      get() {
        throw new Error("the request was read");
      },
    });
    expect(matcher.match("h", "/a", request)?.path).toBe("/a");
    expect(matcher.match("h", "/b", request)?.path).toBe("/");
  });
});

describe("a path without case", () => {
  it("is that of ASCII letters alone, behind the same with case", () => {
    const all = [
      { host: "*", path: "/Shop", ignoreCase: true },
      { host: "*", path: "/shop" },
      { host: "*", path: "/shop/Cart", pathType: "exact", ignoreCase: true },
      { host: "*", path: "/SHOP/till", pathType: "start", ignoreCase: true },
      { host: "*", path: "/%C3%A4%2Fx", ignoreCase: true },
      { host: "*", path: "/" },
    ] as const;
    const matcher = new Matcher<(typeof all)[number]>(all);
    const at = (path: string) => all.indexOf(matcher.match("h", path)!);
    expect(["/SHOP/x", "/shop/x", "/shopx", "/sHoP"].map(at)).toEqual([0, 1, 5, 0]);
    expect(["/Shop/CART", "/shop/cart/", "/shop/carts"].map(at)).toEqual([2, 1, 1]);
    expect(["/shop/TILLs/7", "/shop/til"].map(at)).toEqual([3, 1]);
    // The digits of an encoding have no case either way; what they encode has.
    expect(["/%c3%a4%2fX", "/%C3%84%2Fx", "/%53hop"].map(at)).toEqual([4, 5, 0]);
  });

  it("is compared as far as the longest route goes, however long the request's is", () => {
    const matcher = new Matcher([
      { host: "*", path: "/A", pathType: "exact", ignoreCase: true },
      { host: "*", path: "/A/B", ignoreCase: true },
    ]);
    const long = "/a".repeat(30_000);
    expect(matcher.match("h", `/a/b${long}`)?.path).toBe("/A/B");
    expect(matcher.match("h", long)).toBeUndefined();
    expect(matcher.match("h", "/aa")).toBeUndefined();
  });
});

/** The documented order, as plainly as it can be said. */
function naive(routes: readonly Route[], host: string, path: string, request: Asking): Route | undefined {
  const specificity = (route: Route) =>
    route.host === "*" ? 0 : route.host.startsWith("*") ? route.host.length : 1e6;
  const kind = ({ pathType }: Route) =>
    pathType === "exact" ? 2 : pathType === "regex" || pathType === "pattern" ? 1 : 0;
  const count = ({ conditions }: Route) => conditions?.count ?? 0;
  // Patterns as long are tried one after the other, each with all that it asks for.
  const first = ({ path, pathType }: Route) =>
    routes.findIndex((other) => other.path === path && other.pathType === pathType);
  const ordered = [...routes].sort(
    (a, b) =>
      specificity(b) - specificity(a) ||
      b.rank - a.rank ||
      kind(b) - kind(a) ||
      b.path.length - a.path.length ||
      (kind(a) === 1 ? first(a) - first(b) : 0) ||
      Number(b.pathType === "prefix") - Number(a.pathType === "prefix") ||
      Number(a.ignoreCase) - Number(b.ignoreCase) ||
      count(b) - count(a) ||
      routes.indexOf(a) - routes.indexOf(b),
  );
  return ordered.find((route) => {
    const own =
      route.host === "*" ||
      route.host === host ||
      (route.host.startsWith("*.") && host.endsWith(route.host.slice(1)));
    const { conditions } = route;
    if (!own || (conditions !== undefined && conditions.failing(new Subject(host, request)) >= 0))
      return false;
    const [mine, theirs] = route.ignoreCase ? [foldCase(route.path), foldCase(path)] : [route.path, path];
    if (route.pathType === "regex") return new RegExp(`^(?:${mine})`, "i").test(path);
    if (route.pathType === "pattern") return new RegExp(`^(?:${mine})$`).test(path);
    if (route.pathType === "start") return theirs.startsWith(mine);
    return (
      theirs === mine || (route.pathType === "prefix" && (mine === "/" || theirs.startsWith(`${mine}/`)))
    );
  });
}

describe("the matcher", () => {
  it("finds what a plain scan of the documented order finds, whatever routes ask for", () => {
    const chance = seeded(46);
    const one = <T>(of: readonly T[]): T => of[chance.below(of.length)]!;
    const text = () =>
      `/${Array.from({ length: chance.below(5) }, () => one(["a", "b", "A", "/"])).join("")}`;
    const path = () => text().replace(/\/+/g, "/");
    const condition = () => ({
      name: one(["x", "y", "host"]),
      not: chance.below(3) === 0,
      ...one([
        {},
        { value: one(["1", "h", ""]) },
        { prefix: one(["1", "h"]) },
        { pattern: one(["1", "^$"]) },
      ]),
    });
    const some = <T>(make: () => T): T[] => Array.from({ length: chance.below(2) }, make);
    const route = (): Route => {
      const pathType = one(["prefix", "prefix", "start", "exact", "regex", "pattern"] as const);
      const isPattern = pathType === "regex" || pathType === "pattern";
      const written = path();
      const whole = isPattern ? written + one(["", "?", "|/b"]) : written;
      const match = {
        methods: chance.below(2) === 0 ? [] : [one(["GET", "POST"])],
        headers: some(condition),
        query: some(condition),
      };
      const asks = match.methods.length + match.headers.length + match.query.length;
      return {
        host: one(["*", "h", "*.h", "a.h", "*.a.h"]),
        path: pathType === "prefix" ? whole.replace(/(.)\/$/, "$1") : whole,
        pathType,
        ignoreCase: !isPattern && chance.below(3) === 0,
        rank: chance.below(2),
        conditions: asks === 0 ? undefined : conditionsOf(match),
      };
    };
    const keyOf = ({ conditions, ...place }: Route) =>
      JSON.stringify([
        { ...place, path: place.ignoreCase ? foldCase(place.path) : place.path },
        conditions?.words,
      ]);
    const found = { some: 0, asking: 0 };
    for (let round = 0; round < 400; round++) {
      const all = Array.from({ length: 1 + chance.below(24) }, route);
      const routes = [...new Map(all.map((one) => [keyOf(one), one])).values()];
      const matcher = new Matcher(routes);
      for (let i = 0; i < 40; i++) {
        const headers = Object.fromEntries(some(() => [one(["x", "Y", "host"]), one(["1", "12", "h", ""])]));
        const query = `?${some(() => `${one(["x", "y", "%79"])}=${one(["1", "%31", "h", ""])}`).join("&")}`;
        const request = ask(one(["GET", "POST", "PUT"]), headers, query);
        const [host, at] = [one(["h", "a.h", "b.a.h", "x"]), path()];
        const expected = naive(routes, host, at, request);
        expect(matcher.match(host, at, request), `${host}${at}${query} ${JSON.stringify(headers)}`).toBe(
          expected,
        );
        if (expected !== undefined) found.some++;
        if (expected?.conditions !== undefined) found.asking++;
      }
    }
    // The scan would agree on nothing, too.
    expect(found.some).toBeGreaterThan(5000);
    expect(found.asking).toBeGreaterThan(2000);
  });
});
