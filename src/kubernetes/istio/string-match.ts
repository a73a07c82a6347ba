import { Fault } from "../../config/fault.ts";
import { PatternFault } from "../../model/pattern/fault.ts";
import { compilePattern, type Pattern } from "../../model/pattern/pattern.ts";
import type { Field } from "../field.ts";
import { text } from "../read.ts";
import { onlyOne } from "./read.ts";

/** What a text must be: all of it, its beginning, what a pattern matches as a whole, or whatever it is. */
export type StringMatch =
  | { readonly kind: "exact" | "prefix"; readonly text: string }
  | { readonly kind: "regex"; readonly text: string; readonly pattern: Pattern }
  | { readonly kind: "present" };

const KINDS = ["exact", "prefix", "regex"] as const;

/** Istio's StringMatch; undefined, with a notice, for a pattern that is none here, and after an error. */
export function readStringMatch(field: Field): StringMatch | undefined {
  const kind = onlyOne(field, KINDS) as (typeof KINDS)[number] | undefined;
  if (kind === undefined) {
    const none = !KINDS.some((name) => field.at(name).present);
    // What is empty would be told as a leaf else.
    if (none && Object.keys(field.value ?? {}).length === 0) field.take();
    return none ? { kind: "present" } : undefined;
  }
  const at = field.at(kind);
  const written = at.read(text);
  if (written === undefined) return undefined;
  if (kind === "exact") return { kind, text: written };
  if (written === "") return at.refuse(new Fault("is empty", "write what it begins with, or leave it out"));
  if (kind === "prefix") return { kind, text: written };
  // By itself first: what closes a group that it did not open would be taken for a pattern within the one around it.
  const alone = compilePattern(written);
  const pattern = alone instanceof PatternFault ? alone : compilePattern(whole(written));
  if (!(pattern instanceof PatternFault)) return { kind, text: written, pattern };
  at.notice("invalid", `${pattern.message}: the match is left out`);
  return undefined;
}

/** A pattern that matches where another one matches all of a text. */
export const whole = (pattern: string): string => `^(?:${pattern})$`;

/** A condition of native config. */
export function conditionOf(name: string, match: StringMatch, not = false): Record<string, unknown> {
  const turned = not ? { not: true } : {};
  switch (match.kind) {
    case "present":
      return { name, ...turned };
    case "exact":
      return { name, value: match.text, ...turned };
    case "prefix":
      return { name, prefix: match.text, ...turned };
    case "regex":
      return { name, pattern: whole(match.text), ...turned };
  }
}
