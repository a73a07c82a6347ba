/** A map of the document, as it was written. */
export type Tree = Readonly<Record<string, unknown>>;

/** The value as a map; an empty one for anything else, whose error the schema tells. */
export function tree(value: unknown): Tree {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Tree) : {};
}

/** The value as a list; an empty one for anything else. */
export function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** What was written under `key` itself: a map of users' names must not answer with `constructor`. */
export function own(map: Tree, key: string): unknown {
  return Object.hasOwn(map, key) ? map[key] : undefined;
}
