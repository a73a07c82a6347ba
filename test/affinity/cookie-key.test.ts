import { describe, expect, it } from "vitest";
import { cookieKey } from "../../src/affinity/cookie-key.ts";

const DAY = 86_400_000;
const parse = (input: unknown) => cookieKey.options.parse(input);
const keyOf = (cookie: string | undefined, name = "u") =>
  cookieKey.key!(
    { headers: new Headers(cookie === undefined ? {} : { cookie }), query: "", ip: undefined },
    parse({ name }),
  );

/** What is wrong: `option: message`, hints left out. */
function wrong(options: unknown): string[] {
  const parsed = cookieKey.options.safeParse(options);
  if (parsed.success) return [];
  return parsed.error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message.split("\n")[0]}`);
}

describe("cookie-key", () => {
  it("reads its name alone, and makes nothing unless told to", () => {
    const options = { name: "Sid", path: "/", partitioned: false, timeout: 10_800_000 };
    expect(parse("Sid")).toEqual(options);
    expect(parse({ name: "Sid" })).toEqual(options);
    expect(cookieKey.made!(parse("Sid"))).toBeUndefined();
    expect(cookieKey.label!(parse("Sid"))).toBe("cookie Sid");
  });

  it.each([
    ["u=1", "1"],
    ["a=0; u=1; u=2", "1"],
    ['u="1"', "1"],
    ['u="a b"; v=1', "a b"],
    ['u="1', '"1'],
    ['u=""', undefined],
    ['u="', '"'],
    ["u=", undefined],
    // The name has case (RFC 6265), as it has in Envoy.
    ["U=1", undefined],
    ["xu=1", undefined],
    [undefined, undefined],
  ])("of %j has the key %j", (cookie, key) => expect(keyOf(cookie)).toBe(key));

  it("makes a cookie that lasts as it is told", () => {
    const made = (options: object) => cookieKey.made!(parse({ name: "u", ...options }));
    const plain = { name: "u", path: "/", secure: false, partitioned: false, maxAge: 60 };
    expect(made({ ttl: "1m" })).toEqual(plain);
    // Max-Age=0 would delete it.
    expect(made({ ttl: "0s" })).toEqual({ ...plain, maxAge: undefined });
    expect(made({ ttl: "300ms" })).toEqual({ ...plain, maxAge: 1 });
    expect(made({ ttl: "400d" })?.maxAge).toBe((400 * DAY) / 1000);
    const rest = { path: "/a", domain: "Shop.test", sameSite: "Strict", secure: true, partitioned: true };
    expect(made({ ttl: "1m", ...rest })).toEqual({ ...plain, ...rest, domain: "shop.test" });
  });

  it("is secure only where it is told to be, or where browsers would refuse it", () => {
    const secure = (options: object) => cookieKey.made!(parse({ name: "u", ttl: "0s", ...options }))?.secure;
    expect(secure({ sameSite: "Lax" })).toBe(false);
    expect(secure({ sameSite: "None" })).toBe("auto");
    expect(secure({ partitioned: true })).toBe("auto");
    expect(secure({ secure: "auto" })).toBe("auto");
    expect(secure({ secure: true, sameSite: "None" })).toBe(true);
  });

  it.each([
    [{}, ["name: Invalid input"]],
    [{ name: "a b" }, ['name: "a b" is not a cookie name']],
    [{ name: "u", path: "a" }, ['path: "a" is not a cookie path']],
    [{ name: "u", path: "matched" }, ['path: "matched" is not a cookie path']],
    [{ name: "u", domain: ".a.test" }, ['domain: ".a.test" is not a cookie domain']],
    [{ name: "u", ttl: "401d" }, ['ttl: "401d" is too long']],
    [{ name: "u", secure: false, sameSite: "None" }, ["secure: sameSite None needs a secure cookie"]],
    [{ name: "u", secure: false, partitioned: true }, ["secure: a partitioned cookie must be secure"]],
    [{ name: "__Host-u", path: "/a" }, ['path: a __Host- cookie has the path "/", and no domain']],
    [{ name: "__host-u", domain: "a.b" }, ['domain: a __Host- cookie has the path "/", and no domain']],
  ])("refuses %j", (options, errors) => expect(wrong(options)).toEqual(errors));
});
