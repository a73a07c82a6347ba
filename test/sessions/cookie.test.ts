import { describe, expect, it } from "vitest";
import { MAX_CANDIDATES, scan, strip, write } from "../../src/sessions/cookie.ts";

const TOKEN = "A".repeat(96);
const OTHER = "b".repeat(96);
const KEY = "__Host-lb=";

describe("scanning the Cookie header", () => {
  const cases: [string, string, string[]][] = [
    ["plain", `__Host-lb=${TOKEN}`, [TOKEN]],
    ["in the middle", `a=1; __Host-lb=${TOKEN}; b=2`, [TOKEN]],
    ["without blanks", `a=1;__Host-lb=${TOKEN};b=2`, [TOKEN]],
    ["after a tab", `a=1;\t__Host-lb=${TOKEN}`, [TOKEN]],
    ["two headers joined by a comma", `a=1, __Host-lb=${TOKEN}`, [TOKEN]],
    ["duplicates, in order", `__Host-lb=${TOKEN}; __Host-lb=${OTHER}`, [TOKEN, OTHER]],
    ["another case of the name", `__host-lb=${TOKEN}`, []],
    ["a longer name", `x__Host-lb=${TOKEN}`, []],
    ["a name that goes on", `__Host-lbx=${TOKEN}`, []],
    ["quoted", `__Host-lb="${TOKEN}"`, []],
    ["without a name before it", `=__Host-lb=${TOKEN}`, []],
    ["after a letter that looks like a blank", `\u2000__Host-lb=${TOKEN}`, []],
    ["after a NEL", `\u0085__Host-lb=${TOKEN}`, []],
    ["empty", "__Host-lb=", []],
    ["too short", `__Host-lb=${TOKEN.slice(1)}`, []],
    ["too long", `__Host-lb=${TOKEN}A`, []],
    ["an old version attribute", `$Version=1; __Host-lb=${TOKEN}`, [TOKEN]],
    ["separators only", ";".repeat(4000), []],
    ["no header text", "", []],
  ];
  it.each(cases)("%s", (_, header, expected) => {
    expect(scan(header, KEY)).toEqual(expected);
  });

  it("opens at most four of any number", () => {
    const flood = Array.from({ length: 200 }, () => `__Host-lb=${OTHER}`).join("; ");
    expect(scan(flood, KEY)).toHaveLength(MAX_CANDIDATES);
  });

  it("finds it among four hundred", () => {
    const many = Array.from({ length: 400 }, (_, i) => `c${i}=v`).join("; ");
    expect(scan(`${many}; __Host-lb=${TOKEN}`, KEY)).toEqual([TOKEN]);
  });
});

describe("taking our cookie out", () => {
  const cases: [string, string, string | null][] = [
    ["alone", `__Host-lb=${TOKEN}`, null],
    ["first", `__Host-lb=${TOKEN}; a=1`, "a=1"],
    ["last", `a=1; __Host-lb=${TOKEN}`, "a=1"],
    ["every one of several, whatever the value", "__Host-lb=x; a=1; __Host-lb=", "a=1"],
    [
      "names that only contain it stay",
      "x__Host-lb=1; __Host-lbx=2; __Host-lb=3",
      "x__Host-lb=1; __Host-lbx=2",
    ],
    ["joined headers are joined by a semicolon again", `a=1, b=2, __Host-lb=${TOKEN}`, "a=1; b=2"],
    ["a comma inside a value stays", `a=1,5; __Host-lb=${TOKEN}`, "a=1,5"],
    [
      "so do blanks and pairs inside one",
      `__Host-lb=${TOKEN}; a={"b":1 , "c=d", 2}; e="f,g=h"`,
      'a={"b":1 , "c=d", 2}; e="f,g=h"',
    ],
    ["what a value of ours leaves behind is no part of another", `a=1; __Host-lb=x,y; b=2`, "a=1; y; b=2"],
    ["the name that it has over http goes too", `lb=${TOKEN}; a=1, lb=x; b=lb=1`, "a=1; b=lb=1"],
    [
      "letters that look like blanks are letters",
      `a=1\u00a0; \u00a0__Host-lb=1; lb=2`,
      "a=1\u00a0; \u00a0__Host-lb=1",
    ],
    ["nothing of ours, nothing changed", "a=1; b=2", "a=1; b=2"],
    ["joined headers without ours", "a=1, b=2", "a=1; b=2"],
  ];
  it.each(cases)("%s", (_, header, expected) => {
    expect(strip(header, [KEY, "lb="])).toBe(expected);
  });
});

