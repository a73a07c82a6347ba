import { describe, expect, it } from "vitest";
import { parseConfig } from "../../src/config/parse.ts";
import { type Validated, validate } from "../../src/config/validate.ts";
import { seeded } from "../support/seeded.ts";

/** Every answer is a config or a list of whole errors; nothing is thrown. */
function sound(result: Validated): void {
  if (result.ok) return;
  expect(result.errors.length).toBeGreaterThan(0);
  for (const { path, message, hint } of result.errors) {
    expect(typeof path).toBe("string");
    expect(message).toMatch(/./);
    expect(message).not.toMatch(/\n|Invalid input/);
    expect(message.length).toBeLessThan(400);
    expect(typeof hint).toBe("string");
  }
}

function first(text: string): string {
  const result = parseConfig(text);
  sound(result);
  return result.ok ? "ok" : result.errors[0]!.message;
}

const DEEP = /nested deeper than 64/;
const LAUGHS = [
  'a: &a ["lol","lol","lol","lol","lol","lol","lol","lol","lol"]',
  ..."bcdefghi".split("").map((name, i) => `${name}: &${name} [${Array(9).fill(`*${"abcdefgh"[i]}`)}]`),
].join("\n");

describe("texts that mean to exhaust", () => {
  it.each([
    ["a billion laughs", LAUGHS, /more than 500000 values/],
    [
      "one wide value, aliased",
      `a: &a [${"x,".repeat(1000)}]\nb: [${"*a,".repeat(900)}]`,
      /more than 500000 values/,
    ],
    ["many aliases", `a: &a 1\nb: [${"*a,".repeat(2000)}]`, /1000 anchors or aliases/],
    [
      "many anchors",
      Array.from({ length: 2000 }, (_, i) => `k${i}: &a${i} 1`).join("\n"),
      /1000 anchors or aliases/,
    ],
    ["anchors on one node", "&a ".repeat(5000), /1000 anchors or aliases/],
    ["lists in lists", "[".repeat(200_000), DEEP],
    ["maps in maps", "{ a: ".repeat(50_000), DEEP],
    ["dashes", "- ".repeat(50_000), DEEP],
    ["question marks", "? ".repeat(50_000), DEEP],
    ["deeper with each line", Array.from({ length: 500 }, (_, i) => `${" ".repeat(i)}a:`).join("\n"), DEEP],
    ["65 lists, closed", `a: ${"[".repeat(65)}${"]".repeat(65)}`, DEEP],
    ["a holder of itself", "version: &a { b: *a }", DEEP],
    ["a long text", `#${" ".repeat(5_000_000)}`, /longer than 4194304/],
    ["many documents", "---\na: 1\n".repeat(10_000), /several documents/],
    ["many keys", Array.from({ length: 10_000 }, (_, i) => `k${i}: 1`).join("\n"), /is missing/],
  ])("%s", (_, text, message) => expect(first(text)).toMatch(message));

  it.each([
    "a: ]\n",
    "\t\n- ]",
    "a: b: c\n",
    ",",
    "}",
    "!!",
    "|",
    ">",
    "%",
    "@",
    "`",
    '"',
    "'",
    "\u0000",
    "\ufeff",
  ])("%j again and again", (text) => expect(first(text.repeat(2000))).not.toBe("ok"));
});

it("a document of very many values is left early", () => {
  const result = validate({ version: 1, pools: {}, routes: new Array(600_000).fill({}) });
  expect(result).toMatchObject({
    ok: false,
    errors: [{ message: expect.stringMatching(/more than 500000 values/) }],
  });
});

describe("keys that would reach a prototype", () => {
  it.each([
    "__proto__: { polluted: 1 }",
    "version: 1\npools: { __proto__: { polluted: 1 } }\nroutes: []",
    '{ "version": 1, "pools": {}, "routes": [], "__proto__": { "polluted": 1 } }',
    "version: 1\npools: { web: { pods: [], policy: { __proto__: { polluted: 1 } } } }\nroutes: []",
  ])("%s", (text) => {
    expect(first(text)).toMatch(/"__proto__" is not allowed/);
    expect(Object.hasOwn(Object.prototype, "polluted")).toBe(false);
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });

  it.each(["constructor", "prototype", "toString", "hasOwnProperty"])("%s is an unknown key", (key) =>
    expect(first(`${key}: 1\nversion: 1\npools: {}\nroutes: []`)).toBe(`unknown key "${key}"`),
  );
});

