import { expect, it } from "vitest";
import { cookiesOf, TestEdge } from "../support/edge.ts";

const pods = [{ id: "p-0", url: "http://127.0.0.1:1" }];
const config = {
  version: 1,
  pools: {
    web: { pods },
    shop: { pods, affinity: [{ cookie: { name: "SHOP" } }] },
    api: { pods, affinity: [{ header: "X-User" }] },
    open: { pods, affinity: [{ cookie: { forward: true } }] },
  },
  routes: [
    { path: "/", pool: "web" },
    { path: "/shop", pool: "shop" },
    { path: "/api", pool: "api" },
    { path: "/open", pool: "open" },
  ],
};

/** A browser sends every cookie of a host to each of its paths: pods of one scope had been sent the tokens of the others. */
it("hides the cookies of every scope from the pods of all, but one's own where it may be seen", async () => {
  const edge = await TestEdge.start({ config });
  const jar: string[] = ["theme=dark"];
  for (const path of ["/", "/shop", "/open"]) {
    const answer = await edge.ask(`http://shop.test${path}`);
    jar.push(cookiesOf(answer)[0]!.join("="));
  }
  // And one of a scope that the config has no more.
  jar.push(`__Host-mooring-gone=${"x".repeat(96)}`);
  const seen = async (path: string) => {
    await edge.ask(`http://shop.test${path}`, { headers: { cookie: jar.join("; ") } });
    return new Headers(edge.shipped.at(-1)!.headers).get("cookie");
  };
  for (const path of ["/", "/shop", "/api"]) expect(await seen(path)).toBe("theme=dark");
  expect((await seen("/open"))!.split("; ")).toEqual(["theme=dark", jar[1], jar[3], jar[4]]);
});

it("leaves an application its own cookie of a name that the edge uses on other hosts alone", async () => {
  // A name configured for one host had been taken out of every host's requests: applications lost their logins.
  const session = [{ cookie: { name: "session" } }];
  const edge = await TestEdge.start({
    config: {
      version: 1,
      pools: {
        web: { pods, affinity: session },
        api: { pods, affinity: [{ header: "X-User" }] },
        any: { pods, affinity: [{ cookie: { name: "theme" } }] },
        wide: { pods, affinity: [{ cookie: { name: "wide", domain: "example.com" } }] },
      },
      routes: [
        { host: "shop.test", pool: "web" },
        { host: "api.test", pool: "api" },
        { host: "shop.test", path: "/api", pool: "api" },
        { host: "example.com", pool: "wide" },
        { path: "/any", pool: "any" },
      ],
    },
  });
  const seen = async (url: string) => {
    await edge.ask(url, { headers: { cookie: "session=theirs; wide=x; theme=dark" } });
    return new Headers(edge.shipped.at(-1)!.headers).get("cookie");
  };
  // All paths of these hosts are someone else's: the route of any host is never reached there.
  expect(await seen("http://shop.test/")).toBe("wide=x; theme=dark");
  expect(await seen("http://shop.test/api")).toBe("wide=x; theme=dark");
  expect(await seen("http://api.test/")).toBe("session=theirs; wide=x; theme=dark");
  expect(await seen("http://example.com/")).toBe("session=theirs; theme=dark");
  expect(await seen("http://other.test/any")).toBe("session=theirs");
});
