import { beforeAll, describe, expect, it, vi } from "vitest";
import type { BindingStore } from "../../src/model/ports.ts";
import { binding, FAR, freshPod, KEEP, swap } from "./bindings.ts";

/** How long a binding store remembers, and what makes it remember longer. */
export function retentionContract(opened: () => BindingStore): void {
  describe("retention", () => {
    let store: BindingStore;
    beforeAll(() => {
      store = opened();
    });

    const gone = (sid: string) =>
      vi.waitUntil(async () => (await store.read(sid)) === undefined, { timeout: 20_000, interval: 50 });

    it("forgets a binding after its time to live, and keeps one that was renewed, touched or looked up", async () => {
      const left = binding();
      const kept = Array.from({ length: 6 }, () => binding());
      const [renewed, touched, ...looked] = kept;
      for (const one of [left, ...kept]) await store.create(one, { ...KEEP, ttl: 400 });
      await store.renew(renewed!, KEEP);
      await store.swap(swap("touch", touched!), KEEP);
      for (const [i, one] of looked.entries()) {
        const known = i < 2 ? one : { ...one, epoch: 0, pod: freshPod() };
        const answer = await store.swap(swap(i % 2 === 0 ? "create" : "find", known), KEEP);
        expect(answer).toMatchObject({ verdict: i < 2 ? "KEPT" : "ADOPT", pod: one.pod });
      }
      await gone(left.sid);
      for (const one of kept) expect(await store.read(one.sid)).toEqual(one);
      // Forgotten is absent: the same sid may begin again.
      await store.create({ ...left, epoch: 2 }, KEEP);
      expect(await store.read(left.sid)).toEqual({ ...left, epoch: 2 });
    });

    it("puts off the end of a keyed session whenever it is looked up, wherever it is", async () => {
      const first = binding({ exp: FAR });
      await store.create(first, KEEP);
      for (const [i, op] of (["create", "find", "create", "find"] as const).entries()) {
        const known = i < 2 ? first : { ...first, epoch: 0, pod: freshPod() };
        const exp = FAR + 1000 * (i + 1);
        await store.swap(swap(op, known, { exp }), KEEP);
        expect(await store.read(first.sid)).toEqual({ ...first, exp });
        // By a clock that is behind: nothing is shortened.
        await store.swap(swap(op, known, { exp: FAR }), KEEP);
        expect(await store.read(first.sid)).toEqual({ ...first, exp });
      }
    });

    it("keeps a revocation until the absolute expiry, however short the time to live, renewals included", async () => {
      const short = { ...KEEP, ttl: 50 };
      const [revoked, other] = [binding(), binding()];
      await store.create(revoked, KEEP);
      await store.swap(swap("revoke", revoked), short);
      expect(await store.renew(revoked, short)).toBe("ahead");
      await store.create(other, short);
      await gone(other.sid);
      expect(await store.read(revoked.sid)).toMatchObject({ state: "R", epoch: 2 });
    });

    it("forgets a revocation at the absolute expiry", async () => {
      const first = binding({ exp: Date.now() + 300 });
      await store.create(first, KEEP);
      expect((await store.swap(swap("revoke", first), KEEP)).verdict).toBe("REVOKED");
      await gone(first.sid);
    });
  });
}
