import { describe, expect, it } from "vitest";
import { Meter } from "../../src/metrics/share.ts";
import { parseCidr } from "../../src/model/cidr.ts";
import type { Pod } from "../../src/model/pod.ts";
import { bare, identify } from "../../src/route/client.ts";
import { readFields } from "../../src/route/fields.ts";
import { type Inbound, requestHeaders, responseHeaders } from "../../src/route/stamp.ts";

const pod: Pod = {
  id: "web-0",
  pool: "web",
  index: 0,
  tag: 1,
  url: "http://10.0.0.7:9001/base",
  authority: "10.0.0.7:9001",
  basePath: "/base",
  weight: 1,
  zone: undefined,
  generation: 0,
};
const outbound = {
  pod,
  https: true,
  authority: "shop.test",
  issued: undefined,
  cookieKeys: ["lb=", "__Host-lb="],
  tokenHeader: undefined,
  decision: undefined,
  meter: new Meter(),
  now: 0,
};
const inbound = {
  ip: "192.0.2.1",
  https: true,
  authority: "shop.test",
  cookie: undefined,
  token: undefined,
  announce: undefined,
  version: "1.1",
  loopMark: "mooring;id=1a2b3c4d",
  handshake: false,
};

/** What the pod gets of a client's headers. */
function towardsPod(from: Headers, told: Inbound, cloudflare = false): Headers {
  return new Headers(requestHeaders(readFields(from, cloudflare), told, from));
}

