import { describe, expect, it } from "vitest";
import { PatternFault } from "../../../src/model/pattern/fault.ts";
import { compilePattern, type Pattern, type PatternOptions } from "../../../src/model/pattern/pattern.ts";
import { LARGEST } from "../../../src/model/pattern/program.ts";
import { seeded } from "../../support/seeded.ts";

function good(text: string, options?: PatternOptions): Pattern {
  const pattern = compilePattern(text, options);
  if (pattern instanceof PatternFault) throw pattern;
  return pattern;
}

describe("patterns", () => {
  const cases: [pattern: string, matches: string[], others: string[]][] = [
    ["^eu-(west|north)$", ["eu-west", "eu-north"], ["eu-south", "xeu-west", "eu-west1"]],
    ["west", ["xx-west-1"], ["xx-WEST"]],
    ["", ["", "a"], []],
    [".*", ["", "a"], []],
    ["^.$", ["a"], ["", "ab", "\n"]],
    ["(?s)^.$", ["\n"], []],
    ["^(?i)a(?-i)b$", ["ab", "Ab"], ["aB"]],
    ["^(?i:a)b$", ["Ab"], ["aB"]],
    ["(?i)[a-c]Z", ["Bz"], ["dz"]],
    ["(?i)[^a]", ["b"], ["a", "A"]],
    ["^[]a]+$", ["]a"], ["[", ""]],
    ["^[^]a]$", ["b"], ["]"]],
    ["^[a-]+$", ["a-"], ["b"]],
    ["^[\\d\\-_]+$", ["4-_2"], ["a"]],
    ["^[\\w]+\\W\\S\\s\\D$", ["a_1-x b"], ["a_1xx b"]],
    ["\\bfoo\\b", ["a foo b", "foo", "-foo-"], ["afoo", "foo_"]],
    ["\\Boo", ["foo"], ["oo", "-oo"]],
    ["\\Aab\\z", ["ab"], ["xab", "abx"]],
    ["^a{2}$", ["aa"], ["a", "aaa"]],
    ["^a{1,3}?$", ["a", "aaa"], ["", "aaaa"]],
    ["^a{2,}$", ["aa", "aaaaa"], ["a"]],
    ["^a{0}b$", ["b"], ["ab"]],
    ["^a{,3}$", ["a{,3}"], ["aa"]],
    ["^{a}$", ["{a}"], []],
    ["^(a*)*b$", ["b", "aab"], ["aac"]],
    ["^(?:)*$", [""], ["a"]],
    ["^(?<name>a)(?P<other>b)$", ["ab"], []],
    ["^\\x41\\x{2d}\\t\\.\\/\\\\$", ["A-\t./\\"], []],
    ["^(|a|b)$", ["", "a", "b"], ["ab"]],
    ["^é\u4e2d[\u4e00-\u4eff]$", ["é\u4e2d\u4e01"], ["e\u4e2d\u4e01", "é\u4e2d\u4f00"]],
    ["/api(/|$)(.*)", ["/api", "/api/", "/api/x"], ["/apix"]],
  ];
  it.each(cases)("%j", (text, matches, others) => {
    const pattern = good(text);
    for (const one of matches) expect(pattern.test(one), JSON.stringify(one)).toBe(true);
    for (const one of others) expect(pattern.test(one), JSON.stringify(one)).toBe(false);
  });

  it("begin at the start of the text where they are anchored, and fold ASCII letters alone", () => {
    const pattern = good("/shop|/cart", { anchored: true, ignoreCase: true });
    expect(["/Shop", "/carts", "/x/cart", ""].map((text) => pattern.test(text))).toEqual([
      true,
      true,
      false,
      false,
    ]);
    expect(good("k", { ignoreCase: true }).test("\u212a")).toBe(false);
  });

  it.each([
    ["(a", "a group is not closed"],
    ["a)", 'a ")" closes no group'],
    ["(", "a group is not closed"],
    ["[a-", "a class is not closed"],
    ["[z-a]", "a range of a class is not in order"],
    ["[\\d-z]", "a range of a class is not in order"],
    ["[[:alpha:]]", "there are no named classes here"],
    ["*a", "there is nothing to repeat"],
    ["a|{2}", "there is nothing to repeat"],
    ["(?i)+", "there is nothing to repeat"],
    ["a**", "a repetition is repeated"],
    ["a++", "a repetition is repeated"],
    ["a{3,2}", "{3,2} is out of order"],
    ["a{1001}", "a repetition is too large"],
    ["a\\", "the pattern ends in a backslash"],
    ["(a)\\1", "\\1 is a backreference, which is not linear"],
    ["(?<n>a)\\k<n>", "\\k is a backreference, which is not linear"],
    ["\\pL", "there is no escape \\p here"],
    ["[\\B]", "there is no escape \\B here"],
    ["\\x4", "there is no escape \\x here"],
    ["^(?=a)\\w+$", "lookaround cannot be had in linear time"],
    ["(?!a)", "lookaround cannot be had in linear time"],
    ["(?<=a)b", "lookaround cannot be had in linear time"],
    ["(?<!a)b", "lookaround cannot be had in linear time"],
    ["(?>a)", "(?> begins no group here"],
    ["(?m)a", "(?m begins no group here"],
    ["((a{1000}){1000}){1000}", "the pattern is too large"],
    ["((((){1000}){1000}){1000}){1000}", "the pattern is too large"],
    ["(?:\\w{500}x){4}", "the pattern is too large"],
  ])("that cannot be had are refused: %j", (text, message) => {
    const fault = compilePattern(text);
    expect(fault).toBeInstanceOf(PatternFault);
    expect(fault).toMatchObject({ message });
    expect((fault as PatternFault).hint).not.toBe("");
  });

  it("that are too long or too deep are refused", () => {
    const deep = compilePattern(`${"(".repeat(101)}${")".repeat(101)}`);
    expect(deep).toMatchObject({ message: "groups are too deep" });
    expect(compilePattern("a".repeat(2049))).toMatchObject({ message: "a pattern of 2049 characters" });
  });

  it("find in small texts what JavaScript's find, whatever they are made of", () => {
    const chance = seeded(7);
    const one = (of: readonly string[]) => of[chance.below(of.length)]!;
    const ATOMS = [
      "a",
      "b",
      "A",
      "_",
      "-",
      "/",
      " ",
      ".",
      "[ab]",
      "[^a]",
      "[a-c_]",
      "\\d",
      "\\w",
      "\\W",
      "\\s",
    ];
    const REPEATS = ["", "", "", "*", "+", "?", "*?", "+?", "??", "{2}", "{0,2}", "{1,}", "{2,3}?"];
    const pattern = (depth: number): string => {
      const parts = Array.from({ length: chance.below(4) }, () => {
        const draw = chance.below(10);
        if (draw === 0) return one(["^", "$", "\\b", "\\B"]);
        const group = draw < 4 && depth > 0;
        const atom = group ? `${one(["(", "(?:"])}${pattern(depth - 1)})` : one(ATOMS);
        return atom + one(REPEATS);
      });
      const text = parts.join("");
      return depth > 0 && chance.below(4) === 0 ? `${text}|${pattern(depth - 1)}` : text;
    };
    let matched = 0;
    const TEXTS = ["a", "b", "A", "B", "_", "-", "/", " ", "1"];
    for (let i = 0; i < 1000; i++) {
      const text = pattern(2);
      const ignoreCase = chance.below(3) === 0;
      const theirs = new RegExp(text, ignoreCase ? "i" : "");
      const anchored = new RegExp(`^(?:${text})`, ignoreCase ? "i" : "");
      const ours = good(text, { ignoreCase });
      const ourAnchored = good(text, { ignoreCase, anchored: true });
      for (let j = 0; j < 12; j++) {
        const sample = Array.from({ length: chance.below(8) }, () => one(TEXTS)).join("");
        const expected = theirs.test(sample);
        expect(ours.test(sample), `${theirs} on ${JSON.stringify(sample)}`).toBe(expected);
        expect(ourAnchored.test(sample), `${anchored} on ${JSON.stringify(sample)}`).toBe(
          anchored.test(sample),
        );
        if (expected) matched++;
      }
      const example = ours.example();
      if (example !== undefined) expect(theirs.test(example), `${theirs} on its example`).toBe(true);
    }
    expect(matched).toBeGreaterThan(3000);
  });

  it("give an example of a path that matches, and none where nothing can", () => {
    const example = (text: string) => good(text, { anchored: true }).example();
    expect(example("/v[12]/(users|carts)/\\d+")).toBe("/v1/carts/0");
    expect(example("/[^/]+x")).toBe("/ax");
    expect(example("a$b")).toBeUndefined();
  });

  it("cost linear steps where others take exponential time", () => {
    const pattern = good("(a+)+$");
    const text = `${"a".repeat(100_000)}!`;
    expect(pattern.test(text)).toBe(false);
    // A step for each character, and the few states once.
    expect(pattern.steps).toBeLessThan(100_100);
  });

  it("cost no more than their size for each character where their states are too many to be remembered", () => {
    const pattern = good("(?:a|b)*a(?:a|b){300}c");
    const chance = seeded(3);
    const text = Array.from({ length: 800 }, () => (chance.below(2) === 0 ? "a" : "b")).join("");
    expect(pattern.test(text)).toBe(false);
    // Each instruction is reached from two others at most, and looked at once for each.
    expect(pattern.steps).toBeLessThan(text.length * 2 * LARGEST);
    expect(pattern.test(`${text}c`)).toBe(text.at(-301) === "a");
  });
});
