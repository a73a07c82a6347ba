import {
  boolCoreTag,
  floatCoreTag,
  getScalarValue,
  intCoreTag,
  NOT_RESOLVED,
  nullCoreTag,
  SCALAR_STYLE,
  type ScalarEvent,
} from "js-yaml";
import { Fault, shown } from "../affinity/option.ts";

/** The core schema of YAML 1.2 in its order; what none of them takes is a text. Dates are texts too. */
const CORE = { null: nullCoreTag, bool: boolCoreTag, int: intCoreTag, float: floatCoreTag };
const KINDS = Object.values(CORE);

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
 */
export function scalarValue(text: string, { style }: ScalarEvent, tag: TagName | undefined): unknown {
  if (tag === "" || tag === "str") return text;
  if (tag === "seq" || tag === "map") return unfit(text, tag);
  if (tag !== undefined) {
    const kind = CORE[tag];
    const value = kind.resolve(text, true, kind.tagName);
    return value === NOT_RESOLVED ? unfit(text, tag) : exact(text, value);
  }
  if (style !== SCALAR_STYLE.PLAIN) return text;
  for (const kind of KINDS) {
    const value = kind.resolve(text, false, kind.tagName);
    if (value !== NOT_RESOLVED) return kind === intCoreTag ? exact(text, value) : value;
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