describe("towards the pod", () => {
  it("lets no header that Connection names pass, even one of ours (CVE-2024-45410, CVE-2022-31813)", () => {
    const from = new Headers({
      connection: "X-Forwarded-For, x-forwarded-host, X-Real-IP, a-secret",
      "a-secret": "1",
    });
    const headers = towardsPod(from, inbound);
    expect(headers.get("x-forwarded-for")).toBe("192.0.2.1");
    expect(headers.get("x-forwarded-host")).toBe("shop.test");
    expect(headers.has("a-secret")).toBe(false);
  });

  it("does not trip over a Connection that names what is no header", () => {
    expect(() => towardsPod(new Headers({ connection: "a b, \u00e9, =, ,, close" }), inbound)).not.toThrow();
  });

  it("keeps the platform's own headers on the platform alone", () => {
    const from = new Headers({ "cf-connecting-ip": "1.1.1.1" });
    expect(towardsPod(from, inbound).has("cf-connecting-ip")).toBe(false);
    expect(towardsPod(from, inbound, true).has("cf-connecting-ip")).toBe(true);
  });

  it("lets no look-alike of an identity header pass (CVE-2026-88011), and no other header go", () => {
    const forged = [
      "X_Real_IP",
      "x.real.ip",
      "X_Forwarded_For",
      "x-forwarded.for",
      "X-Forwarded-Whatever",
      "CF_Ray",
    ];
    const honest = ["x-request-id", "x_custom", "cfx", "content-type", "host-hint", "x-forward", "priority"];
    const from = new Headers([...forged, ...honest].map((name) => [name, "1"] as [string, string]));
    const left = [...towardsPod(from, inbound).keys()];
    expect(left.sort()).toEqual(
      [...honest, "cdn-loop", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto"].sort(),
    );
  });

  it("puts its mark where a request came through a proxy, which a request that comes round has", () => {
    const mark = (init: Record<string, string>) => towardsPod(new Headers(init), inbound).get("cdn-loop");
    expect(mark({})).toBeNull();
    expect(mark({ "x-forwarded-proto": "http" })).toBe("mooring;id=1a2b3c4d");
    expect(mark({ "cdn-loop": "other" })).toBe("other, mooring;id=1a2b3c4d");
    const first = towardsPod(new Headers(), { ...inbound, ip: undefined });
    expect(mark(Object.fromEntries(first))).not.toBeNull();
  });

  it("tells Forwarded and Via when asked, and lets no word of the client into them (CVE-2023-27493)", () => {
    const told = (ip: string | undefined, authority: string, from = {}) => {
      const announce = { forwarded: true, via: true };
      const headers = towardsPod(new Headers(from), { ...inbound, announce, ip, authority });
      return [headers.get("forwarded"), headers.get("via")];
    };
    expect(told("192.0.2.1", "shop.test")).toEqual([
      "for=192.0.2.1;host=shop.test;proto=https",
      "1.1 mooring",
    ]);
    expect(told("2001:db8::1", "a:81", { forwarded: "for=6.6.6.6", via: "1.0 cdn" })).toEqual([
      'for="[2001:db8::1]";host="a:81";proto=https',
      "1.0 cdn, 1.1 mooring",
    ]);
    expect(told('x";by=evil', "[::1]")).toEqual(['for=unknown;host="[::1]";proto=https', "1.1 mooring"]);
    expect(told(undefined, "a")[0]).toBe("for=unknown;host=a;proto=https");
  });

  it("keeps the bytes of what is no ASCII, and nothing else that must go", () => {
    const from = new Headers({
      host: "shop.test",
      "x-a": "\xe9",
      cookie: "\xe9=1; mooring=t",
      "x-real-ip": "6.6.6.6",
      connection: "x-b",
      "x-b": "1",
    });
    const headers = towardsPod(from, { ...inbound, cookie: "b=2" });
    expect(Object.fromEntries(headers)).toEqual({
      "x-a": "\xe9",
      cookie: "b=2",
      "cdn-loop": inbound.loopMark,
      "x-forwarded-for": "192.0.2.1",
      "x-forwarded-host": "shop.test",
      "x-forwarded-proto": "https",
    });
  });

  it("keeps each line of a Set-Cookie: of several a record kept the last alone", () => {
    const from = new Headers({ "x-a": "1", cookie: "mooring=t" });
    for (const line of ["a=1", "b=2; Path=/", "c=3"]) from.append("set-cookie", line);
    const headers = towardsPod(from, { ...inbound, cookie: null });
    expect(headers.getSetCookie()).toEqual(["a=1", "b=2; Path=/", "c=3"]);
    expect([headers.get("x-a"), headers.has("cookie")]).toEqual(["1", false]);
    from.set("connection", "set-cookie");
    expect(towardsPod(from, inbound).has("set-cookie")).toBe(false);
  });

  it("claims no address when none is known", () => {
    const headers = towardsPod(new Headers({ "x-forwarded-for": "1.2.3.4" }), {
      ...inbound,
      ip: undefined,
    });
    expect(headers.has("x-forwarded-for")).toBe(false);
  });
});

describe("towards the client", () => {
  it("passes an ordinary response as it is", () => {
    const from = new Headers({ "content-type": "text/html", connection: "keep-alive" });
    expect(responseHeaders(from, outbound)).toBeUndefined();
  });

  it.each([
    [
      "link",
      '<http://10.0.0.7:9001/base/x?p=2>; rel="next", <https://cdn.test/a>; rel=preload',
      '<https://shop.test/x?p=2>; rel="next", <https://cdn.test/a>; rel=preload',
    ],
    ["refresh", "5; url=http://10.0.0.7:9001/base/y", "5; url=https://shop.test/y"],
    // Paths are the pod's own, as in Location: the client would ask for one below the base twice.
    [
      "link",
      '</base/z>; rel=next, < /base>; rel="a /base/z", </based>; rel=x, <base/z>; anchor="/base/#y"',
      '</z>; rel=next, < />; rel="a /base/z", </based>; rel=x, <base/z>; anchor="/#y"',
    ],
    ["refresh", "0; URL='/base/z'", "0; URL='/z'"],
    ["refresh", "0; url=/z?url=/base/z", "0; url=/z?url=/base/z"],
  ])("tells no pod's address in %s: frameworks build it from Host", (name, value, expected) => {
    const headers = responseHeaders(new Headers({ [name]: value }), outbound);
    expect(headers?.get(name) ?? value).toBe(expected);
  });

  const locations: [string, string][] = [
    ["http://10.0.0.7:9001/base/x?y=1#z", "https://shop.test/x?y=1#z"],
    ["http://10.0.0.7:9001", "https://shop.test/"],
    ["//10.0.0.7:9001/base", "//shop.test/"],
    ["/base/x", "/x"],
    ["/based/x", "/based/x"],
    ["/other", "/other"],
    ["relative", "relative"],
    ["http:\\\\10.0.0.7:9001\\base\\x", "https://shop.test/x"],
    ["\\\\10.0.0.7:9001/base/x", "//shop.test/x"],
    ["https://example.com/base/x", "https://example.com/base/x"],
    ["http://user@10.0.0.7:9001/base/x", "https://shop.test/x"],
  ];
  it.each(locations)("Location %s → %s", (value, expected) => {
    const headers = responseHeaders(new Headers({ location: value }), outbound);
    expect(headers?.get("location") ?? value).toBe(expected);
  });

  const cookies: [string, string][] = [
    ["a=1; Domain=10.0.0.7:9001; Secure", "a=1; Secure"],
    ["a=1; domain=.10.0.0.7", "a=1"],
    ["a=1; Domain=example.com", "a=1; Domain=example.com"],
    ["a=1; Path=/base", "a=1; Path=/"],
    ["a=1; Path=/base/x; HttpOnly", "a=1; Path=/x; HttpOnly"],
    ["a=1; Path=/other", "a=1; Path=/other"],
  ];
  it.each(cookies)("Set-Cookie %s → %s", (value, expected) => {
    const headers = responseHeaders(new Headers({ "set-cookie": value }), outbound);
    expect(headers?.get("set-cookie") ?? value).toBe(expected);
  });

  it("keeps a pod's load to itself", () => {
    const headers = responseHeaders(new Headers({ "endpoint-load-metrics": "cpu=1" }), outbound);
    expect(headers?.has("endpoint-load-metrics")).toBe(false);
  });

  it("drops a cookie of our name that a pod sets, under either name, and where a browser would only read it so", () => {
    const evil = [
      "lb=evil",
      " lb =evil",
      "__Host-lb=evil; Secure",
      "=lb=evil",
      "= __Host-lb=evil",
      "\tlb=evil; Path=/",
    ];
    const honest = ["lbx=1", "xlb=1", "LB=1", "a=lb=1", "lb", "=lbx=1", "b=2; lb=3"];
    const from = new Headers();
    for (const line of [...evil, ...honest]) from.append("set-cookie", line);
    expect(responseHeaders(from, outbound)?.getSetCookie()).toEqual(honest);
  });
});

describe("the header of a token", () => {
  it("is kept from pods, beside bytes that no string would keep too", () => {
    for (const more of [{}, { "x-name": "\xe9" }]) {
      const from = new Headers({ "session-a": "t", "session-b": "1", ...more });
      expect(towardsPod(from, { ...inbound, token: "session-a" }).has("session-a")).toBe(false);
      expect(towardsPod(from, { ...inbound, token: "session-a" }).get("session-b")).toBe("1");
      expect(towardsPod(from, inbound).get("session-a")).toBe("t");
    }
  });

  it("is the edge's alone to set, and what has it is no shared cache's", () => {
    const from = new Headers({ "session-a": "evil", "content-type": "text/html" });
    const out = { ...outbound, cookieKeys: undefined, tokenHeader: "session-a" };
    expect([...responseHeaders(from, out)!.keys()]).toEqual(["content-type"]);
    expect(responseHeaders(new Headers({ "content-type": "text/html" }), out)).toBeUndefined();
    const issued = responseHeaders(from, { ...out, issued: "t" })!;
    expect([issued.get("session-a"), issued.get("cache-control")]).toEqual(["t", "private"]);
    expect(issued.has("set-cookie")).toBe(false);
  });
});

describe("who the client is", () => {
  const trusted = ["10.0.0.0/8", "fd00::/8"].map((text) => parseCidr(text)!);
  const ip = (peer: string | undefined, chain: string | undefined) =>
    identify(new Headers(chain === undefined ? {} : { "x-forwarded-for": chain }), peer, false, trusted).ip;

  it("believes X-Forwarded-For only from a trusted proxy, and only to the first stranger from the right", () => {
    expect(ip("203.0.113.1", "1.1.1.1")).toBe("203.0.113.1");
    expect(ip("10.0.0.1", "1.1.1.1, 2.2.2.2")).toBe("2.2.2.2");
    expect(ip("10.0.0.1", "1.1.1.1, 2.2.2.2, 10.9.9.9")).toBe("2.2.2.2");
    expect(ip("10.0.0.1", "10.1.1.1, 10.2.2.2")).toBe("10.1.1.1");
    expect(ip("10.0.0.1", undefined)).toBe("10.0.0.1");
    expect(ip("::ffff:10.0.0.1", "9.9.9.9:1234")).toBe("9.9.9.9");
    expect(ip("fd00::1", "[2001:db8::7]:80")).toBe("2001:db8::7");
  });

  it("has one text for an IPv4 address, however a socket or a proxy writes it (CVE-2026-39409)", () => {
    expect(ip("::ffff:192.0.2.1", undefined)).toBe("192.0.2.1");
    expect(ip("0:0:0:0:0:FFFF:c000:201", undefined)).toBe("192.0.2.1");
    expect(ip("::FFFF:10.0.0.1", "::ffff:203.0.113.9")).toBe("203.0.113.9");
    expect(ip("::ffff:10.0.0.1", "9.9.9.9, ::ffff:10.2.2.2")).toBe("9.9.9.9");
    expect(ip("2001:db8::1", undefined)).toBe("2001:db8::1");
  });

  it("stops at what is no address (CVE-2026-24398: octets over 255; CVE-2026-27700: the leftmost entry)", () => {
    expect(ip("10.0.0.1", "1.1.1.1, unknown")).toBe("10.0.0.1");
    expect(ip("10.0.0.1", "1.1.1.1, 999.1.1.1, 10.2.2.2")).toBe("10.2.2.2");
    expect(ip("10.0.0.1", "")).toBe("10.0.0.1");
    // A zone means something on one machine alone.
    expect(ip("10.0.0.1", "9.9.9.9, fe80::1%eth0, 10.2.2.2")).toBe("10.2.2.2");
    expect(ip("10.0.0.1", "9.9.9.9, 010.1.1.1")).toBe("10.0.0.1");
  });

  it("takes the scheme from a trusted proxy alone", () => {
    const headers = new Headers({ "x-forwarded-proto": "http, https" });
    expect(identify(headers, "10.0.0.1", false, trusted).https).toBe(true);
    expect(identify(headers, "203.0.113.1", false, trusted).https).toBe(false);
  });

  it("drops ports and brackets", () => {
    expect(bare("1.2.3.4:80")).toBe("1.2.3.4");
    expect(bare("[::1]:80")).toBe("::1");
    expect(bare("2001:db8::1")).toBe("2001:db8::1");
  });
});
