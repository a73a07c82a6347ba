import { Fault } from "../../config/fault.ts";
import { readRoutePath } from "../../config/route.ts";
import { PatternFault } from "../../model/pattern/fault.ts";
import { compilePattern } from "../../model/pattern/pattern.ts";
import type { PathType } from "../../model/snapshot.ts";
import type { Field } from "../field.ts";
import { whole } from "../istio/string-match.ts";
import { oneOf, text } from "../read.ts";
import { headerName } from "./persistence.ts";

/** What a match asks for, as keys of a native route. */
export interface Asked {
  readonly path: string;
  readonly pathType?: PathType;
  readonly match?: Match;
}

interface Match {
  readonly methods?: readonly string[];
  readonly headers?: readonly Condition[];
  readonly query?: readonly Condition[];
}

type Condition = { readonly name: string } & ({ readonly value: string } | { readonly pattern: string });

const METHODS = oneOf("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "CONNECT", "TRACE");
const LEFT = "the match is left out";

/** What every request of a host fits. */
export const ALL: Asked = { path: "/" };

/**
 * One entry of `matches`. Undefined, with a notice, where no request is like that, or where a pattern cannot be matched:
 * without it the match would take requests that are not its own.
 */
export function readMatch(field: Field): Asked | undefined {
  const path = pathOf(field);
  const method = field.at("method").read(METHODS);
  const headers = conditionsOf(field.at("headers"), true);
  const query = conditionsOf(field.at("queryParams"), false);
  if (Object.keys(field.value ?? {}).length === 0) field.take();
  if (method === "CONNECT" || method === "TRACE") {
    field.at("method").notice("invalid", `no request that comes to a route has this method: ${LEFT}`);
    return undefined;
  }
  if (path === undefined || headers === undefined || query === undefined) return undefined;
  const match = {
    ...(method === undefined ? {} : { methods: [method] }),
    ...(headers.length === 0 ? {} : { headers }),
    ...(query.length === 0 ? {} : { query }),
  };
  return { ...path, ...(Object.keys(match).length === 0 ? {} : { match }) };
}

function pathOf(field: Field): Pick<Asked, "path" | "pathType"> | undefined {
  const within = field.at("path");
  const type = within.at("type").read(oneOf("PathPrefix", "Exact", "RegularExpression")) ?? "PathPrefix";
  const beside = field.at("value");
  const at = within.present || !beside.present ? within.at("value") : beside;
  const value = at.read(text) ?? "/";
  if (Object.keys(within.value ?? {}).length === 0) within.take();
  if (at === beside) at.notice("invalid", "a match has no such field: it is taken for path.value");
  const pathType = type === "Exact" ? "exact" : type === "PathPrefix" ? "prefix" : "pattern";
  const read = readRoutePath(value, pathType);
  if (read instanceof Fault && pathType !== "pattern") return at.refuse(read);
  if (read instanceof Fault) {
    at.notice("invalid", `${read.message}: ${LEFT}`);
    return undefined;
  }
  // A prefix is one of segments, so that a slash at its end says nothing.
  return pathType === "prefix" ? { path: read } : { path: read, pathType };
}

/** Undefined: one of them fits nothing. Of several of one name the first counts, as the API has it. */
function conditionsOf(field: Field, header: boolean): Condition[] | undefined {
  const found = new Map<string, Condition>();
  let left = false;
  for (const item of field.items()) {
    const type = item.at("type").read(oneOf("Exact", "RegularExpression")) ?? "Exact";
    const written = item.at("name").read(header ? headerName : text);
    const value = item.at("value").read(text);
    for (const key of ["name", "value"])
      if (!item.at(key).present) item.at(key).refuse(new Fault("is missing", `write the ${key} to match`));
    if (written === undefined || value === undefined) continue;
    const name = header ? written.toLowerCase() : written;
    if (found.has(name)) item.notice("ignored", `${name} stands here already, and the first counts`);
    else if (type === "Exact") found.set(name, { name, value });
    else {
      const pattern = wholePattern(value);
      if (pattern instanceof PatternFault) {
        item.at("value").notice("invalid", `${pattern.message}: ${LEFT}`);
        left = true;
      } else found.set(name, { name, pattern });
    }
  }
  return left ? undefined : [...found.values()];
}

/** A pattern for the whole of a value, as Envoy matches it. */
function wholePattern(pattern: string): string | PatternFault {
  // By itself first: what closes a group that it did not open would be taken for a pattern within the one around it.
  const alone = compilePattern(pattern);
  if (alone instanceof PatternFault) return alone;
  const compiled = compilePattern(whole(pattern));
  return compiled instanceof PatternFault ? compiled : whole(pattern);
}

/**
 * Which of two matches a request goes to that fits both (HTTPRouteRule.matches): the exact path, a pattern, the longest
 * prefix, then one with a method, then the one with more headers, then with more parameters. Negative: the first.
 */
export function compareAsked(a: Asked, b: Asked): number {
  const [left, right] = [weightsOf(a), weightsOf(b)];
  const at = left.findIndex((weight, i) => weight !== right[i]);
  return at < 0 ? 0 : right[at]! - left[at]!;
}

function weightsOf({ path, pathType = "prefix", match = {} }: Asked): number[] {
  return [
    pathType === "exact" ? 2 : pathType === "pattern" ? 1 : 0,
    path.length,
    match.methods?.length ?? 0,
    match.headers?.length ?? 0,
    match.query?.length ?? 0,
  ];
}

/** Whether every request fits. */
export function takesAll({ path, pathType, match }: Asked): boolean {
  return match === undefined && path === "/" && pathType === undefined;
}

/** How many conditions native config counts: within one path it tries those with the most first. */
export function countOf({ match = {} }: Asked): number {
  return (match.methods ? 1 : 0) + (match.headers?.length ?? 0) + (match.query?.length ?? 0);
}

/** What two matches have in common that no request can tell apart. */
export function identityOf({ path, pathType = "prefix", match = {} }: Asked): string {
  const sorted = (all: readonly Condition[] = []) => all.map((one) => JSON.stringify(one)).sort();
  return JSON.stringify([pathType, path, match.methods ?? [], sorted(match.headers), sorted(match.query)]);
}
