import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { call, Jar } from "../../tools/fleet/client.ts";
import { type Fleet, startFleet } from "../../tools/fleet/fleet.ts";
import { ingressOf, startBackends } from "../support/ingress.ts";

const HOST = "shop.example.com";
const to = { headers: { host: HOST } };

/** What ingress-nginx's own tests of affinity ask for, of the public endpoint. */
describe("an affinity Ingress", () => {
  let fleet: Fleet;
  let pods: Awaited<ReturnType<typeof startBackends>>;

  beforeAll(async () => {
    pods = await startBackends(["cart-0", "cart-1", "cart-2", "other-0"]);
    fleet = await startFleet({ pods: 0, config: () => undefined });
  });
  afterAll(async () => {
    await fleet?.stop();
    pods?.stop();
  });

  const apply = async (...ingresses: object[]) => {
    const items = [
      ...pods.service("cart", ["cart-0", "cart-1", "cart-2"]),
      ...pods.service("other", ["other-0"]),
      ...ingresses,
    ];
    const put = await fleet.admin.putConfig({ apiVersion: "v1", kind: "List", items });
    expect(put.status, JSON.stringify(put.json)).toBe(200);
    return (put.json as { notices: { path: string; message: string }[] }).notices;
  };
  const ask = (path = "/", headers: Record<string, string> = {}) =>
    call(fleet.url + path, { headers: { host: HOST, ...headers } });
  const cookieOf = async (path = "/", headers: Record<string, string> = {}) => {
    const [line = ""] = (await ask(path, headers)).headers["set-cookie"] ?? [];
    return line.replace(/=[^;]*/, "=…");
  };
  const COOKIE = { affinity: "cookie", "session-cookie-name": "SERVERID" };

  it("A1: sets the cookie, and keeps to the pod", async () => {
    await apply(ingressOf("cart", HOST, [["/", "cart"]], COOKIE));
    expect(await cookieOf()).toBe("SERVERID=…; Path=/; HttpOnly");
    for (let i = 0; i < 6; i++) {
      const jar = new Jar();
      const all = [];
      for (let n = 0; n < 5; n++) all.push((await jar.get(fleet.url, to)).body);
      expect(new Set(all).size).toBe(1);
    }
    expect((await call(fleet.url, { headers: { host: "elsewhere.example.com" } })).status).toBe(404);
  });

  it("A2: another name of the cookie counts from the next request on", async () => {
    await apply(ingressOf("cart", HOST, [["/", "cart"]], { ...COOKIE, "session-cookie-name": "OTHER" }));
    expect(await cookieOf()).toBe("OTHER=…; Path=/; HttpOnly");
  });

  it("A3: the cookie's path is that of the location", async () => {
    await apply(ingressOf("cart", HOST, [["/something", "cart"]], COOKIE));
    expect(await cookieOf("/something/below")).toBe("SERVERID=…; Path=/something; HttpOnly");
  });

  it("A4: two locations of one backend have each its own path", async () => {
    await apply(
      ingressOf(
        "cart",
        HOST,
        [
          ["/something", "cart"],
          ["/somewhereelse", "cart"],
        ],
        COOKIE,
      ),
    );
    expect(await cookieOf("/something")).toBe("SERVERID=…; Path=/something; HttpOnly");
    expect(await cookieOf("/somewhereelse")).toBe("SERVERID=…; Path=/somewhereelse; HttpOnly");
  });

  it("A5: Expires and Max-Age as annotated, in this order", async () => {
    const age = { "session-cookie-expires": "172800", "session-cookie-max-age": "259200" };
    await apply(ingressOf("cart", HOST, [["/", "cart"]], { ...COOKIE, ...age }));
    const [line = ""] = (await ask()).headers["set-cookie"] ?? [];
    const [, day] =
      /^SERVERID=[^;]+; Expires=(\w{3}, \d\d-\w{3}-\d\d \d\d:\d\d:\d\d GMT); Max-Age=259200; Path=\/; HttpOnly$/.exec(
        line,
      ) ?? [];
    const left = Date.parse(day!.replace(/-(\d\d) /, "-20$1 ")) - Date.now();
    expect(Math.abs(left - 172_800_000)).toBeLessThan(60_000);
  });

  it("A6: a domain only where it is annotated", async () => {
    const domain = { "session-cookie-domain": "example.com" };
    await apply(ingressOf("cart", HOST, [["/", "cart"]], { ...COOKIE, ...domain }));
    expect(await cookieOf()).toBe("SERVERID=…; Domain=example.com; Path=/; HttpOnly");
    await apply(ingressOf("cart", HOST, [["/", "cart"]], COOKIE));
    expect(await cookieOf()).not.toContain("Domain");
  });

  it("A7: regular expressions with a path of the cookie, and without one the pattern as it stands", async () => {
    const regex = { ...COOKIE, "use-regex": "true" };
    const paths = [["/foo/.*", "cart", "ImplementationSpecific"]] as const;
    await apply(ingressOf("cart", HOST, paths, { ...regex, "session-cookie-path": "/foo/bar" }));
    expect(await cookieOf("/foo/bar")).toBe("SERVERID=…; Path=/foo/bar; HttpOnly");
    expect((await ask("/elsewhere")).status).toBe(404);
    await apply(ingressOf("cart", HOST, paths, regex));
    expect(await cookieOf("/foo/bar")).toBe("SERVERID=…; Path=/foo/.*; HttpOnly");
  });

  it("A8: an Ingress without affinity of the same host sets none, also where its backend has it", async () => {
    await apply(
      ingressOf("cart", HOST, [["/foo", "cart"]], { ...COOKIE, "session-cookie-path": "/foo" }),
      ingressOf("plain", HOST, [["/bar", "cart"]]),
    );
    expect(await cookieOf("/foo")).toBe("SERVERID=…; Path=/foo; HttpOnly");
    expect(await cookieOf("/bar")).toBe("");
  });

  it("A9: without a host", async () => {
    await apply(ingressOf("cart", undefined, [["/", "cart"]], COOKIE));
    expect(await cookieOf()).toBe("SERVERID=…; Path=/; HttpOnly");
  });

  it("A10: an alias of the server is served like the host", async () => {
    await apply(ingressOf("cart", HOST, [["/", "cart"]], { ...COOKIE, "server-alias": "alias.example.com" }));
    expect(await cookieOf("/", { host: "alias.example.com" })).toBe("SERVERID=…; Path=/; HttpOnly");
  });

  it("A11: Secure where it is annotated, and by itself over https, also when it says false", async () => {
    await apply(ingressOf("cart", HOST, [["/", "cart"]], COOKIE)).catch(() => undefined);
    await apply(ingressOf("cart", HOST, [["/", "cart"]], { ...COOKIE, "session-cookie-secure": "true" }));
    expect(await cookieOf()).toBe("SERVERID=…; Path=/; Secure; HttpOnly");
    await apply(ingressOf("cart", HOST, [["/", "cart"]], { ...COOKIE, "session-cookie-secure": "false" }));
    expect(await cookieOf()).toBe("SERVERID=…; Path=/; HttpOnly");
  });

  it("two Services behind one live cookie begin from it, each with a cookie of its own, and keep to their pods", async () => {
    const paths = [
      ["/", "cart"],
      ["/other", "other"],
    ] as const;
    const items = [
      ...pods.service("cart", ["cart-0", "cart-1"]),
      ...pods.service("other", ["cart-2", "other-0"]),
      ingressOf("both", HOST, paths, { affinity: "cookie", "session-cookie-path": "/" }),
    ];
    expect((await fleet.admin.putConfig({ kind: "List", apiVersion: "v1", items })).status).toBe(200);
    const live: [string, string] = ["INGRESSCOOKIE", "1757698459.933.11660.565530|c0ffee"];
    const [one, two] = [new Jar([live]), new Jar([live])];
    const at = async (jar: Jar, path: string) => (await jar.get(fleet.url + path, to)).body;
    const [cart, other] = [await at(one, "/"), await at(one, "/other")];
    // Another browser that comes with the same cookie, the other Service first.
    expect([await at(two, "/other"), await at(two, "/")]).toEqual([other, cart]);
    for (let i = 0; i < 4; i++) expect([await at(one, "/"), await at(one, "/other")]).toEqual([cart, other]);
    expect([...one.cookies.keys()].sort()).toEqual([
      "INGRESSCOOKIE",
      "INGRESSCOOKIE-shop-cart-80",
      "INGRESSCOOKIE-shop-other-80",
    ]);
    expect(one.cookies.get("INGRESSCOOKIE")).toBe(live[1]);
  });

  it.each(["balanced", "persistent"])(
    "B1, B2: %s: more pods move nobody, fewer only theirs",
    async (mode) => {
      const annotations = { ...COOKIE, "affinity-mode": mode };
      const some = (ids: string[]) =>
        fleet.admin.putConfig({
          kind: "List",
          apiVersion: "v1",
          items: [...pods.service("cart", ids), ingressOf("cart", HOST, [["/", "cart"]], annotations)],
        });
      expect((await some(["cart-0", "cart-1"])).status).toBe(200);
      const jars = Array.from({ length: 24 }, () => new Jar());
      const where = () => Promise.all(jars.map(async (jar) => (await jar.get(fleet.url, to)).body));
      const before = await where();
      expect(new Set(before)).toEqual(new Set(["cart-0", "cart-1"]));
      await some(["cart-0", "cart-1", "cart-2"]);
      expect(await where()).toEqual(before);
      await some(["cart-1", "cart-2"]);
      (await where()).forEach((pod, i) => {
        if (before[i] === "cart-1") expect(pod).toBe("cart-1");
        else expect(pod).not.toBe("cart-0");
      });
    },
  );
});
