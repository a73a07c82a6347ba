import { describe, expect, it } from "vitest";
import { readDocument, readDocuments } from "../../src/config/document.ts";

/** The value of a text, or its errors as texts. */
function read(text: string): unknown {
  const result = readDocument(text);
  return "errors" in result ? result.errors.map(({ message }) => message) : result.document;
}

describe("values of the core schema", () => {
  it.each<[string, unknown]>([
    ["", null],
    ["~", null],
    ["Null", null],
    ["nULL", "nULL"],
    ["True", true],
    ["FALSE", false],
    ["yes", "yes"],
    ["on", "on"],
    ["12", 12],
    ["+12", 12],
    ["-12", -12],
    ["010", 10],
    ["0o17", 15],
    ["0x1F", 31],
    ["0b1", "0b1"],
    ["1_000", "1_000"],
    ["12:30:45", "12:30:45"],
    ["-0", -0],
    ["1e3", 1000],
    ["1.", 1],
    [".5", 0.5],
    ["1.5e-3", 0.0015],
    [".inf", Number.POSITIVE_INFINITY],
    ["-.Inf", Number.NEGATIVE_INFINITY],
    [".NaN", Number.NaN],
    ["9007199254740991", 9007199254740991],
    ["1e20", 1e20],
    // Not a number that JavaScript has: it stays what is written.
    ["1e400", "1e400"],
    ["2026-11-27", "2026-11-27"],
    ["2026-11-27T10:00:00Z", "2026-11-27T10:00:00Z"],
    ['"12"', "12"],
    ["'true'", "true"],
    ["! 12", "12"],
    ["!!str 12", "12"],
    ["!!float 1", 1],
    ["!<tag:yaml.org,2002:int> 12", 12],
    ["|\n  12\n", "12\n"],
    [">-\n  a\n  b\n\n  c\n", "a b\nc"],
    ['"\\x41\\u00e9\\U0001F600\\/"', "Aé😀/"],
    // JSON writes what is past 0xffff so.
    ['"\\ud83d\\ude00"', "😀"],
    ['"\\\\U00110000"', "\\U00110000"],
    ['"\\u0000"', "\u0000"],
  ])("%j", (text, value) => expect(read(`a: ${text}`)).toEqual({ a: value }));

  it.each(["9007199254740992", "-9007199254740993", "0xFFFFFFFFFFFFFF", "!!int 9007199254740993"])(
    "%s would become another number, and is refused",
    (text) => expect(read(`a: ${text}`)).toEqual([expect.stringMatching(/too large to be kept exactly/)]),
  );

  it("keys are what is written, whatever it looks like", () =>
    expect(read("1: a\ntrue: b\n~: c\n0x1F: d\n<<: { e: f }\n: g\n")).toEqual({
      "1": "a",
      true: "b",
      "~": "c",
      "0x1F": "d",
      "<<": { e: "f" },
      "": "g",
    }));

  it("keys that differ in writing alone stand twice", () =>
    expect(read("a: 1\n'a': 2\n\"\\x61\": 3\n")).toEqual([
      expect.stringMatching(/^line 2, column 1: the key "a" stands twice/),
      expect.stringMatching(/^line 3, column 1: the key "a" stands twice/),
    ]));

  it("a prototype key is an own key, for whom looks at the document to refuse", () => {
    const value = read("__proto__: { a: 1 }") as object;
    expect(Object.keys(value)).toEqual(["__proto__"]);
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
  });

  it("an anchor is replaced by a later one of its name, and reaches into keys", () =>
    expect(read("a: &x 1\nb: *x\n&x c: *x\n")).toEqual({ a: 1, b: 1, c: "c" }));

  it("aliases of one map are one value", () => {
    const { a, b } = read("a: &x { c: 1 }\nb: *x\n") as Record<string, object>;
    expect(a).toBe(b);
  });
});

describe("bytes that no one sees", () => {
  it("a byte order mark takes no column", () =>
    expect(read("\ufeffa: *b\n")).toEqual([expect.stringMatching(/^line 1, column 4: /)]));

  it.each(["\n", "\r\n", "\r"])("lines end with %j", (end) => {
    expect(read(`a: 1${end}b:${end}  - c${end}`)).toEqual({ a: 1, b: ["c"] });
    expect(read(`a: 1${end}b: *c${end}`)).toEqual([expect.stringMatching(/^line 2, column 4: /)]);
  });

  it.each(["\u0000", "\u0007", "\u007f", "\u0080", "\ufffe", "\ud800", "\udc00"])("%j is refused", (text) =>
    expect(read(`a: 1\nb: x${text}y\n`)).toEqual([expect.stringMatching(/^line 2, column 5: /)]),
  );
});

