import type { PathType, Route } from "../model/snapshot.ts";
import { wordsOf as matchWords } from "../route/condition.ts";
import type { RouteRuntime, View } from "../route/view.ts";
import { keyOf, placeOf } from "./place.ts";

/** A route whose requests go elsewhere than before: by pools with their weights, empty where nothing takes them. */
export interface RouteChange {
  readonly host: string;
  readonly path: string;
  /** Of what is no prefix. */
  readonly pathType?: PathType;
  readonly ignoreCase?: true;
  /** What it asks for besides, each in words: `header x-user=alice`. */
  readonly match?: readonly string[];
  readonly before: string;
  readonly after: string;
}

/** The routes of either config whose requests the two send to different pools, or by other weights or rules. */
export function routeChanges(before: View, after: View): RouteChange[] {
  const seen = new Set<string>();
  const changes: RouteChange[] = [];
  for (const [route, view] of [...routes(before), ...routes(after)]) {
    const { host, path, pathType, ignoreCase, match } = route;
    // Of the same by another rank requests go one way alone.
    const key = keyOf({ ...route, rank: 0 });
    if (seen.has(key)) continue;
    seen.add(key);
    const place = placeOf(route, view);
    const change = {
      host,
      path,
      ...(pathType === "prefix" ? {} : { pathType }),
      ...(ignoreCase ? { ignoreCase } : {}),
      ...(match === undefined ? {} : { match: matchWords(match) }),
      before: wordsOf(before.match(...place)),
      after: wordsOf(after.match(...place)),
    };
    if (change.before !== change.after) changes.push(change);
  }
  return changes;
}

function routes(view: View): (readonly [Route, View])[] {
  return view.snapshot.routes.map((route) => [route, view]);
}

/** `web`, or `web 95, web-canary 5`; with the rules that go before the weights. */
function wordsOf(route: RouteRuntime | undefined): string {
  if (route === undefined) return "";
  const { sides, overrides, headerBeatsSession, issue, scope } = route;
  const parts = sides.map(({ pool, weight }) => `${pool.pool.name}${sides.length > 1 ? ` ${weight}` : ""}`);
  const rules = overrides.map(({ rule: { header, cookie, value, pattern, side } }) => {
    const what = header === undefined ? `cookie ${cookie}` : `header ${header}`;
    const text = pattern === undefined ? (value === undefined ? "" : `=${value}`) : `~${pattern}`;
    return `${what}${text} → ${sides[side]?.pool.pool.name}`;
  });
  const words = [parts.join(", "), ...rules];
  if (headerBeatsSession) words.push("headers before sessions");
  if (scope.others.size > 0) words.push(`sessions at ${scope.scope.id} alone`);
  if (!issue) words.push("no session begins");
  return words.join("; ");
}
