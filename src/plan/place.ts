import { compilePath } from "../config/route.ts";
import { compilePattern, type Pattern } from "../model/pattern/pattern.ts";
import type { Condition, Match, Route } from "../model/snapshot.ts";
import type { Asking } from "../route/condition.ts";
import type { RouteRuntime, View } from "../route/view.ts";

/** The label of host names by which a route is asked for; no real host has it. */
const ANY = "mooring-any";
/** Those that a request may have where no route names one, the first that goes. */
const METHODS = ["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"];
/** Routes that one request may have to be kept from. */
const TRIES = 32;

/** A request that a route is asked for by: the arguments of `View.match`. */
export type Place = readonly [host: string, path: string, request: Asking];

type Told = Pick<Route, "host" | "path" | "pathType" | "ignoreCase" | "rank" | "match">;

/** What tells a route from the others of its config. */
export function keyOf({ host, path, pathType, ignoreCase, rank, match }: Told): string {
  return JSON.stringify([host, path, pathType, ignoreCase, rank, match]);
}

/** The same of one that a view has found. */
export function keyOfFound({ conditions, ...route }: RouteRuntime): string {
  return keyOf({ ...route, match: conditions?.match });
}

/**
 * A request that a route takes, as far as one can be made up: of those that fit it, one that no route before it takes for its
 * method or for what it has not.
 *
 * @param view the route's own
 */
export function placeOf(route: Route, view: View): Place {
  const own = keyOf(route);
  const avoided: Match[] = [];
  const first = requestOf(route, avoided);
  for (let place = first, i = 0; i < TRIES; i++) {
    const found = view.match(...place);
    if (found === undefined || keyOfFound(found) === own) return place;
    if (found.conditions === undefined || avoided.includes(found.conditions.match)) break;
    avoided.push(found.conditions.match);
    place = requestOf(route, avoided);
  }
  return first;
}

/** @param avoided what it must not fit */
function requestOf({ host, path, pathType, match }: Route, avoided: readonly Match[]): Place {
  const methods = match?.methods.length ? match.methods : METHODS;
  const taken = avoided.flatMap((other) => other.methods);
  const own = textsOf(match?.headers ?? [], false);
  const headers = new Map([
    ...textsOf(
      avoided.flatMap((other) => other.headers),
      true,
    ),
    ...own,
  ]);
  const parameters = new Map([
    ...textsOf(
      avoided.flatMap(({ query }) => query),
      true,
    ),
    ...textsOf(match?.query ?? [], false),
  ]);
  const request: Asking = {
    method: methods.find((method) => !taken.includes(method)) ?? methods[0]!,
    url: `?${new URLSearchParams([...parameters])}`,
    headers: { get: (name) => headers.get(name) ?? null },
  };
  const named = match?.headers.find(({ name, not }) => name === "host" && !not);
  return [hostFor(host, named), pathFor({ path, pathType }), request];
}

/** @param named what the route asks of the host besides */
export function hostFor(host: string, named?: Condition): string {
  if (!host.startsWith("*")) return host;
  const { value, prefix = "", pattern } = named ?? {};
  const whole = value !== undefined || pattern !== undefined;
  return (whole ? textOf(named!) : prefix + ANY + host.slice(1)).toLowerCase();
}

/** A path that a route is asked for by: of a pattern a short one that matches, as long as another route does not. */
export function pathFor({ path, pathType }: Pick<Route, "path" | "pathType">): string {
  if (pathType === "regex" || pathType === "pattern") {
    return (compilePath(path, pathType) as Pattern).example() ?? path;
  }
  // The path alone may be that of a prefix.
  return pathType === "start" ? `${path}~` : path;
}

/** What fits those conditions that are turned, or are not, by name; of two of one name the first. */
function textsOf(conditions: readonly Condition[], turned: boolean): Map<string, string> {
  const texts = new Map<string, string>();
  for (const one of conditions) {
    if (one.not === turned && !texts.has(one.name)) texts.set(one.name, textOf(one));
  }
  return texts;
}

function textOf({ value, prefix, pattern }: Condition): string {
  if (value !== undefined) return value;
  if (prefix !== undefined) return prefix;
  // What must be there and no more may be anything.
  return pattern === undefined ? "any" : ((compilePattern(pattern) as Pattern).example() ?? pattern);
}