describe("writing the cookie", () => {
  const OPEN = { secure: false, path: "/shop/", now: Date.UTC(2025, 10, 24), userAgent: null };
  const SAFE = { ...OPEN, secure: true };
  const shape = {
    path: "/",
    domain: undefined,
    sameSite: "Lax",
    partitioned: false,
    maxAge: undefined,
  } as const;

  it("is a host-only session cookie by default", () => {
    expect(write("__Host-mooring", "T", shape, SAFE)).toBe(
      "__Host-mooring=T; Path=/; Secure; HttpOnly; SameSite=Lax",
    );
  });

  it("has every attribute that was asked for", () => {
    const full = {
      path: "/a",
      domain: "example.com",
      sameSite: "None",
      partitioned: true,
      maxAge: 60,
    } as const;
    expect(write("lb", "T", full, SAFE)).toBe(
      "lb=T; Max-Age=60; Domain=example.com; Path=/a; Secure; HttpOnly; SameSite=None; Partitioned",
    );
  });

  it("is Secure wherever a prefix of its name promises so, or no browser would take it", () => {
    for (const name of ["__Host-lb", "__Secure-lb", "__host-lb"]) {
      expect(write(name, "T", shape, OPEN)).toBe(`${name}=T; Path=/; Secure; HttpOnly; SameSite=Lax`);
    }
  });

  it("does not ask for what a browser refuses over plain http", () => {
    const embedded = { ...shape, sameSite: "None", partitioned: true } as const;
    expect(write("lb", "T", embedded, OPEN)).toBe("lb=T; Path=/; HttpOnly; SameSite=Lax");
  });

  it.each([
    [172_800, "Wed, 26-Nov-25 00:00:00 GMT"],
    [0, "Mon, 24-Nov-25 00:00:00 GMT"],
    [400_000_000, "Wed, 28-Jul-2038 15:06:40 GMT"],
  ])("tells a date that is %d s away as nginx does, in front of Max-Age", (expires, date) => {
    expect(write("lb", "T", { ...shape, expires, maxAge: 7 }, OPEN)).toBe(
      `lb=T; Expires=${date}; Max-Age=7; Path=/; HttpOnly; SameSite=Lax`,
    );
  });

  it.each([
    [60, 60],
    [600, 100],
  ])("of %d s does not outlive its session, which has 100 s left", (maxAge, written) => {
    const at = { ...OPEN, left: 100 };
    expect(write("lb", "T", { ...shape, maxAge }, at)).toContain(`; Max-Age=${written};`);
    const date = `Mon, 24-Nov-25 00:0${Math.floor(written / 60)}:${written === 60 ? "00" : "40"} GMT`;
    expect(write("lb", "T", { ...shape, expires: maxAge }, at)).toContain(`Expires=${date};`);
    expect(write("lb", "T", shape, at)).not.toContain("Max-Age");
    // ingress-nginx does not know of sessions that end.
    expect(write("lb", "T", { ...shape, maxAge, verbatim: true }, at)).toContain(`; Max-Age=${maxAge};`);
  });

  it("has the path of the route that matched, as the config has that", () => {
    expect(write("lb", "T", { ...shape, path: undefined }, OPEN)).toBe(
      "lb=T; Path=/shop/; HttpOnly; SameSite=Lax",
    );
  });

  it("leaves SameSite out where it is unset", () => {
    expect(write("lb", "T", { ...shape, sameSite: undefined }, SAFE)).toBe("lb=T; Path=/; Secure; HttpOnly");
  });

  it("says None over plain http too where it is written as ingress-nginx wrote it", () => {
    expect(write("lb", "T", { ...shape, sameSite: "None", verbatim: true }, OPEN)).toBe(
      "lb=T; Path=/; HttpOnly; SameSite=None",
    );
  });

  const mac = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_14_6) AppleWebKit/605.1.15 (KHTML, like Gecko)";
  it.each([
    ["Chrome 58", "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/58.0.3029.110 Safari/537.36", false],
    ["Edge 18", "Chrome/64.0.3282.140 Safari/537.36 Edge/18.17763", false],
    ["Chrome 70", "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/70.0.3538.77 Safari/537.36", true],
    ["Chrome 140", "Chrome/140.0.0.0 Safari/537.36", true],
    ["an iPhone of iOS 12", "Mozilla/5.0 (iPhone; CPU iPhone OS 12_4 like Mac OS X)", false],
    ["an iPad of iOS 12", "Mozilla/5.0 (iPad; CPU OS 12_4 like Mac OS X)", false],
    ["an iPhone of iOS 13", "Mozilla/5.0 (iPhone; CPU iPhone OS 13_3 like Mac OS X)", true],
    ["Safari on macOS 10.14", `${mac} Version/12.1.2 Safari/605.1.15`, false],
    ["Chrome on macOS 10.14", `${mac} Chrome/80.0.3987.87 Safari/537.36`, true],
    ["Firefox on macOS 10.14", "Mozilla/5.0 (Macintosh; Intel Mac OS X 10.14; rv:72.0) Firefox/72.0", true],
    ["nobody", null, true],
  ])("for %s", (_, userAgent, none) => {
    const unsure = { ...shape, sameSite: "None", conditional: true } as const;
    const text = write("lb", "T", unsure, { ...SAFE, userAgent });
    expect(text).toBe(`lb=T; Path=/; Secure; HttpOnly${none ? "; SameSite=None" : ""}`);
    // Other values are for everyone.
    expect(write("lb", "T", { ...unsure, sameSite: "Strict" }, { ...SAFE, userAgent })).toMatch(/=Strict$/);
  });
});