describe("errors", () => {
  it("never show a long or broken value whole", () => {
    const long = "x".repeat(100_000);
    sound(
      parseConfig(
        `version: ${long}\n${long.slice(0, 500)}: 1\npools: { "a\\nb": {} }\nroutes: [{ path: "a\\n" }]`,
      ),
    );
  });
});

const SAMPLE = `version: 1
pools:
  web: &w
    policy: { least-request: { choices: all } }
    pods: [{ id: a, url: "http://a:80/b", weight: 2 }, { id: b, url: "https://[::1]:81" }]
    affinity: [{ cookie: { name: sid, idle: 30m, secure: auto } }]
    health: { readiness: { path: /r, period: 5s }, panic: 50% }
  api: *w
trustedProxies: ["10.0.0.0/8", "::1"]
routes:
  - { host: "*.example.com", path: /a%20b, pool: web }
  - { path: /, split: { web: 95, api: 5 } }
`;

describe("anything", () => {
  it("random bytes", () => {
    const chance = seeded(11);
    for (let i = 0; i < 800; i++) {
      sound(parseConfig(new TextDecoder("latin1").decode(chance.bytes(chance.below(120)))));
      sound(parseConfig(String.fromCharCode(...Array.from({ length: 40 }, () => chance.below(65_536)))));
    }
  });

  it("YAML's own characters", () => {
    const chance = seeded(12);
    const pieces = [
      "version: 1",
      "pools",
      "routes",
      "- ",
      ": ",
      "\n",
      "  ",
      "{",
      "}",
      "[",
      "]",
      ",",
      "&a ",
      "*a",
      "!t ",
      "? ",
    ];
    pieces.push(
      '"',
      "'",
      "#",
      "|",
      ">",
      "---",
      "...",
      "%",
      "\t",
      "__proto__",
      "1e999",
      "~",
      "<<",
      "\\u0000",
      "é",
      "\r",
    );
    for (let i = 0; i < 4000; i++) {
      sound(
        parseConfig(
          Array.from({ length: chance.below(30) }, () => pieces[chance.below(pieces.length)]).join(""),
        ),
      );
    }
  });

  it("a good config with a few characters changed", () => {
    const chance = seeded(13);
    let ok = 0;
    for (let i = 0; i < 1000; i++) {
      let text = SAMPLE;
      for (let edit = 0; edit <= chance.below(3); edit++) {
        const at = chance.below(text.length);
        const piece = SAMPLE.slice(chance.below(SAMPLE.length)).slice(0, chance.below(6));
        text = text.slice(0, at) + piece + text.slice(at + chance.below(4));
      }
      const result = parseConfig(text, { authority: "edge:80" });
      sound(result);
      if (result.ok) ok++;
    }
    // Both ways are walked: most edits break it, some do not.
    expect(ok).toBeGreaterThan(10);
    expect(ok).toBeLessThan(900);
  });

  it("documents of any shape, grown on the keys of the config", () => {
    const chance = seeded(14);
    const keys = [
      "version",
      "pools",
      "web",
      "pods",
      "id",
      "url",
      "weight",
      "routes",
      "path",
      "host",
      "pool",
      "split",
    ];
    keys.push(
      "affinity",
      "cookie",
      "name",
      "policy",
      "random",
      "health",
      "readiness",
      "retry",
      "on",
      "trustedProxies",
    );
    const grow = (depth: number): unknown => {
      const kind = chance.below(depth > 5 ? 6 : 9);
      if (kind === 0) return null;
      if (kind === 1) return chance.below(3) - 1;
      if (kind === 2) return chance.fraction() < 0.5;
      if (kind === 3) return ["http://a", "/", "*", "5s", "50%", "web", "sid", ""][chance.below(8)];
      if (kind === 4)
        return [Number.NaN, Number.POSITIVE_INFINITY, -0, 2 ** 60, undefined, 1.5][chance.below(6)];
      if (kind === 5) return chance.text(chance.below(4));
      if (kind === 6) return Array.from({ length: chance.below(4) }, () => grow(depth + 1));
      const entries = Array.from({ length: chance.below(7) }, () => [
        keys[chance.below(keys.length)],
        grow(depth + 1),
      ]);
      return Object.fromEntries(entries);
    };
    for (let i = 0; i < 4000; i++) {
      sound(validate({ version: 1, pools: { web: grow(1) }, routes: [grow(1)], trustedProxies: grow(1) }));
      sound(validate(grow(0)));
    }
  });
});
