/** A part of a list, and where the next one begins; null at the end. */
export interface PageOf<Item> {
  readonly items: readonly Item[];
  readonly cursor: string | null;
}

/** Those after the one that the cursor names, from the first without one. Undefined: none has that name. */
export function pageOf<Item>(
  all: readonly Item[],
  name: (item: Item) => string,
  limit: number,
  cursor: string | undefined,
): PageOf<Item> | undefined {
  const from = cursor === undefined ? 0 : all.findIndex((item) => name(item) === cursor) + 1;
  if (from === 0 && cursor !== undefined) return undefined;
  const items = all.slice(from, from + limit);
  const last = items.at(-1);
  return { items, cursor: last !== undefined && from + limit < all.length ? name(last) : null };
}
