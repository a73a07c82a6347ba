import type { Listed, Resource, WatchEvent } from "./events.ts";

/** What nothing here reads, and what changes without a change. */
const LEFT_OUT = ["managedFields", "resourceVersion", "generation", "selfLink", "uid", "ownerReferences"];

/** The objects of the kinds that are followed, as the events so far leave them. */
export class Mirror {
  readonly #objects = new Map<string, Resource>();

  /** Whether anything changed that could mean anything. Throws an Error for an event that says that the watch is over. */
  take(event: WatchEvent | Listed): boolean {
    const { type, object } = event;
    if (type === "BOOKMARK") return false;
    if (type === "ERROR") throw new Error(`the API server says: ${object.message ?? JSON.stringify(object)}`);
    if (type === "LISTED") return this.relist(object);
    const key = keyOf(object);
    const before = this.#objects.get(key);
    if (type === "DELETED") return this.#objects.delete(key);
    const after = slim(object);
    this.#objects.set(key, after);
    return JSON.stringify(before) !== JSON.stringify(after);
  }

  /**
   * All that there is of a kind: what it does not hold is gone, though nobody said so.
   *
   * @param kind of an empty list, which does not say it
   */
  relist(list: Resource, kind?: string): boolean {
    const items = (list.items ?? []).map((item) => withKind(item, list));
    const kinds = new Set([...items.map((item) => item.kind), ...(kind === undefined ? [] : [kind])]);
    const there = new Set(items.map(keyOf));
    let changed = false;
    for (const [key, { kind }] of this.#objects)
      if (kinds.has(kind) && !there.has(key)) changed = this.#objects.delete(key);
    for (const object of items) changed = this.take({ type: "ADDED", object }) || changed;
    return changed;
  }

  /** All objects as one list, in an order of their own, so that equal clusters are equal texts. */
  list(): { readonly apiVersion: "v1"; readonly kind: "List"; readonly items: readonly Resource[] } {
    const items = [...this.#objects].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, object]) => object);
    return { apiVersion: "v1", kind: "List", items };
  }
}

/** A typed list, `ServiceList`, says the kind of its items once. */
function withKind(item: Resource, { kind = "", apiVersion }: Resource): Resource {
  if (item.kind !== undefined || !kind.endsWith("List") || kind === "List") return item;
  return {
    kind: kind.slice(0, -"List".length),
    ...(apiVersion === undefined ? {} : { apiVersion }),
    ...item,
  };
}

/** What tells objects apart: of one kind the API server has one of a name. */
export function keyOf({ kind = "", metadata = {} }: Resource): string {
  return `${kind} ${metadata.namespace ?? ""}/${metadata.name ?? ""}`;
}

/** Without what only the API server needs, and without its status, but for that of a Pod, which says where it is. */
function slim({ status, metadata = {}, ...object }: Resource): Resource {
  const kept = Object.entries(metadata).filter(([key]) => !LEFT_OUT.includes(key));
  return {
    ...object,
    metadata: Object.fromEntries(kept),
    ...(object.kind === "Pod" && { status }),
  };
}
