import { PatternFault } from "../../model/pattern/fault.ts";
import { compilePattern } from "../../model/pattern/pattern.ts";
import { type Annotations, goBool, like, oneWord, whole } from "./annotations.ts";

const NAME = like(/^[A-Za-z0-9._~-]{1,128}$/, "letters, digits and - . _ ~");
const VALUE = like(/^[A-Za-z0-9_.\s-]{1,1024}$/, "letters, digits, blanks and - _ .");

const NAMES = [
  "canary-weight",
  "canary-weight-total",
  "canary-by-header",
  "canary-by-header-value",
  "canary-by-header-pattern",
  "canary-by-cookie",
  "affinity-canary-behavior",
] as const;

/** A rule of native config, but for the pool: whether it is the canary's or the primary's. */
export interface CanaryRule {
  readonly fits: Readonly<Record<string, string>>;
  readonly canary: boolean;
}

/** How requests are shared between a primary and its canary. */
export interface Canary {
  /** Of the canary and of both together. */
  readonly weight: number;
  readonly total: number;
  readonly rules: readonly CanaryRule[];
  /** Whether sessions begin at the canary too. */
  readonly sticky: "all" | "primary";
}

/** Undefined for an Ingress that is none. */
export function canaryOf(annotations: Annotations): Canary | undefined {
  if (!annotations.read("canary", goBool, false)) {
    for (const name of NAMES) annotations.ignore(name, 'it has no effect without canary: "true"');
    return undefined;
  }
  // Only a total over 100 counts (balancer.lua), whatever the weight.
  const total = within(
    annotations,
    "canary-weight-total",
    annotations.read("canary-weight-total", whole(0, 1e6), 100),
    100,
    1e6,
  );
  const weight = within(
    annotations,
    "canary-weight",
    annotations.read("canary-weight", whole(-1e6, 1e6), 0),
    0,
    total,
  );
  const behaviour = annotations.read("affinity-canary-behavior", oneWord("sticky", "legacy"), "sticky");
  return {
    weight,
    total,
    rules: [...headerRules(annotations), ...cookieRules(annotations)],
    sticky: behaviour === "legacy" ? "primary" : "all",
  };
}

function within(annotations: Annotations, name: string, found: number, least: number, most: number): number {
  const taken = Math.min(most, Math.max(least, found));
  if (taken !== found) annotations.field(name).notice("invalid", `it counts as ${taken}`);
  return taken;
}

/** By value if there is one, else by pattern, else by always and never. */
function headerRules(annotations: Annotations): CanaryRule[] {
  const header = annotations.read("canary-by-header", NAME, undefined);
  const value = annotations.read("canary-by-header-value", VALUE, undefined);
  const pattern = annotations.text("canary-by-header-pattern");
  if (header === undefined) {
    for (const name of ["canary-by-header-value", "canary-by-header-pattern"])
      annotations.ignore(name, "it has no effect without canary-by-header");
    return [];
  }
  if (value !== undefined) {
    annotations.ignore("canary-by-header-pattern", "canary-by-header-value goes before it");
    return [{ fits: { header, value }, canary: true }];
  }
  if (pattern === undefined) {
    return [
      { fits: { header, value: "always" }, canary: true },
      { fits: { header, value: "never" }, canary: false },
    ];
  }
  const compiled = compilePattern(pattern);
  if (!(compiled instanceof PatternFault)) return [{ fits: { header, pattern }, canary: true }];
  annotations
    .field("canary-by-header-pattern")
    .notice("invalid", `${compiled.message}: requests with ${header} go to the primary`);
  return [{ fits: { header, pattern: "" }, canary: false }];
}

function cookieRules(annotations: Annotations): CanaryRule[] {
  const cookie = annotations.read("canary-by-cookie", NAME, undefined);
  if (cookie === undefined) return [];
  return [
    { fits: { cookie, value: "always" }, canary: true },
    { fits: { cookie, value: "never" }, canary: false },
  ];
}
