import { shown } from "../affinity/option.ts";
import type * as z from "../model/zod.ts";
import { nearest } from "./nearest.ts";

const EXPECTED: Readonly<Record<string, string>> = {
  string: "a text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  array: "a list",
  object: "a map",
  record: "a map",
};

const HINTS: Readonly<Record<string, string>> = {
  string: "put the value in quotes",
  number: "write a number without quotes",
  int: "write a whole number without quotes",
  boolean: "write true or false without quotes",
  array: "write one item a line, each after a dash, or [a, b]",
  object: "write keys and values: { key: value }",
  record: "write keys and values: { key: value }",
};

/** Words for a value that was not expected. */
export function describe(value: unknown): string {
  if (value === undefined || value === null) return "nothing";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object") return "a map";
  return typeof value === "string" ? shown(value) : String(value);
}

/**
 * The error map of every schema of the config, of the registries' too: message and hint on two lines. For unknown keys it
 * gives the known ones, separated by blanks, since an issue carries them nowhere else.
 */
export function explain(issue: z.core.$ZodRawIssue): string {
  switch (issue.code) {
    case "unrecognized_keys":
      return knownKeys(issue.inst).join(" ");
    case "invalid_type":
      return mistyped(issue.expected, issue.input);
    case "invalid_value":
      return oneOf(issue.values, issue.input);
    case "too_small":
      return `must ${issue.origin === "array" ? "have" : "be"} at least ${issue.minimum}\n${count(issue, "more")}`;
    case "too_big":
      return `must ${issue.origin === "array" ? "have" : "be"} at most ${issue.maximum}\n${count(issue, "less")}`;
    case "invalid_union":
      return alternatives(issue.inst, issue.input);
    default:
      return `${describe(issue.input)} is not valid\nsee the config reference`;
  }
}

function count(issue: { readonly origin: string; readonly input?: unknown }, way: string): string {
  if (Array.isArray(issue.input))
    return `it has ${issue.input.length}: write ${way === "less" ? "fewer" : way}`;
  return `it is ${describe(issue.input)}: write ${way}`;
}

function mistyped(expected: string, input: unknown): string {
  const wanted = EXPECTED[expected] ?? expected;
  if (input === undefined) return `is missing: ${wanted} must stand here\nadd it`;
  if (input === null) return `expected ${wanted}, got nothing\nwrite a value, or leave the key out`;
  return `expected ${wanted}, got ${describe(input)}\n${HINTS[expected] ?? "change the value"}`;
}

function oneOf(values: readonly unknown[], input: unknown): string {
  const list = values.map(String);
  if (input === undefined) return `is missing: ${list.join(" or ")} must stand here\nadd it`;
  const texts = values.filter((value) => typeof value === "string");
  const meant = typeof input === "string" ? nearest(input, texts) : undefined;
  const hint = meant === undefined ? `write ${list.join(" or ")}` : `did you mean ${JSON.stringify(meant)}?`;
  const unquoted = texts.length === 0 && typeof input === "string" ? " without quotes" : "";
  const wanted = list.length === 1 ? list[0]! : `one of ${list.join(", ")}`;
  return `expected ${wanted}, got ${describe(input)}\n${hint}${unquoted}`;
}

/** Unions are of literals and simple types here: all of them are named. */
function alternatives(schema: unknown, input: unknown): string {
  const options = definition(schema).options;
  const names = (Array.isArray(options) ? options : []).flatMap((option: unknown) => {
    const def = definition(option);
    const values = def.values;
    if (Array.isArray(values)) return values.map((value) => JSON.stringify(value));
    const type = String(def.type);
    return [EXPECTED[type] ?? type];
  });
  if (names.length === 0) return `${describe(input)} is not valid\nsee the config reference`;
  return `expected ${names.join(" or ")}, got ${describe(input)}\nwrite ${names.join(" or ")}`;
}

function knownKeys(schema: unknown): string[] {
  const shape = definition(schema).shape;
  return typeof shape === "object" && shape !== null ? Object.keys(shape) : [];
}

/** The definition that a schema was made from; an empty one when it is none. */
function definition(schema: unknown): Readonly<Record<string, unknown>> {
  const internals = (schema as { _zod?: { def?: Readonly<Record<string, unknown>> } } | undefined)?._zod;
  return internals?.def ?? {};
}
