import { describe, expect, it } from "vitest";
import { Matcher } from "../../src/route/match.ts";
import { normalizePath, readTarget, validate } from "../../src/route/target.ts";

const routes = [
  { host: "*", path: "/", name: "any" },
  { host: "*", path: "/api", name: "any-api" },
  { host: "*", path: "/api/v1", name: "any-api-v1" },
  { host: "shop.example.com", path: "/cart", name: "shop-cart" },
  { host: "*.example.com", path: "/", name: "wild" },
  { host: "*.eu.example.com", path: "/", name: "wild-eu" },
];
const matcher = new Matcher(routes);
const name = (host: string, path: string) => matcher.match(host, path)?.name;

describe("matching", () => {
  const cases: [string, string, string | undefined][] = [
    ["other.test", "/", "any"],
    ["other.test", "/api", "any-api"],
    ["other.test", "/api/", "any-api"],
    ["other.test", "/api/v1/x/y", "any-api-v1"],
    ["other.test", "/apix", "any"],
    ["other.test", "/api/v10", "any-api"],
    ["other.test", "/ap", "any"],
    ["other.test", "/%61pi/v1", "any-api-v1"],
    ["shop.example.com", "/cart/1", "shop-cart"],
    ["shop.example.com", "/cartoon", "wild"],
    ["shop.example.com.", "/cart", "shop-cart"],
    ["a.example.com", "/api", "wild"],
    ["a.b.example.com", "/", "wild"],
    ["a.eu.example.com", "/", "wild-eu"],
    ["example.com", "/", "any"],
    ["badexample.com", "/", "any"],
  ];
  it.each(cases)("%s%s → %s", (host, path, expected) => {
    expect(name(host, path)).toBe(expected);
  });

  it("answers nothing where nothing matches", () => {
    const only = new Matcher([{ host: "a.test", path: "/x" }]);
    expect(only.match("a.test", "/")).toBeUndefined();
    expect(only.match("a.test", "/x/y")).toBeDefined();
    expect(only.match("b.test", "/x")).toBeUndefined();
  });

  it("finds among many what a plain scan finds", () => {
    const many = Array.from({ length: 300 }, (_, i) => ({
      host: "*",
      path: `/${"abc"[i % 3]}/${i % 17}/${i}`.slice(0, 4 + (i % 6)).replace(/\/$/, "") || "/",
    }));
    const table = new Matcher([...new Map(many.map((route) => [route.path, route])).values()]);
    for (let i = 0; i < 600; i++) {
      const path = `/${"abcd"[i % 4]}/${i % 19}/${i % 300}/tail`;
      const fits = (route: string) => route === "/" || path === route || path.startsWith(`${route}/`);
      const best = many
        .map((route) => route.path)
        .filter(fits)
        .sort((a, b) => b.length - a.length)[0];
      expect(table.match("h", path)?.path, path).toBe(best);
    }
  });
});