/**
 * The first reader of this project took a bracket that closes in its key's column and tabs between brackets, as most
 * readers do. The parser does not, so texts that were good would be refused.
 */
describe("brackets as people write them", () => {
  it.each([
    ["in the key's column", "a: [\n  1,\n]\nb: {\n  c: 2\n}\n", { a: [1], b: { c: 2 } }],
    ["deeper", "a:\n  - b: [\n      1 # one ]\n    ]\n  - c\n", { a: [{ b: [1] }, "c"] }],
    ["with CRLF", "a: [\r\n  1\r\n]\r\nb: 2\r\n", { a: [1], b: 2 }],
    ["with tabs between", 'a: [1,\t2]\nb: {"c":\t3}\n', { a: [1, 2], b: { c: 3 } }],
    ["JSON with tabs", '{\n\t"a": [\n\t\t1\n\t]\n}\n', { a: [1] }],
    ["JSON under a key", 'a: {\n  "b": [\n    1\n  ]\n}\n', { a: { b: [1] } }],
  ])("%s", (_, text, value) => expect(read(text)).toEqual(value));

  it("leave what stands in texts as it is", () => {
    const texts = {
      literal: "{\n\ta\n}\n]\n",
      folded: "x\t]\n",
      double: "a\tb ]",
      single: "a\tb ] c\td",
      plain: "a\tb",
    };
    const text = [
      "list: [",
      " 1",
      "]",
      "literal: |",
      ...texts.literal
        .trimEnd()
        .split("\n")
        .map((line) => ` ${line}`),
      "folded: >",
      ` ${texts.folded}double: "a\tb`,
      ' ]"',
      "single: 'a\tb",
      " ] c\td'",
      "plain: a\tb",
    ].join("\n");
    expect(read(text)).toEqual({ list: [1], ...texts });
  });

  it.each([
    ["a bracket that nothing opened", "a: [\n  1\n]\nb: c\n]\n", /^line 5, column 1: /],
    ["one that would become part of a text", "a: [\n]\nb: c\n}\n", /^line 4, column 1: /],
    ["tabs for indentation", "a: [\n]\nb:\n\tc: 1\n", /^line 4, column 1: tab/],
    ["a mistake after them is told where it is", "a: [\n  1\n], b\n", /^line 3, column 2: /],
    ["an alias after one", "a: [\n  1, *b\n]\nb: {\n}\nc: [*d\n]\n", /^line 2, column 6: /],
    ["values in the key's column", "a: [\n1\n]\n", /^line 2, column 1: a bracket/],
  ])("are refused: %s", (_, text, message) =>
    expect(read(text)).toEqual(expect.arrayContaining([expect.stringMatching(message)])),
  );
});

