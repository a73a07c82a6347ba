import { compilePath } from "../config/route.ts";
import type { Pattern } from "../model/pattern/pattern.ts";
import type { Route } from "../model/snapshot.ts";

/** Host names by which a route is asked for; no real host has this label. */
const ANY = "mooring-any";

/** A host name that a route with this host is asked for by. */
export function hostFor(host: string): string {
  return host.startsWith("*") ? ANY + host.slice(1) : host;
}

/** A path that a route is asked for by: of a pattern a short one that matches, as long as another route does not. */
export function pathFor({ path, pathType }: Pick<Route, "path" | "pathType">): string {
  if (pathType === "regex" || pathType === "pattern") {
    return (compilePath(path, pathType) as Pattern).example() ?? path;
  }
  // The path alone may be that of a prefix.
  return pathType === "start" ? `${path}~` : path;
}

export function placeOf(
  route: Pick<Route, "host" | "path" | "pathType">,
): readonly [host: string, path: string] {
  return [hostFor(route.host), pathFor(route)];
}