describe("matching by other than prefixes", () => {
  const all = [
    { host: "a.test", path: "/shop", pathType: "prefix" },
    { host: "a.test", path: "/shop/cart", pathType: "prefix" },
    { host: "a.test", path: "/shop/cart", pathType: "exact" },
    { host: "a.test", path: "/shop/", pathType: "exact" },
    { host: "a.test", path: "/shop/(cart|till)", pathType: "regex" },
    { host: "a.test", path: "/SHOP/till/\\d+$", pathType: "regex" },
    { host: "a.test", path: "/[a-z]{3,4}/x", pathType: "regex" },
    { host: "*.test", path: "/only", pathType: "exact" },
    { host: "*", path: "/", pathType: "prefix" },
  ] as const;
  const special = new Matcher(all);
  const cases: [host: string, path: string, index: number][] = [
    ["a.test", "/shop", 0],
    ["a.test", "/shop/", 3],
    ["a.test", "/shop/other", 0],
    ["a.test", "/shop/cart", 2],
    ["a.test", "/shop/cart/1", 4],
    // Unanchored at its end, and without case; a prefix knows whole segments alone.
    ["a.test", "/shop/CARTON", 4],
    ["a.test", "/shopping", 8],
    // The longer text of the two that match.
    ["a.test", "/shop/till/7", 4],
    ["a.test", "/Shop/x", 6],
    ["a.test", "/%73hop/c%61rt", 2],
    // Anchored at the start.
    ["a.test", "/x/shop/cart", 8],
    ["b.test", "/only", 7],
    ["b.test", "/only/", 8],
    ["b.test", "/only/x", 8],
  ];
  it.each(cases)("%s%s", (host, path, index) => {
    expect(special.match(host, path)).toBe(all[index]);
  });

  it("takes the highest rank that has a path, before the path, and the host before the rank", () => {
    const all = [
      { host: "a.test", path: "/x/y", pathType: "exact", rank: 0 },
      { host: "a.test", path: "/x", rank: 7 },
      { host: "a.test", path: "/x/[a-z]", pathType: "pattern", rank: 9 },
      { host: "a.test", path: "/x", rank: 0 },
      { host: "*", path: "/", rank: 1000 },
      { host: "*", path: "/z", rank: 1 },
      { host: "a.test", path: "/low", rank: 0 },
    ] as const;
    for (const order of [all, [...all].reverse()]) {
      const matcher = new Matcher<(typeof all)[number]>(order);
      const at = (host: string, path: string) => all.indexOf(matcher.match(host, path)!);
      expect(["/x/y", "/x/1", "/x", "/low/1", "/z"].map((path) => at("a.test", path))).toEqual([
        2, 1, 1, 6, 4,
      ]);
      expect(at("b.test", "/z")).toBe(4);
    }
  });

  it("takes a start by its characters, and of two as long the prefix by segments", () => {
    const all = [
      { host: "*", path: "/a", pathType: "prefix" },
      { host: "*", path: "/a", pathType: "start" },
      { host: "*", path: "/ab/", pathType: "start" },
      { host: "*", path: "/ab/c", pathType: "prefix" },
    ] as const;
    for (const order of [all, [...all].reverse()]) {
      const matcher = new Matcher(order);
      const found = ["/a", "/a/x", "/ax", "/ab", "/ab/", "/ab/cd", "/ab/c/d", "/%61bc", "/A", "/"];
      expect(found.map((path) => all.indexOf(matcher.match("h", path)!))).toEqual([
        0, 0, 1, 1, 2, 2, 3, 1, -1, -1,
      ]);
    }
  });

  it("finds by prefixes and starts what a plain scan of the documented order finds", () => {
    let seed = 7;
    const random = (below: number) => {
      seed = (seed * 48271) % 2147483647;
      return seed % below;
    };
    const text = () => `/${Array.from({ length: random(5) }, () => "ab/"[random(3)]).join("")}`;
    const clean = (path: string) => path.replace(/\/+/g, "/");
    for (let round = 0; round < 200; round++) {
      const routes = Array.from({ length: 6 }, () => {
        const pathType = (["prefix", "start", "exact"] as const)[random(3)]!;
        const path = clean(text());
        return { host: "*", path: pathType === "prefix" ? path.replace(/(.)\/$/, "$1") : path, pathType };
      });
      const unique = [...new Map(routes.map((route) => [`${route.pathType} ${route.path}`, route])).values()];
      const matcher = new Matcher(unique);
      const fits = (path: string, { path: own, pathType }: (typeof routes)[number]) =>
        path === own ||
        (pathType === "start" && path.startsWith(own)) ||
        (pathType === "prefix" && (own === "/" || path.startsWith(`${own}/`)));
      const order = ["exact", "prefix", "start"];
      const expected = [...unique].sort(
        (a, b) =>
          Number(b.pathType === "exact") - Number(a.pathType === "exact") ||
          b.path.length - a.path.length ||
          order.indexOf(a.pathType) - order.indexOf(b.pathType),
      );
      for (let i = 0; i < 20; i++) {
        const path = clean(text());
        expect(matcher.match("h", path), path).toBe(expected.find((route) => fits(path, route)));
      }
    }
  });

  it("matches a pattern with the whole path and its case, and every branch of it", () => {
    const matcher = new Matcher([
      { host: "*", path: "/a|/b/\\d+", pathType: "pattern" },
      { host: "*", path: "/a", pathType: "start" },
    ]);
    const type = (path: string) => matcher.match("h", path)?.pathType;
    expect(["/a", "/b/12", "/ax", "/b/12x", "/x/b/12", "/B/1"].map(type)).toEqual([
      "pattern",
      "pattern",
      "start",
      undefined,
      undefined,
      undefined,
    ]);
  });

  it("takes the longest text of a pattern, whatever the order", () => {
    const patterns = ["/a", "/a/b|/a", "/a/b"].map((path) => ({
      host: "*",
      path,
      pathType: "regex" as const,
    }));
    for (const order of [patterns, [...patterns].reverse()]) {
      expect(new Matcher(order).match("h", "/a/b/c")?.path).toBe("/a/b|/a");
    }
    expect(new Matcher(patterns).match("h", "/b")).toBeUndefined();
  });

  it("asks no pattern where the host has none", () => {
    const many = new Matcher([
      { host: "slow.test", path: "/(a|b)*c", pathType: "regex" },
      { host: "fast.test", path: "/" },
    ]);
    expect(many.match("fast.test", "/aaa")?.path).toBe("/");
    expect(many.match("slow.test", "/aaa")).toBeUndefined();
  });
});