/** A megabyte each, which only a reader in linear time is done with before the test's time is over. */
describe("a megabyte of", () => {
  const MB = 1_000_000;
  const fill = (piece: string) => piece.repeat(MB / piece.length);
  const lines = (count: number, line: (i: number) => string) =>
    Array.from({ length: count }, (_, i) => line(i)).join("\n");

  it.each<[string, string, RegExp]>([
    ["anchors that hold themselves", fill("a: &x [*x\n"), /not closed|unexpected/],
    ["anchors in their lists", `a: [${fill("&x [*x],")}]`, /1000 anchors or aliases/],
    ["anchors, each another", lines(100_000, (i) => `k${i}: &a${i} 1`), /1000 anchors or aliases/],
    ["dashes", fill("- - - - "), /nested deeper than 64/],
    ["open braces", fill("{{{{"), /nested deeper than 64/],
    ["question marks", fill("? "), /nested deeper than 64/],
    ["empty documents", fill("--- --- ---\n"), /several documents/],
    ["one key", fill("a: 1\n"), /^line 2, column 1: the key "a" stands twice/],
    ["keys of keys", fill("? ? a\n"), /a key is no text/],
    ["binary values", `a: [${fill("!!binary aGk=,")}]`, /the tag "!!binary" is not known/],
    ["YAML directives", fill("%YAML 1.1\n"), /duplication of %YAML directive/],
    ["other directives", `${fill("%FOO\n")}---\na: 1`, /^line 1, column 1: the directive "%FOO"/],
    ["one tag", `a: !${fill("t")} 1`, /^line 1, column 4: the tag "!t+…" is not known/],
    ["one handle", `a: !${fill("t")}!t 1`, /undeclared tag handle/],
    ["one verbatim tag", `a: !<${fill("%41")}> 1`, /is not known/],
    ["one alias", `a: *${fill("x")}`, /the alias "\*x+…" has no anchor/],
    ["values", `a: [${fill("[],")}${fill("[],")}${fill("[],")}${fill("[],")}]`, /more than 500000 values/],
    ["brackets in the key's column", `a: [${fill("[\n],")}`, /not closed|end of the stream/],
    ["tabs in brackets", `a: [\n${fill("\t")}`, /not closed|end of the stream/],
    ["brackets that nothing opened", `a: [\n]\n${fill("]\n")}`, /unexpected "\]"/],
    ["pairs in lists", `[${fill("[a]: b,")}]`, /a key is no text/],
    ["an anchor before a long list", `a: &x\n  [${fill("[a],")}`, /end of the stream/],
    ["one quote", `a: "${fill("\n x")}`, /end of the stream/],
  ])("%s", (_, text, message) => {
    const errors = read(text) as string[];
    expect(errors[0]).toMatch(message);
    expect(errors[0]!.length).toBeLessThan(300);
  });

  it.each<[string, string, unknown]>([
    ["one key", fill("k"), ""],
    ["digits", `a: ${fill("1")}`, fill("1")],
    ["a plain text of many lines", `a:\n${fill(" x\n")}`, "x ".repeat(MB / 3).trimEnd()],
    ["a literal text", `a: |\n${fill(" x\n")}`, fill("x\n").slice(0, 2 * Math.floor(MB / 3))],
    ["a folded text", `a: >-\n${fill(" x\n")}`, "x ".repeat(MB / 3).trimEnd()],
    ["escapes", `a: "${fill("\\n")}"`, fill("\\n").replaceAll("\\n", "\n")],
    ["comments", `${fill("#\n")}a: b`, "b"],
    ["byte order marks in a text", `a: |\n${fill(" \ufeff\n")}`, "\ufeff\n".repeat(MB / 3)],
  ])("%s is read", (_, text, value) => {
    const document = read(text.includes(":") ? text : `${text}: ""`) as Record<string, unknown>;
    // Compared apart: a difference of a megabyte is no message.
    expect(Object.values(document)[0] === value).toBe(true);
  });
});

describe("a text of several documents", () => {
  const isForeign = (keys: ReadonlySet<string>) => keys.has("kind");

  it("is read one by one, empty ones left out, each with the line where it begins", () =>
    expect(
      readDocuments("# head\n---\n---\nkind: A\n---\n# none\n---\r\n{ version: 1,\r\n  b: c }\n", isForeign),
    ).toEqual({
      documents: [
        { value: { kind: "A" }, foreign: true, line: 4 },
        { value: { version: 1, b: "c" }, foreign: false, line: 8 },
      ],
    }));

  it("has whole numbers past 2^53 in foreign documents alone", () => {
    const big = "9223372036854775807";
    expect(readDocuments(`kind: A\ngeneration: ${big}\n`, isForeign)).toMatchObject({
      documents: [{ value: { generation: 2 ** 63 } }],
    });
    expect(readDocuments(`kind: A\n---\na: ${big}\n`, isForeign)).toMatchObject({
      errors: [{ message: expect.stringMatching(/^line 3, column 4: .*too large/) }],
    });
  });

  it("has anchors in each for itself, and no list at its top", () =>
    expect(readDocuments("a: &x 1\n---\nb: *x\n---\n- c\n", isForeign)).toMatchObject({
      errors: [
        { message: expect.stringMatching(/^line 3.*no anchor/) },
        { message: expect.stringMatching(/^line 5.*not a map/) },
      ],
    }));

  it("is empty when all of them are", () =>
    expect(readDocuments("---\n---\n# nothing\n", isForeign)).toMatchObject({
      errors: [{ message: "the config is empty" }],
    }));
});
