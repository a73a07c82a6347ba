import { expect, it } from "vitest";
import { pageOf } from "../../src/model/page.ts";

const name = (item: string) => item;

it("gives every item once, page by page, whatever the size of a page", () => {
  const all = Array.from({ length: 23 }, (_, i) => `pod-${i}`);
  for (const limit of [1, 2, 7, 22, 23, 24]) {
    const found: string[] = [];
    let cursor: string | undefined;
    let pages = 0;
    do {
      const page = pageOf(all, name, limit, cursor)!;
      expect(page.items.length).toBeGreaterThan(0);
      found.push(...page.items);
      cursor = page.cursor ?? undefined;
      pages++;
    } while (cursor !== undefined);
    expect(found).toEqual(all);
    expect(pages).toBe(Math.ceil(all.length / limit));
  }
  expect(pageOf([], name, 5, undefined)).toEqual({ items: [], cursor: null });
});

it("knows no page after what is not there: another page would leave some out unseen", () => {
  expect(pageOf(["a", "b"], name, 1, "c")).toBeUndefined();
  // Those before and after it may come and go.
  expect(pageOf(["b", "c"], name, 1, "b")?.items).toEqual(["c"]);
});
