import { describe, expect, test } from "vitest";
import { CAUSES } from "../../../src/model/binding.ts";
import { OUTCOMES } from "../../../src/model/decision.ts";
import { parseDecision } from "../../../tools/demo/page/parts/decision.js";
import { causeInWords, decisionInWords, drainInWords } from "../../../tools/demo/page/parts/words.js";
import { loadPage } from "../../../tools/demo/page.ts";

const page = loadPage();
const textOf = (path: string) => page.get(path)!.body.toString("utf8");

describe("the decision", () => {
  test("is read from the header", () => {
    expect(parseDecision("moved; pool=web; pod=web-2; from=web-1; cause=pod-gone; revision=7")).toEqual({
      outcome: "moved",
      pool: "web",
      pod: "web-2",
      from: "web-1",
      cause: "pod-gone",
      revision: 7,
    });
    expect(parseDecision("refused; pool=web; revision=1")).toMatchObject({
      outcome: "refused",
      pod: undefined,
    });
    expect(parseDecision("sent; pod=web-2")).toBeUndefined();
    expect(parseDecision("")).toBeUndefined();
    expect(parseDecision(null)).toBeUndefined();
  });

  test("has words for every outcome, and every cause has its own", () => {
    const seen = new Set(
      OUTCOMES.map((outcome) => decisionInWords(parseDecision(`${outcome}; pod=web-2`)!).split(/[ :]/)[0]),
    );
    expect([...seen].map((word) => word!.toLowerCase()).sort()).toEqual([...OUTCOMES].sort());
    const words = CAUSES.map((cause) => causeInWords(cause, "web-1"));
    expect(new Set(words).size).toBe(CAUSES.length);
    for (const text of words) expect(text).not.toMatch(/^of |undefined/);
    expect(causeInWords("something-new", "web-1")).toBe("of something-new");
  });
});

test("a drain is told with what is left of it", () => {
  const clock = (at: number) => `at ${at}`;
  expect(drainInWords({ state: "draining", sessions: 1, deadline: 5 }, clock)).toBe(
    "Draining: no new sessions. 1 session left. They stay until at 5",
  );
  expect(drainInWords({ state: "draining", sessions: null, deadline: null }, clock)).toBe(
    "Draining: no new sessions. Sessions left: the store does not say.",
  );
  expect(drainInWords({ state: "drained", sessions: 0, deadline: 5 }, clock)).toBe(
    "Drained: its deadline has passed. 0 sessions left",
  );
});

describe("the page", () => {
  test("refers only to what is served, and relatively, so that it works at any base", () => {
    const links = [...textOf("/").matchAll(/(?:src|href)="([^":]+\.(?:css|js))"/g)].map(
      (found) => `/${found[1]}`,
    );
    expect(links).toContain("/app.js");
    const open = [...links];
    const reached = new Set<string>();
    for (let path = open.pop(); path !== undefined; path = open.pop()) {
      expect([...page.keys()]).toContain(path);
      if (reached.has(path)) continue;
      reached.add(path);
      for (const found of textOf(path).matchAll(/from "(\.[^"]+)"/g)) {
        open.push(new URL(found[1]!, `http://page${path}`).pathname);
      }
    }
    expect(new Set([...reached, "/"])).toEqual(new Set(page.keys()));
  });

  test("names each control, and each cell of the table", () => {
    const html = textOf("/");
    for (const [, id] of html.matchAll(/<select id="([^"]+)"/g))
      expect(html).toContain(`<label for="${id}">`);
    for (const [head] of html.matchAll(/<th [^>]*>/g)) expect(head).toContain("scope=");
    for (const [, id] of html.matchAll(/aria-labelledby="([^"]+)"/g)) expect(html).toContain(`id="${id}"`);
  });

  test("has every element that its scripts look for", () => {
    const ids = new Set([...textOf("/").matchAll(/id="([^"]+)"/g)].map((found) => found[1]));
    const wanted = [...page.keys()].flatMap((path) => [...textOf(path).matchAll(/byId\("([^"]+)"\)/g)]);
    expect(wanted.length).toBeGreaterThan(10);
    for (const found of wanted) expect(ids).toContain(found[1]);
  });
});

/** WCAG 2.2, relative luminance, of `#rrggbb`. */
function luminance(color: string): number {
  const [r, g, b] = [1, 3, 5].map((at) => {
    const share = Number.parseInt(color.slice(at, at + 2), 16) / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r! + 0.7152 * g! + 0.0722 * b!;
}

/** WCAG 2.2, contrast ratio: 1 to 21. */
function contrast(one: string, other: string): number {
  const [low, high] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (high! + 0.05) / (low! + 0.05);
}

describe.each(["light", "dark"])("contrast in the %s scheme", (scheme) => {
  const block = textOf("/app.css").split("@media (prefers-color-scheme: dark)")[scheme === "light" ? 0 : 1]!;
  const colors = new Map(
    [...block.matchAll(/--([a-z-]+): (#[0-9a-f]{6});/g)].map((found) => [found[1], found[2]!]),
  );

  test.each([
    ["ink", "ground"],
    ["ink", "paper"],
    ["faint", "ground"],
    ["faint", "paper"],
    ["accent", "ground"],
    ["on-accent", "accent"],
    ["bad", "ground"],
    ["bad", "paper"],
    ["bad", "bad-soft"],
    ["ink", "bad-soft"],
    ["ink", "note-soft"],
  ])("of %s on %s is enough for text (AA)", (ink, ground) => {
    expect(contrast(colors.get(ink)!, colors.get(ground)!)).toBeGreaterThanOrEqual(4.5);
  });

  test("of every pod's tint is enough for graphics (AA)", () => {
    const tints = [...textOf("/wall.css").matchAll(/light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\)/g)];
    expect(tints).toHaveLength(8);
    for (const tint of tints) {
      expect(contrast(tint[scheme === "light" ? 1 : 2]!, colors.get("paper")!)).toBeGreaterThanOrEqual(3);
    }
  });
});
