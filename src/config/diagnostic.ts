import { type Fault, shown } from "../affinity/option.ts";
import type * as z from "../model/zod.ts";
import { suggest } from "./nearest.ts";

/** One error of a config: where, what, and what to do about it. */
export interface Diagnostic {
  /** `pools.web.pods[1].url`; empty for the document itself. */
  readonly path: string;
  readonly message: string;
  readonly hint: string;
}

export type Path = readonly PropertyKey[];

/** More than these would not be read, and the answer must stay small; the last one says how many were left out. */
export const MAX_ERRORS = 1000;

/** `["pools", "web", "pods", 1]` → `pools.web.pods[1]`; a key with other characters is quoted in brackets. */
export function formatPath(path: Path): string {
  let text = "";
  for (const key of path) {
    const name = String(key);
    if (typeof key === "number") text += `[${name}]`;
    else if (/^[A-Za-z0-9_-]{1,253}$/.test(name)) text += text === "" ? name : `.${name}`;
    // Names of annotations are longer than other keys.
    else text += /^[\w./-]{1,253}$/.test(name) ? `["${name}"]` : `[${shown(name)}]`;
  }
  return text;
}

export function diagnostic(path: Path, fault: Fault): Diagnostic {
  return { path: formatPath(path), message: fault.message, hint: fault.hint };
}

/** The issues of a schema as errors, one for each unknown key. Needs {@link explain} as the parse's error map. */
export function diagnose(issues: readonly z.core.$ZodIssue[]): Diagnostic[] {
  return issues.flatMap((issue): Diagnostic[] => {
    if (issue.code === "unrecognized_keys") {
      const known = issue.message === "" ? [] : issue.message.split(" ");
      return issue.keys.map((key) => ({
        path: formatPath([...issue.path, key]),
        message: `unknown key ${shown(key)}`,
        hint: suggest(key, known, "keys here"),
      }));
    }
    const [message = "", hint = "see the config reference"] = issue.message.split("\n");
    return [{ path: formatPath(issue.path), message, hint }];
  });
}

/** Bounds the list; the rest is counted in a last error. */
export function bounded(errors: readonly Diagnostic[]): Diagnostic[] {
  if (errors.length <= MAX_ERRORS) return [...errors];
  const left = errors.length - MAX_ERRORS + 1;
  const last = { path: "", message: `${left} more errors are not shown`, hint: "mend these first" };
  return [...errors.slice(0, MAX_ERRORS - 1), last];
}
