import type { Asked } from "../affinity/source.ts";
import { bytes } from "./by.ts";
import type { Trip } from "./trip.ts";

/** What of a request its affinity sources may read. */
export function askedOf({ request, target, client }: Pick<Trip, "request" | "target" | "client">): Asked {
  return { headers: request.headers, query: queryOf(target.rest), ip: client.ip };
}

function queryOf(rest: string): string {
  const at = rest.indexOf("?");
  return at < 0 ? "" : rest.slice(at + 1);
}

/** The affinity key of a request as a policy by value hashes it: each character a byte; several things one by one. */
export function placedBy(trip: Trip): string | readonly string[] | undefined {
  if (trip.keyed === undefined) return undefined;
  const { source, value } = trip.keyed;
  const found = source.placing?.(askedOf(trip)) ?? value;
  return typeof found === "string" ? bytes(found) : found.map(bytes);
}
