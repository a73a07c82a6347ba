import { Fault } from "../affinity/option.ts";
import { type Diagnostic, diagnostic } from "./diagnostic.ts";

/** Characters of a config's text; ten thousand pods take about a quarter. */
export const MAX_TEXT = 4 * 1024 * 1024;
/** Levels of nesting; the config has six. */
export const MAX_DEPTH = 64;
/** Anchors and aliases of a text, each: resolving them costs the product. */
export const MAX_ALIASES = 1000;
/** Values of a document, those behind an alias counted each time. */
export const MAX_NODES = 500_000;

/**
 * What no schema can say about a document: that it is too large or too deep to be looked at, that it holds itself, or
 * keys that would reach a prototype. Stops at the first; the cost is bounded by {@link MAX_NODES}.
 */
export function inspect(document: unknown): Diagnostic | undefined {
  const stack: { value: unknown; path: PropertyKey[] }[] = [{ value: document, path: [] }];
  let nodes = 0;
  for (let top = stack.pop(); top !== undefined; top = stack.pop()) {
    const { value, path } = top;
    if (typeof value !== "object" || value === null) continue;
    if (path.length >= MAX_DEPTH) return diagnostic(path.slice(0, 6), TOO_DEEP);
    const keys = Array.isArray(value) ? value.keys() : Object.keys(value);
    for (const key of keys) {
      if (++nodes > MAX_NODES) return diagnostic([], TOO_MANY);
      if (key === "__proto__") return diagnostic([...path, key], PROTOTYPE);
      const below = (value as Record<PropertyKey, unknown>)[key];
      if (typeof below === "object" && below !== null) stack.push({ value: below, path: [...path, key] });
    }
  }
  return undefined;
}

export const TOO_LONG = new Fault(
  `the config is longer than ${MAX_TEXT} characters`,
  "split it over deployments",
);
export const TOO_DEEP = new Fault(
  `the config is nested deeper than ${MAX_DEPTH} levels`,
  "see the config reference for its shape",
);
export const TOO_MANY = new Fault(
  `the config has more than ${MAX_NODES} values, aliases written out`,
  "use fewer aliases, or split it over deployments",
);
export const TOO_ALIASED = new Fault(
  `the config has more than ${MAX_ALIASES} anchors or aliases`,
  "write the values out",
);
const PROTOTYPE = new Fault('the key "__proto__" is not allowed', "choose another name");
