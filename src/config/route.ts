import { readCookieName, readHeaderName } from "../affinity/keyed.ts";
import { Fault, reading } from "../affinity/option.ts";
import { PatternFault } from "../model/pattern/fault.ts";
import { compilePattern, type Pattern, type PatternOptions } from "../model/pattern/pattern.ts";
import { type Match, PATH_TYPES, type PathType, type Route } from "../model/snapshot.ts";
import * as z from "../model/zod.ts";
import { parseHost } from "./host.ts";
import { match, readPattern } from "./match.ts";
import { parsePath } from "./path.ts";
import { weight } from "./pod.ts";
import { routeFault } from "./route-fault.ts";
import { routeRetry, routeTimeouts } from "./timing.ts";

/** A rule that chooses the side of a new session: a header or cookie of the request, of one value, a pattern's or any. */
const override = z.strictObject({
  header: z.optional(reading(readHeaderName)),
  cookie: z.optional(reading(readCookieName)),
  value: z.optional(z.string().check(z.minLength(1), z.maxLength(1024))),
  pattern: z.optional(reading(readPattern)),
  pool: z.string(),
});

/** What a route may hold. That it has either a pool or a split, what its path is and so on is {@link references}' part. */
export const route = z.strictObject({
  host: z._default(reading(parseHost), "*"),
  path: z._default(z.string(), "/"),
  pathType: z._default(z.enum(PATH_TYPES), "prefix"),
  ignoreCase: z._default(z.boolean(), false),
  rank: z._default(weight, 0),
  match: z.optional(match),
  pool: z.optional(z.string()),
  split: z.optional(z.record(z.string(), weight)),
  overrides: z._default(z.array(override).check(z.maxLength(32)), () => []),
  headerBeatsSession: z._default(z.boolean(), false),
  sticky: z._default(z.enum(["all", "primary"]), "all"),
  issue: z._default(z.boolean(), true),
  timeouts: z.optional(routeTimeouts),
  retry: z.optional(routeRetry),
  fault: z.optional(routeFault),
});

/** The path of a route in the form in which requests are compared with it. */
export function readRoutePath(text: string, type: PathType): string | Fault {
  if (type !== "regex" && type !== "pattern") return parsePath(text, type !== "prefix");
  const pattern = compilePath(text, type);
  return pattern instanceof PatternFault ? new Fault(pattern.message, pattern.hint) : text;
}

/**
 * The path of cookies that are to have the route's: one that browsers, which compare whole segments and case, send to all
 * that the route takes. That of a `regex` stands as it is written, as ingress-nginx has it.
 */
export function cookiePathOf(path: string, type: PathType, ignoreCase: boolean): string {
  if (type === "pattern" || ignoreCase) return "/";
  return type === "start" ? path.slice(0, path.lastIndexOf("/") + 1) : path;
}

/** The pattern of a path: a fault where it is none. */
export function compilePath(text: string, type: "regex" | "pattern"): Pattern | PatternFault {
  if (type === "regex") return compilePattern(text, PATH);
  // By itself first: what closes a group that it did not open would be taken for a pattern within the one around it.
  const alone = compilePattern(text);
  return alone instanceof PatternFault ? alone : compilePattern(`(?:${text})$`, WHOLE);
}

/** As the locations of nginx by `~*`: without case, from the start of the path on. */
const PATH: PatternOptions = { ignoreCase: true, anchored: true };
/** As Envoy's `safe_regex`: with case, and all of the path. */
const WHOLE: PatternOptions = { anchored: true };

/** host + path, and what `match` asks for → where new sessions go, the primary side first. */
export interface RouteConfig extends Pick<Route, "timeouts" | "retry" | "fault"> {
  readonly host: string;
  readonly path: string;
  /** That of cookies of path `matched`. */
  readonly cookiePath: string;
  readonly pathType: PathType;
  /** Of ASCII letters; never of a pattern. */
  readonly ignoreCase: boolean;
  /** 0–1,000,000; the highest goes first. */
  readonly rank: number;
  /** Undefined: any request. */
  readonly match?: Match | undefined;
  readonly sides: readonly { readonly pool: string; readonly weight: number }[];
  /** The first that fits a request without a session chooses its side. */
  readonly overrides: readonly OverrideConfig[];
  readonly headerBeatsSession: boolean;
  readonly sticky: "all" | "primary";
  readonly issue: boolean;
}

/** Either a header or a cookie; without a value or a pattern any that is not empty fits. */
export interface OverrideConfig {
  readonly header?: string | undefined;
  readonly cookie?: string | undefined;
  readonly value?: string | undefined;
  readonly pattern?: string | undefined;
  readonly pool: string;
}

/** The sides of a route: a pool is a split with one side. */
export function sidesOf(route: {
  readonly pool?: string | undefined;
  readonly split?: Readonly<Record<string, number>> | undefined;
}): RouteConfig["sides"] {
  if (route.pool !== undefined) return [{ pool: route.pool, weight: 1 }];
  return Object.entries(route.split ?? {}).map(([pool, weight]) => ({ pool, weight }));
}
