import { Fault } from "../config/fault.ts";
import { list, tree } from "../config/tree.ts";
import type { Placed } from "./object.ts";
import type { Report } from "./report.ts";

/** Whether a document with these keys at its top is a Kubernetes object, and no native config. */
export function isKubernetes(keys: ReadonlySet<string>): boolean {
  if (keys.has("kind") && keys.has("apiVersion")) return true;
  if (keys.has("version") || keys.has("pools") || keys.has("routes")) return false;
  return keys.has("kind") || keys.has("apiVersion") || keys.has("metadata");
}

/**
 * The objects in their order, with the items of `List`, `ServiceList` and the like, and of lists in lists, in the place of
 * these. What is no object is an error, what is nothing a notice.
 */
export function flatten(placed: readonly Placed[], report: Report): Placed[] {
  const objects: Placed[] = [];
  const add = (one: Placed): void => {
    const { value, place } = one;
    if (value === null || value === undefined) {
      report.notice("ignored", place, [], "nothing stands here");
      return;
    }
    if (typeof value !== "object" || Array.isArray(value)) {
      const hint = "write apiVersion, kind, metadata and spec as keys";
      report.error(place, [], new Fault("a Kubernetes object is a map", hint));
      return;
    }
    const { kind, apiVersion, items, metadata: _, ...rest } = tree(value);
    const typed =
      typeof kind === "string" && kind.endsWith("List") && (items === null || Array.isArray(items));
    if (!typed) {
      objects.push(one);
      return;
    }
    for (const key of Object.keys(rest))
      report.notice("ignored", `${kind} (${place})`, [key], "a list has no such field");
    const of = kind.slice(0, -"List".length);
    list(items).forEach((item, i) => {
      add({
        value: item,
        place: `${place}, items[${i}]`,
        kind: of === "" ? undefined : of,
        apiVersion: of !== "" && typeof apiVersion === "string" ? apiVersion : undefined,
      });
    });
  };
  placed.forEach(add);
  return objects;
}
