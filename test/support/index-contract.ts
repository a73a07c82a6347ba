import { beforeAll, describe, expect, it } from "vitest";
import type { BindingStore } from "../../src/model/ports.ts";
import { binding, freshPod, KEEP, NOW, swap } from "./bindings.ts";
import { holds, listed } from "./listed.ts";

/** How the sessions of one pod are listed and counted by a binding store. */
export function indexContract(opened: () => BindingStore): void {
  describe("index", () => {
    let store: BindingStore;
    beforeAll(() => {
      store = opened();
    });

    it("is exact, page by page, through create, rebind and revoke", async () => {
      const [from, to] = [freshPod(), freshPod()];
      // Half end at one moment, half each at its own.
      const all = Array.from({ length: 36 }, () => binding({ pod: from }));
      await Promise.all(
        all.map((one, i) => store.create(one, { ...KEEP, expires: NOW + 5000 + (i % 2) * i })),
      );
      const sids = all.map(({ sid }) => sid);
      for (const limit of [1, 7, 12, 36, 100])
        expect(await listed(store, from, limit)).toEqual([...sids].sort());
      await holds(store, from, sids);
      for (const one of all.slice(0, 9)) {
        await store.swap(swap("rebind", one, { to }), KEEP);
        await store.index(one.sid, from, to, KEEP);
      }
      for (const one of all.slice(9, 13)) {
        await store.swap(swap("revoke", one), KEEP);
        await store.index(one.sid, from, undefined, KEEP);
      }
      await holds(store, from, sids.slice(13));
      await holds(store, to, sids.slice(0, 9));
      await holds(store, freshPod(), []);
    });

    it("leaves out what ended, and counts what ends at this moment", async () => {
      const pod = freshPod();
      const ends = [1, 2, 2, 3].map((second) => ({ ...KEEP, expires: NOW + second * 1000 }));
      for (const keep of ends) await store.create(binding({ pod }), keep);
      const counts = [0, 1000, 1001, 2000, 2001, 3000, 3001].map((ms) => store.count([pod], NOW + ms));
      expect(await Promise.all(counts)).toEqual([[4], [4], [3], [3], [1], [1], [0]]);
      expect(await listed(store, pod, 2, NOW + 2000)).toHaveLength(3);
    });

    it("leaves none out when sessions end or are seen again between two pages", async () => {
      const pod = freshPod();
      const all = Array.from({ length: 12 }, () => binding({ pod }));
      for (const one of all) await store.create(one, KEEP);
      const { sessions, cursor } = await store.list([pod], NOW, 5, undefined);
      expect(cursor).toBeDefined();
      const [first, second] = sessions;
      await store.swap(swap("revoke", first!), KEEP);
      await store.index(first!.sid, pod, undefined, KEEP);
      await store.renew(second!, { ...KEEP, expires: KEEP.expires + 1 });
      const seen = new Set(sessions.map(({ sid }) => sid));
      for (let next = cursor; next !== undefined; ) {
        const page = await store.list([pod], NOW, 5, next);
        for (const { sid } of page.sessions) seen.add(sid);
        next = page.cursor;
      }
      expect([...seen].sort()).toEqual(all.map(({ sid }) => sid).sort());
    });

    it("tells until when a session is listed, and only where it is", async () => {
      const first = binding();
      expect(await store.expires(first.sid, first.pod)).toBeUndefined();
      await store.create(first, KEEP);
      expect(await store.expires(first.sid, first.pod)).toBe(KEEP.expires);
      expect(await store.expires(first.sid, freshPod())).toBeUndefined();
      await store.renew(first, { ...KEEP, expires: KEEP.expires + 5 });
      expect(await store.expires(first.sid, first.pod)).toBe(KEEP.expires + 5);
      await store.swap(swap("revoke", first), KEEP);
      await store.index(first.sid, first.pod, undefined, KEEP);
      expect(await store.expires(first.sid, first.pod)).toBeUndefined();
    });

    it("does nothing when it names no pod, and lists once what goes where it is", async () => {
      const first = binding();
      await store.create(first, KEEP);
      await store.index(first.sid, undefined, undefined, KEEP);
      await store.index(first.sid, first.pod, first.pod, KEEP);
      await holds(store, first.pod, [first.sid]);
    });
  });
}
