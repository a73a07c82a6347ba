import { describe, expect, it } from "vitest";
import { cookie } from "../../src/affinity/cookie.ts";
import { affinities } from "../../src/affinity/index.ts";
import type { AffinitySource } from "../../src/affinity/source.ts";

/** What is wrong: `option: message`, hints left out. */
function wrong(options: unknown): string[] {
  const parsed = cookie.options.safeParse(options);
  if (parsed.success) return [];
  return parsed.error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message.split("\n")[0]}`);
}

describe("the registry", () => {
  it.each(Object.entries(affinities))("%s is listed under its name and says what it is", (name, source) => {
    expect(source.name).toBe(name);
    expect(source.summary).toMatch(/\.$/);
  });

  it.each(Object.entries(affinities))(
    "%s has a carrier that fits what it reads, and no options that it does not know",
    (_, line) => {
      const source = line as unknown as AffinitySource;
      const reads = source.carrier === "key" || source.carrier === "minted";
      expect([source.key !== undefined, source.label !== undefined]).toEqual([reads, reads]);
      expect(source.minted !== undefined).toBe(source.carrier === "minted");
      if (source.placing ?? source.made) expect(source.carrier).toBe("key");
      expect(source.options.safeParse({ unheard: 1 }).success).toBe(false);
    },
  );
});

describe("cookie", () => {
  it("has defaults", () => {
    expect(cookie.options.parse({})).toEqual({
      path: "/",
      sameSite: "Lax",
      conditionalSameSiteNone: false,
      partitioned: false,
      secure: "auto",
      idle: 1_800_000,
      absolute: 43_200_000,
      forward: false,
    });
  });

  it("reads every option", () => {
    const options = {
      name: "__Secure-sid",
      path: "/app",
      domain: "Shop.Example.com",
      sameSite: "None",
      conditionalSameSiteNone: true,
      partitioned: true,
      secure: true,
      maxAge: "30d",
      expires: "1s",
      idle: "1s",
      absolute: "400d",
      forward: true,
    };
    expect(cookie.options.parse(options)).toEqual({
      ...options,
      domain: "shop.example.com",
      maxAge: 2_592_000_000,
      expires: 1000,
      idle: 1000,
      absolute: 34_560_000_000,
    });
  });

  it.each(["a b", "a;b", "a=b", "a,b", 'a"b', "", "ä", "a\r\nSet-Cookie", "a\u0000"])(
    "refuses the name %j",
    (name) => expect(wrong({ name })).toEqual([expect.stringMatching(/^name: .*is not a cookie name/)]),
  );

  it.each(["", "app", "/a;Secure", "/a b", "/a\n", "/ä"])("refuses the path %j", (path) =>
    expect(wrong({ path })).toEqual([expect.stringMatching(/^path: .*is not a cookie path/)]),
  );

  it.each(["", ".a", "a;b", "a b", "a..b", "-a", "a.", "a:80"])("refuses the domain %j", (domain) =>
    expect(wrong({ domain })).toEqual([expect.stringMatching(/^domain: .*is not a cookie domain/)]),
  );

  it.each([
    [{ secure: false, sameSite: "None" }, ["secure: sameSite None needs a secure cookie"]],
    [{ secure: false, partitioned: true }, ["secure: a partitioned cookie must be secure"]],
    [{ secure: false, name: "__Secure-x" }, ["secure: a __Secure- cookie must be secure"]],
    [{ secure: false, name: "__host-x" }, ["secure: a __host- cookie must be secure"]],
    [{ name: "__Host-x", path: "/a" }, ['path: a __Host- cookie has the path "/"']],
    [{ name: "__Host-x", domain: "a.b" }, ["domain: a __Host- cookie has no domain"]],
    [{ idle: "2h", absolute: "1h" }, ["absolute: the absolute expiry comes before the idle timeout"]],
    [{ idle: "13h" }, ["absolute: the absolute expiry comes before the idle timeout"]],
  ])("%j is a contradiction", (options, errors) => expect(wrong(options)).toEqual(errors));

  it.each([
    { secure: true, sameSite: "None", partitioned: true },
    { sameSite: "None" },
    { secure: false },
    { name: "__Host-x" },
    { name: "__Secure-x", path: "/a", domain: "a.b" },
    { idle: "12h" },
    { idle: "1h", absolute: "1h" },
  ])("%j is none", (options) => expect(wrong(options)).toEqual([]));

  it("tells a contradiction beside another error", () => {
    expect(wrong({ secure: false, sameSite: "None", idle: "1ms" })).toEqual([
      'idle: "1ms" is too short',
      "secure: sameSite None needs a secure cookie",
    ]);
  });

  describe("live cookies of ingress-nginx", () => {
    const live = { name: "INGRESSCOOKIE", ingressNginx: { mode: "balanced", backend: "shop-cart-80" } };

    it("are always read, and have no canary, unless said otherwise", () => {
      expect(cookie.options.parse(live).ingressNginx).toEqual({ ...live.ingressNginx, canary: {} });
    });

    it("are read until a day has ended, in UTC", () => {
      const until = (day: string) =>
        cookie.options.parse({ ...live, ingressNginx: { ...live.ingressNginx, until: day } }).ingressNginx!
          .until;
      expect(until("2028-02-29")).toBe(Date.UTC(2028, 2, 1));
      expect(until("1970-01-01")).toBe(86_400_000);
    });

    it.each(["", "1970", "2027-02-29", "2027-3-1", "2027-03-01T00:00:00Z", " 2027-03-01"])(
      "refuse the day %j",
      (until) => {
        const options = { ...live, ingressNginx: { ...live.ingressNginx, until } };
        expect(wrong(options)).toEqual([expect.stringMatching(/^ingressNginx.until: .*is not a date$/)]);
      },
    );

    it("allow what ingress-nginx writes", () => {
      const written = { ...live, name: "a/b", domain: ".Shop.test", maxAge: "0s", expires: "36500d" };
      expect(wrong(written)).toEqual([]);
      expect(cookie.options.parse(written)).toMatchObject({ domain: ".shop.test", maxAge: 0 });
      expect(wrong({ ...written, domain: "..a" })).toEqual([expect.stringMatching(/^domain: /)]);
    });
  });
});
