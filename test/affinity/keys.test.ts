import { describe, expect, it } from "vitest";
import { addressKey, clientIp } from "../../src/affinity/client-ip.ts";
import { cookieKey, cookieValue, firstCookie } from "../../src/affinity/cookie-value.ts";
import { hash } from "../../src/affinity/hash.ts";
import { header } from "../../src/affinity/header.ts";
import { queryValue } from "../../src/affinity/query.ts";
import type { Asked } from "../../src/affinity/source.ts";

const asked = (headers: Record<string, string> = {}, query = "", ip?: string): Asked => ({
  headers: new Headers(headers),
  query,
  ip,
});

describe("the value of a cookie", () => {
  it.each([
    ["a=1", "a", "1"],
    ["x=0; a=1; b=2", "a", "1"],
    ["x=0, a=1", "a", "1"],
    ["x=0,\ta=1; b=2", "a", "1"],
    // A comma that joins no two headers is part of a value, as it is for the pod that has minted it.
    ["x=0,a=1", "a", undefined],
    ["x=0,a=1", "x", "0,a=1"],
    ["a=1,2; b=3", "a", "1,2"],
    ["a={x:1, y:2}, b=3", "a", "{x:1, y:2}"],
    ["a=1, b=2, c=3", "a", "1"],
    ["xa=1", "a", undefined],
    ["a =1", "a", undefined],
    ["A=1", "a", undefined],
    ["a=", "a", undefined],
    ["a=1; a=2", "a", "1"],
    ['a="q"; b=2', "a", '"q"'],
    ["b=x a=1", "a", undefined],
    ["a=%20", "a", "%20"],
  ])("of %j by %j is %j", (text, name, value) => expect(cookieValue(text, name)).toBe(value));

  it("costs linear time in a header made of its name", () => {
    // Each occurrence is passed once: a quadratic scan would take minutes for this.
    expect(cookieValue(` a=${"xa=".repeat(300_000)}`, "b")).toBeUndefined();
    expect(cookieValue("xa=".repeat(300_000), "a")).toBeUndefined();
    for (const text of [", ", ", b", ",", " ", ", b ="]) {
      expect(cookieValue(`a=${text.repeat(300_000)}x`, "a")?.length).toBeGreaterThan(0);
    }
  });
});

describe("the cookie of a rule", () => {
  it.each([
    ["x=0; a.b-=1; a.b-=2", "a.b-", "1"],
    ["x=0,a=1", "a", "1"],
    ["A = 1 ; b=2", "a", "1"],
    ["a=; a=1", "a", ""],
    ["a=1, b=2", "a", "1"],
    ["a=1,2", "a", "1,2"],
    ["xa=1; acb-=2; x a=1", "a.b-", undefined],
    ["x a=1", "a", undefined],
    [null, "a", undefined],
  ])("of %j by %j is %j", (text, name, value) => expect(firstCookie(text, cookieKey(name))).toBe(value));

  it("costs linear time, too", () => {
    for (const text of ["a ", ",", ", ", ";a ", "xa="]) {
      expect(firstCookie(text.repeat(300_000), cookieKey("a"))).toBeUndefined();
    }
  });
});

describe("the value of a query parameter", () => {
  it.each([
    ["user=7", "user", "7"],
    ["a=1&user=7&user=8", "user", "7"],
    ["xuser=7", "user", undefined],
    ["user=", "user", undefined],
    ["user", "user", undefined],
    ["u%73er=7", "user", undefined],
    ["user=a%20b=c", "user", "a%20b=c"],
  ])("of %j by %j is %j", (text, name, value) => expect(queryValue(text, name)).toBe(value));
});

describe("the key of an address", () => {
  it("folds an IPv4 address inside IPv6, and takes the /64 of the rest", () => {
    expect(addressKey("192.0.2.1")).toBe("c0000201");
    expect(addressKey("::ffff:192.0.2.1")).toBe("c0000201");
    expect(addressKey("2001:db8:1:2:3:4:5:6")).toBe("20010db800010002");
    expect(addressKey("2001:db8:1:2:ffff::")).toBe("20010db800010002");
    expect(addressKey("2001:db8:1:3::")).not.toBe(addressKey("2001:db8:1:2::"));
  });

  it.each(["", "256.0.0.1", "1.2.3", "example.com", "1.2.3.4:80"])("is none for %j", (text) =>
    expect(addressKey(text)).toBeUndefined(),
  );
});

describe("what Envoy hashes", () => {
  const placing = (of: unknown, from: Asked) => hash.placing!(from, hash.options.parse(of));

  it("of an address is the whole of it, in one spelling", () => {
    const options = clientIp.options.parse({});
    const of = (ip: string) => clientIp.placing!(asked({}, "", ip), options);
    expect(of("2001:DB8:0:0:0:0:0:7")).toBe("2001:db8::7");
    expect(of("::ffff:192.0.2.1")).toBe("192.0.2.1");
    expect(of("what")).toBeUndefined();
  });

  it("of several is each that is there, a cookie without its quotes", () => {
    const parts = [{ header: "X-A" }, { query: "b" }, { cookie: "c" }, "client-ip"];
    expect(placing(parts, asked({ "x-a": "1", cookie: 'c="v"' }, "b=%20", "2001:db8::0:7"))).toEqual([
      "1",
      "%20",
      "v",
      "2001:db8::7",
    ]);
    expect(placing(parts, asked({ cookie: 'c="v' }, "a=b&b="))).toEqual(['"v']);
  });
});

describe("a header", () => {
  it("is trimmed, and none when it is empty", () => {
    const options = header.options.parse("X-User");
    expect(options).toEqual({ name: "x-user", timeout: 10_800_000 });
    expect(header.key!(asked({ "x-user": " ann " }), options)).toBe("ann");
    expect(header.key!(asked({ "x-user": " " }), options)).toBeUndefined();
    expect(header.key!(asked(), options)).toBeUndefined();
  });
});

describe("a hash of several", () => {
  const options = hash.options.parse([{ header: "X-A" }, { header: "X-B" }, "client-ip"]);

  it("has no key without any part, and one with some", () => {
    expect(hash.key!(asked(), options)).toBeUndefined();
    expect(hash.key!(asked({ "x-a": "1" }), options)).toBeDefined();
  });

  it("keeps parts apart, whatever they hold (CVE-2023-35941)", () => {
    // Joined without lengths, each of these would be the same text as another.
    const keys = [
      hash.key!(asked({ "x-a": "12", "x-b": "3" }), options),
      hash.key!(asked({ "x-a": "1", "x-b": "23" }), options),
      hash.key!(asked({ "x-a": "123" }), options),
      hash.key!(asked({ "x-b": "123" }), options),
      hash.key!(asked({ "x-a": "1", "x-b": "2-:3" }), options),
      hash.key!(asked({ "x-a": "1:2-:3" }), options),
    ];
    expect(new Set(keys).size).toBe(keys.length);
  });
});
