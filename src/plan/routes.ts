import type { Route, Snapshot } from "../model/snapshot.ts";
import type { RouteRuntime, View } from "../route/view.ts";
import { hostFor } from "./origin.ts";

/** A route whose requests go elsewhere than before: by pools with their weights, empty where nothing takes them. */
export interface RouteChange {
  readonly host: string;
  readonly path: string;
  readonly before: string;
  readonly after: string;
}

/** The routes of either config whose requests the two send to different pools, or by other weights or rules. */
export function routeChanges(before: View, after: View): RouteChange[] {
  const seen = new Set<string>();
  const changes: RouteChange[] = [];
  for (const { host, path } of [...routes(before.snapshot), ...routes(after.snapshot)]) {
    if (seen.has(`${host}\n${path}`)) continue;
    seen.add(`${host}\n${path}`);
    const change = {
      host,
      path,
      before: wordsOf(before.match(hostFor(host), path)),
      after: wordsOf(after.match(hostFor(host), path)),
    };
    if (change.before !== change.after) changes.push(change);
  }
  return changes;
}

function routes({ routes: all }: Snapshot): readonly Route[] {
  return all;
}

/** `web`, or `web 95, web-canary 5`; with the rules that go before the weights. */
function wordsOf(route: RouteRuntime | undefined): string {
  if (route === undefined) return "";
  const { sides, overrides } = route;
  const parts = sides.map(({ pool, weight }) => `${pool.pool.name}${sides.length > 1 ? ` ${weight}` : ""}`);
  const rules = overrides.map(({ header, cookie, value, side }) => {
    const what = header === undefined ? `cookie ${cookie}` : `header ${header}`;
    return `${what}${value === undefined ? "" : `=${value}`} → ${sides[side]?.pool.pool.name}`;
  });
  return [parts.join(", "), ...rules].join("; ");
}
