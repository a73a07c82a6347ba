import {
  boolCoreTag,
  floatCoreTag,
  intCoreTag,
  NOT_RESOLVED,
  nullCoreTag,
  SCALAR_STYLE,
  type ScalarEvent,
} from "js-yaml";
import { expect, it } from "vitest";
import { Fault } from "../../src/affinity/option.ts";
import { scalarValue, type TagName } from "../../src/config/scalar.ts";

const TAGS = { null: nullCoreTag, bool: boolCoreTag, int: intCoreTag, float: floatCoreTag };
const plain = { style: SCALAR_STYLE.PLAIN } as ScalarEvent;
const large = (value: unknown) => Number.isInteger(value) && !Number.isSafeInteger(value);

/** By the package: the first kind that takes it. A whole number that cannot be kept is refused, unless it is a float. */
function byPackage(text: string, tag: keyof typeof TAGS | undefined): unknown {
  for (const name of tag === undefined ? (Object.keys(TAGS) as (keyof typeof TAGS)[]) : [tag]) {
    const value = TAGS[name].resolve(text, tag !== undefined, TAGS[name].tagName);
    if (value !== NOT_RESOLVED) return large(value) && (name === "int" || tag !== undefined) ? Fault : value;
  }
  return tag === undefined ? text : Fault;
}

function* texts(): Generator<string> {
  const parts = [
    "0",
    "17",
    "9",
    "+",
    "-",
    ".",
    "e",
    "E",
    "_",
    ":",
    "0x",
    "0o",
    "0b",
    "fA",
    "~",
    "null",
    "True",
    "no",
  ];
  const more = [
    ".inf",
    ".Inf",
    ".NaN",
    ".nAn",
    "n",
    " ",
    "9".repeat(17),
    "9".repeat(310),
    "\n",
    "1e400",
    "FALSE",
    "y",
  ];
  const all = ["", ...parts, ...more];
  for (const a of all) for (const b of all) for (const c of all) yield a + b + c;
}

it("takes every plain scalar for what the package takes it, with a tag and without", () => {
  const kinds = new Set<string>();
  for (const text of new Set(texts())) {
    for (const tag of [undefined, "null", "bool", "int", "float"] as const) {
      const value = scalarValue(text, plain, tag satisfies TagName | undefined);
      const own = value instanceof Fault ? Fault : value;
      const theirs = byPackage(text, tag);
      if (!Object.is(own, theirs)) expect(own, `${tag} ${JSON.stringify(text)}`).toBe(theirs);
      kinds.add(`${tag} ${own === Fault ? "refused" : typeof own}`);
    }
  }
  // Both answers of each tag, and every type without one.
  expect(kinds.size).toBe(8 + 5);
});
