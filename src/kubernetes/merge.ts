import { Fault } from "../config/fault.ts";
import type { Draft } from "./draft.ts";
import type { Placed } from "./object.ts";
import type { Report } from "./report.ts";

/**
 * Native documents into one: pools by their names, routes one after the other, other keys as they are. What two of them say
 * differently is an error, in the place of the second.
 */
export function merge(native: readonly Placed[], draft: Draft, report: Report): void {
  const from = new Map<string, string>();
  for (const { value, place } of native) {
    const owner = { label: place, report };
    for (const [key, part] of Object.entries(value as Record<string, unknown>)) {
      if (key === "pools" && isMap(part)) {
        for (const [name, pool] of Object.entries(part)) draft.addPool(name, pool, owner);
      } else if (key === "routes" && Array.isArray(part)) {
        draft.routed ||= part.length > 0;
        for (const route of part) draft.addRoute(route, owner);
      } else if (key === "pools" || key === "routes") {
        report.error(
          place,
          [key],
          new Fault(`expected a ${key === "pools" ? "map" : "list"}`, "see the config reference"),
        );
      } else if (from.has(key) && JSON.stringify(draft.top[key]) !== JSON.stringify(part)) {
        const message = `${key} is something else in ${from.get(key)}`;
        report.error(place, [key], new Fault(message, "write it in one document"));
      } else {
        draft.top[key] = part;
        from.set(key, place);
      }
    }
  }
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
