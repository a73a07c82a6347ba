import { runInDurableObject } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import type { FeedEntry } from "../../../src/model/beat.ts";
import { FeedStore, PAGE } from "../../../worker/coordinator/feed-store.ts";
import { beat, fresh } from "./calls.workers.ts";

const HOUR = 3_600_000;

describe("the feed", () => {
  const revoked = (sid: string, epoch = 2, exp = 1000): Omit<FeedEntry, "seq"> => ({
    sid,
    epoch,
    to: null,
    cause: "revoked",
    exp,
  });

  it("comes by pages to an edge that was away, and ends with every live entry", async () => {
    await runInDurableObject(fresh(), (_, { storage }) => {
      const feed = new FeedStore(storage.sql);
      const total = 2 * PAGE + 5;
      for (let i = 1; i <= total; i++) feed.add(revoked(`sid-${i}`), 0);
      const heard: FeedEntry[] = [];
      let seq = 0;
      let pages = 0;
      for (let more = true; more; pages++) {
        const page = feed.page(seq, 0);
        heard.push(...page.entries);
        ({ seq, more } = page);
      }
      expect(pages).toBe(3);
      expect(seq).toBe(total);
      expect(new Set(heard.map(({ sid }) => sid)).size).toBe(total);
      expect(feed.page(seq, 0)).toEqual({ entries: [], seq: total, more: false });
    });
  });

  it("keeps one entry a session, the later, at a new position; and never goes back", async () => {
    await runInDurableObject(fresh(), (_, { storage }) => {
      const feed = new FeedStore(storage.sql);
      expect(feed.add(revoked("a", 2), 0)).toBe(1);
      expect(feed.add(revoked("b", 2), 0)).toBe(2);
      expect(feed.add(revoked("a", 3), 0)).toBe(3);
      expect(feed.add(revoked("a", 2), 0), "known").toBe(3);
      expect(feed.page(0, 0).entries).toMatchObject([
        { seq: 2, sid: "b" },
        { seq: 3, sid: "a", epoch: 3 },
      ]);
      // All of it has expired: what comes next is still after what was heard.
      expect(feed.page(0, 1001)).toEqual({ entries: [], seq: 3, more: false });
      expect(feed.add(revoked("c", 2, 3000), 2000)).toBe(4);
      expect(new FeedStore(storage.sql).page(3, 2000).entries).toMatchObject([{ seq: 4, sid: "c" }]);
    });
  });

  it("is told from its beginning to an edge that knows another incarnation", async () => {
    const stub = fresh();
    await runInDurableObject(stub, (_, { storage }) => {
      new FeedStore(storage.sql).add({ ...revoked("a"), exp: Date.now() + HOUR }, Date.now());
    });
    const { incarnation, feed } = await beat(stub);
    expect(feed).toMatchObject({ entries: [{ sid: "a" }], seq: 1 });
    expect((await beat(stub, { incarnation, feed: 1 })).feed).toEqual({ entries: [], seq: 1 });
    expect((await beat(stub, { incarnation: incarnation - 1, feed: 7 })).feed.entries).toHaveLength(1);
  });
});
