import { expect, it } from "vitest";
import type { PodTag } from "../../../src/model/pod.ts";
import type { BindingStore, ListedBinding } from "../../../src/model/ports.ts";
import { listSessions } from "../../../worker/admin/listing.ts";

const NOW = 1_000_000;

/** A store that lists so many sessions of each pod, with cursors of its own. */
function listing(sizes: ReadonlyMap<PodTag, number>) {
  let calls = 0;
  const list: BindingStore["list"] = async (pod, _, limit, cursor) => {
    calls++;
    expect(limit).toBeGreaterThan(0);
    const from = cursor === undefined ? 0 : Number.parseInt(cursor, 16);
    const to = Math.min(from + limit, sizes.get(pod) ?? 0);
    const sessions = Array.from(
      { length: to - from },
      (_, i) => ({ sid: `${pod}/${from + i}`, pod }) as ListedBinding,
    );
    return { sessions, cursor: to < (sizes.get(pod) ?? 0) ? to.toString(16) : undefined };
  };
  return { store: { list } as BindingStore, calls: () => calls };
}

async function all(store: BindingStore, pods: readonly PodTag[], limit: number): Promise<string[]> {
  const sids: string[] = [];
  let cursor: string | undefined;
  for (let pages = 0; pages < 1000; pages++) {
    const page = await listSessions(store, pods, NOW, limit, cursor);
    expect(page.sessions.length).toBeLessThanOrEqual(limit);
    sids.push(...page.sessions.map(({ sid }) => sid));
    if (page.cursor === null) return sids;
    cursor = page.cursor;
  }
  throw new Error("a listing without an end");
}

it("lists every session of every pod once, whatever the size of a page", async () => {
  const sizes = new Map([
    [0xaa, 7],
    [0x0b, 0],
    [0xffffffffffff, 3],
    [0xcc, 10],
  ]);
  for (const limit of [1, 2, 3, 7, 10, 19, 20, 21, 1000]) {
    const found = await all(listing(sizes).store, [...sizes.keys()], limit);
    expect(found.length, `limit ${limit}`).toBe(20);
    expect(new Set(found).size).toBe(20);
  }
});

it("goes on after the pod that the last page ended with, though that has gone meanwhile", async () => {
  const { store } = listing(
    new Map([
      [1, 4],
      [2, 4],
      [3, 4],
    ]),
  );
  const first = await listSessions(store, [1, 2, 3], NOW, 6, undefined);
  const rest = await listSessions(store, [1, 3], NOW, 100, first.cursor!);
  expect(rest.sessions.map(({ pod }) => pod)).toEqual([3, 3, 3, 3]);
});

it("asks the store a bounded number of times for one page: most pods may be empty", async () => {
  const pods = Array.from({ length: 200 }, (_, i) => i);
  const { store, calls } = listing(new Map([[199, 1]]));
  const page = await listSessions(store, pods, NOW, 10, undefined);
  expect(page.sessions).toEqual([]);
  expect(page.cursor).not.toBeNull();
  expect(calls()).toBeLessThanOrEqual(64);
  expect(await all(store, pods, 10)).toEqual(["199/0"]);
});

it("refuses a cursor that is none", async () => {
  const { store } = listing(new Map());
  for (const cursor of [
    "x",
    "0000000000aa~",
    "0000000000aa~x!",
    "0000000000AA",
    `0000000000aa~${"1".repeat(99)}`,
  ]) {
    await expect(listSessions(store, [1], NOW, 10, cursor)).rejects.toThrow(RangeError);
  }
});
