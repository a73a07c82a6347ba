import { getScalarValue, SCALAR_STYLE, type ScalarEvent } from "js-yaml";
import { Fault, shown } from "../affinity/option.ts";

const INT = /^(?:0o[0-7]+|0x[0-9a-fA-F]+|[-+]?[0-9]+)$/;
/** With the tag written, a sign may stand before any base, and there is one more. */
const SAID_INT = /^[-+]?(?:0b[01]+|0o[0-7]+|0x[0-9a-fA-F]+|[0-9]+)$/;
const FLOAT = /^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$/;
const INFINITE = /^[-+]?\.(?:inf|Inf|INF)$/;

/**
 * The core schema of YAML 1.2 (its section 10.3.2) in its order: a text → its value, undefined when it is none of the
 * kind. What none of them takes is a text. Dates are texts too.
 */
const CORE = {
  null: (text: string) => (/^(?:~|null|Null|NULL)?$/.test(text) ? null : undefined),
  bool: (text: string) =>
    /^(?:true|True|TRUE)$/.test(text) ? true : /^(?:false|False|FALSE)$/.test(text) ? false : undefined,
  int: (text: string, said: boolean) => ((said ? SAID_INT : INT).test(text) ? finite(text) : undefined),
  float(text: string) {
    if (INFINITE.test(text))
      return text.startsWith("-") ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
    if (/^\.(?:nan|NaN|NAN)$/.test(text)) return Number.NaN;
    return FLOAT.test(text) ? finite(text) : undefined;
  },
};
const KINDS = Object.values(CORE);

/** What is too large for a number is none: it stays the text that it is. */
function finite(text: string): number | undefined {
  const value = Number(text.replace(/^[-+]/, ""));
  if (value === Number.POSITIVE_INFINITY) return undefined;
  return text.startsWith("-") ? -value : value;
}

/** The name of a tag of the core schema; empty for the tag "!", which makes a text of everything. */
export type TagName = keyof typeof CORE | "str" | "seq" | "map" | "";

const TAG_NAMES: ReadonlySet<string> = new Set([...Object.keys(CORE), "str", "seq", "map", ""]);

/** A tag as it is written, `!!int` or `!<tag:yaml.org,2002:int>` → its name, or the Fault of one that is not known. */
export function readTag(raw: string): TagName | Fault {
  const name = raw === "!" ? "" : /^(?:!!|!<tag:yaml\.org,2002:)([a-z]{3,5})>?$/.exec(raw)?.[1];
  if (name !== undefined && TAG_NAMES.has(name)) return name as TagName;
  return new Fault(`the tag ${shown(raw)} is not known`, "leave the tag out");
}

/** The text of a scalar, its quotes, escapes and folds resolved. */
export function scalarText(text: string, scalar: ScalarEvent): string | Fault {
  if (scalar.style === SCALAR_STYLE.DOUBLE_QUOTED && !scalar.fast) {
    const raw = text.slice(scalar.valueStart, scalar.valueEnd);
    // The parser would make another character of it.
    for (const [written, code = "0"] of raw.matchAll(/\\(?:U([0-9A-Fa-f]{8})|.)/gs)) {
      if (Number.parseInt(code, 16) > 0x10ffff)
        return new Fault(`the escape ${written} is no character`, "write one of up to \\U0010FFFF");
    }
  }
  return getScalarValue(text, scalar);
}

/**
 * The value of a scalar's text.
 *
 * @param tag undefined when none is written
 * @param near whether a whole number past 2^53 may be the nearest that there is
 */
export function scalarValue(
  text: string,
  { style }: ScalarEvent,
  tag: TagName | undefined,
  near = false,
): unknown {
  if (tag === "" || tag === "str") return text;
  if (tag === "seq" || tag === "map") return unfit(text, tag);
  if (tag !== undefined) {
    const value = CORE[tag](text, true);
    return value === undefined ? unfit(text, tag) : near ? value : exact(text, value);
  }
  if (style !== SCALAR_STYLE.PLAIN) return text;
  for (const kind of KINDS) {
    const value = kind(text, false);
    if (value !== undefined) return kind === CORE.int && !near ? exact(text, value) : value;
  }
  return text;
}

function unfit(text: string, tag: TagName): Fault {
  return new Fault(`the tag "!!${tag}" does not fit ${shown(text)}`, "leave the tag out");
}

/** Past 2^53 another number would be stored than is written. */
function exact<T>(text: string, value: T): T | Fault {
  if (!Number.isInteger(value) || Number.isSafeInteger(value)) return value;
  return new Fault(
    `the whole number ${shown(text)} is too large to be kept exactly`,
    "put it in quotes if it is a text, else write a smaller one",
  );
}
