import { readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./root.ts";

/** What the runtime is asked to be compatible with. */
export interface Compatibility {
  /** `2026-01-31` */
  date: string;
  flags: string[];
}

/** Reads wrangler.toml's two lines, so that every way of running the worker has the same semantics. */
export function parseCompatibility(toml: string): Compatibility {
  const date = /^compatibility_date\s*=\s*"(\d{4}-\d{2}-\d{2})"/m.exec(toml)?.[1];
  const flags = /^compatibility_flags\s*=\s*\[([^\]]*)\]/m.exec(toml)?.[1];
  if (date === undefined || flags === undefined) {
    throw new Error("wrangler.toml needs one line each for compatibility_date and compatibility_flags");
  }
  return { date, flags: [...flags.matchAll(/"([^"]+)"/g)].map((match) => match[1]!) };
}

/** The compatibility that this project's wrangler.toml states. */
export function compatibility(): Compatibility {
  return parseCompatibility(readFileSync(join(root, "wrangler.toml"), "utf8"));
}
