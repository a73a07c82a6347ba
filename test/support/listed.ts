import { expect } from "vitest";
import type { PodTag } from "../../src/model/pod.ts";
import type { BindingStore } from "../../src/model/ports.ts";
import { NOW } from "./bindings.ts";

/** The sids on all pages, sorted; a page longer than `limit`, or a session of another pod, fails. */
export async function listed(store: BindingStore, pod: PodTag, limit = 10, now = NOW): Promise<string[]> {
  const sids: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await store.list([pod], now, limit, cursor);
    expect(page.sessions.length).toBeLessThanOrEqual(limit);
    for (const session of page.sessions) {
      expect(session).toMatchObject({ pod, state: "A" });
      sids.push(session.sid);
    }
    cursor = page.cursor;
  } while (cursor !== undefined);
  return sids.sort();
}

/** Holds the count and the listing of a pod to the same sids. */
export async function holds(store: BindingStore, pod: PodTag, sids: readonly string[]): Promise<void> {
  expect(await listed(store, pod)).toEqual([...sids].sort());
  expect(await store.count([pod], NOW)).toEqual([sids.length]);
}
