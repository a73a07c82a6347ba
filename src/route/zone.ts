import type { Trip } from "./trip.ts";

/**
 * The zone of a request: what the config reads from it, by a header or from the platform, else its default, else the zone
 * of this edge. A header may be anybody's: all that it can do is place a new session nearer to someone else.
 */
export function zoneOf({ edge, view, request }: Trip): string | undefined {
  const { zone } = view.snapshot;
  if (zone === undefined) return edge.zone;
  const { header, cf, map } = zone;
  const told = header === undefined ? undefined : request.headers.get(header)?.trim();
  const seen = told || (cf === undefined ? undefined : edge.origin(request)?.[cf]);
  if (typeof seen !== "string" || seen === "") return zone.default ?? edge.zone;
  return Object.hasOwn(map, seen) ? map[seen] : seen;
}
