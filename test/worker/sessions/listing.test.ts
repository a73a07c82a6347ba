import { expect, it } from "vitest";
import type { PodTag } from "../../../src/model/pod.ts";
import type { ListedBinding } from "../../../src/model/ports.ts";
import { listPods, type PodLists } from "../../../worker/sessions/listing.ts";

/** A store that lists so many sessions of each pod, with cursors of its own. */
function listing(sizes: ReadonlyMap<PodTag, number>) {
  let calls = 0;
  const count: PodLists["count"] = async (pods) => {
    calls++;
    return pods.map((pod) => sizes.get(pod) ?? 0);
  };
  const list: PodLists["list"] = async (pod, limit, cursor) => {
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
  return { store: { count, list }, calls: () => calls };
}

async function all(store: PodLists, pods: readonly PodTag[], limit: number): Promise<string[]> {
  const sids: string[] = [];
  let cursor: string | undefined;
  for (let pages = 0; pages < 1000; pages++) {
    const page = await listPods(store, pods, limit, cursor);
    expect(page.sessions.length).toBeLessThanOrEqual(limit);
    sids.push(...page.sessions.map(({ sid }) => sid));
    if (page.cursor === undefined) return sids;
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
  const first = await listPods(store, [1, 2, 3], 6, undefined);
  const rest = await listPods(store, [1, 3], 100, first.cursor);
  expect(rest.sessions.map(({ pod }) => pod)).toEqual([3, 3, 3, 3]);
});

it("asks the store a bounded number of times for one page: most pods may be empty", async () => {
  const pods = Array.from({ length: 10_000 }, (_, i) => i);
  // A count of many pods at a time, and the one that is not empty.
  const lone = listing(new Map([[9_999, 1]]));
  const page = await listPods(lone.store, pods, 10, undefined);
  expect(page.sessions).toHaveLength(1);
  expect(lone.calls()).toBeLessThanOrEqual(41);
  // Sessions that end between a count and its listing: a page may be short, and its cursor leads on.
  const gone = listing(new Map());
  const counted = { ...gone.store, count: async (some: readonly PodTag[]) => some.map(() => 1) };
  const short = await listPods(counted, pods, 10, undefined);
  expect(short.sessions).toEqual([]);
  expect(short.cursor).toBeDefined();
  expect(gone.calls()).toBeLessThanOrEqual(64);
  expect(await all(lone.store, pods, 10)).toEqual(["9999/0"]);
});

it("counts nothing to list one pod", async () => {
  const { store, calls } = listing(new Map([[7, 3]]));
  expect((await listPods(store, [7], 10, undefined)).sessions).toHaveLength(3);
  expect(calls()).toBe(1);
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
    await expect(listPods(store, [1], 10, cursor)).rejects.toThrow(RangeError);
  }
});