describe("the target", () => {
  it("is sliced from the url", () => {
    expect(readTarget("http://Shop.test:8080/a%20b/c?q=/x")).toEqual({
      https: false,
      authority: "Shop.test:8080",
      host: "shop.test",
      path: "/a%20b/c",
      rest: "/a%20b/c?q=/x",
    });
    expect(readTarget("https://[2001:db8::1]:444/?")).toMatchObject({
      https: true,
      host: "[2001:db8::1]",
      path: "/",
    });
    expect(readTarget("http://h")).toMatchObject({ path: "/", rest: "/" });
  });

  it("must be the one that Host names", () => {
    const check = (host: string, url: string, method = "GET", coding: string | null = null) =>
      validate(method, { host, coding }, readTarget(url))?.status;
    expect(check("a.test", "http://a.test/")).toBeUndefined();
    expect(check("A.TEST:80", "http://a.test/")).toBeUndefined();
    expect(check("a.test:81", "http://a.test/")).toBe(400);
    expect(check("b.test", "http://a.test/")).toBe(400);
    for (const bad of ["a/b", "a@b", "a b", "", "a:b", "a.test:999999", "a\tb", "-", "a?b", "[::1", "a%41"]) {
      expect(check(bad, "http://a.test/"), bad).toBe(400);
    }
    for (const path of ["/../x", "/a/../x", "/a/.", "/%2e%2E/x", "/a/%2e", "/.%2e/x", "/a\\..\\x", "/.."]) {
      expect(check("a.test", `http://a.test${path}`), path).toBe(400);
    }
    for (const path of ["/.well-known/x", "/a..b/c", "/...", "/x?a=/../b", "/%2e%2ea"]) {
      expect(check("a.test", `http://a.test${path}`), path).toBeUndefined();
    }
    // Servers that take parameters off, or decode first, would resolve these.
    for (const path of ["/a/..;/x", "/a/..;b=c/x", "/a/..%2fx", "/a%2f../x", "/a%5c..%5cx", "/a/.%3bx"]) {
      expect(check("a.test", `http://a.test${path}`), path).toBe(400);
    }
    expect(check("a.test", "http://a.test/", "POST", "Chunked")).toBeUndefined();
    for (const coding of ["gzip, chunked", "chunked, chunked", "identity", ""]) {
      expect(check("a.test", "http://a.test/", "POST", coding), coding).toBe(501);
    }
    expect(check("a.test", "http://a.test/", "TRACE")).toBe(405);
    expect(check("a.test", "http://a.test/", "PROPFIND")).toBeUndefined();
    expect(check("a.test", "http://a.test/", "GE T")).toBe(405);
  });

  it("is nobody's when it spells the admin API otherwise (CVE-2026-73511)", () => {
    const check = (path: string) =>
      validate("GET", { host: "a", coding: null }, readTarget(`http://a${path}`));
    const spellings = [
      "/_mooring;x/v1",
      "//_mooring/v1",
      "/%5fmooring",
      "/%5Fmooring/v1/config",
      "/_m%6foring/v1",
    ];
    for (const path of [...spellings, "/%2f_mooring", "/_mooring%2fv1", "/_MOORING/v1", "/_mooring%3bx"]) {
      expect(check(path)?.code, path).toBe("bad-path");
    }
    for (const path of ["/_mooringx", "/a/_mooring", "/_moorin", "/%255fmooring"]) {
      expect(check(path), path).toBeUndefined();
    }
  });

  it("is compared without needless encoding, and no slash or percent is made", () => {
    expect(normalizePath("/%61%2fb%2E%25")).toBe("/a%2Fb.%25");
  });
});
