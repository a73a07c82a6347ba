import { beforeAll, describe, expect, it } from "vitest";
import type { PodTag } from "../../src/model/pod.ts";
import type { BindingStore } from "../../src/model/ports.ts";
import { arrange, binding, type Corrupt, FAR, freshPod, freshSid, KEEP, NOW, swap } from "./bindings.ts";
import { retentionContract } from "./retention.ts";
import { RENEWALS } from "./swap-cases.ts";
import { swapContract } from "./swap-contract.ts";
import { tallyContract } from "./tally.ts";

/**
 * What every binding store must do. `open` is called once. A store into which nothing corrupt can be put says why in
 * place of `corrupt`, and the name of its suite carries the reason.
 */
export function bindingStoreContract(
  name: string,
  open: () => Promise<BindingStore>,
  corrupt: Corrupt | string = "nothing corrupt can be put into it",
): void {
  const inject = typeof corrupt === "string" ? undefined : corrupt;

  describe(inject === undefined ? `${name} (${corrupt})` : name, () => {
    let store: BindingStore;
    beforeAll(async () => {
      store = await open();
    });

    swapContract(() => store, inject);
    retentionContract(() => store);
    tallyContract(() => store);

    /** The sids on all pages, sorted; a page longer than `limit`, or a session of another pod, fails. */
    async function listed(pod: PodTag, limit = 10, now = NOW): Promise<string[]> {
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
    async function holds(pod: PodTag, sids: readonly string[]): Promise<void> {
      expect(await listed(pod)).toEqual([...sids].sort());
      expect(await store.count([pod], NOW)).toEqual([sids.length]);
    }

    describe("create", () => {
      it("remembers a binding as it is", async () => {
        const first = binding({ epoch: 3, home: freshPod(), cause: "failback" });
        await store.create(first, KEEP);
        expect(await store.read(first.sid)).toEqual(first);
        expect((await store.list([first.pod], NOW, 10, undefined)).sessions).toEqual([
          { ...first, expires: KEEP.expires },
        ]);
        expect(await store.read(freshSid())).toBeUndefined();
      });

      it("leaves a known sid as it is, and counts it where it is", async () => {
        const first = binding();
        const second = binding({ sid: first.sid, epoch: 4 });
        await store.create(first, KEEP);
        await store.create(second, KEEP);
        expect(await store.read(first.sid)).toEqual(first);
        await holds(first.pod, [first.sid]);
        await holds(second.pod, []);
      });

      it("does not bring back a revoked sid", async () => {
        const first = binding();
        await store.create(first, KEEP);
        await store.swap(swap("revoke", first, { cause: "revoked" }), KEEP);
        await store.index(first.sid, first.pod, undefined, KEEP);
        await store.create(first, KEEP);
        expect(await store.read(first.sid)).toMatchObject({ state: "R", epoch: 2, cause: "revoked" });
        await holds(first.pod, []);
      });

      it("remembers one of 32 that race for a sid, and counts it once", async () => {
        const sid = freshSid();
        const racing = Array.from({ length: 32 }, () => binding({ sid }));
        await Promise.all(racing.map((one) => store.create(one, KEEP)));
        const kept = await store.read(sid);
        expect(racing).toContainEqual(kept);
        for (const { pod } of racing) await holds(pod, pod === kept?.pod ? [sid] : []);
      });
    });

    describe("renew", () => {
      const cases = RENEWALS.filter(([held]) => inject !== undefined || held !== "corrupt");

      it.each(cases)("of a binding that is %s: %s", async (held, verdict) => {
        const { sid, token, stored } = await arrange(store, inject, held);
        expect(await store.renew(token, KEEP)).toBe(verdict);
        expect(await store.read(sid)).toEqual(verdict === "repaired" ? token : stored);
        // Where it is not, it may not be listed: the pipeline that renews lists first and reads afterwards.
        const here = verdict !== "ahead" || held === "ahead-own";
        await holds(token.pod, here ? [sid] : []);
      });

      it("moves the end of a session in the index", async () => {
        const first = binding();
        await store.create(first, { ...KEEP, expires: NOW + 1000 });
        expect(await store.count([first.pod], NOW + 2000)).toEqual([0]);
        await store.renew(first, { ...KEEP, expires: NOW + 9000 });
        expect(await store.count([first.pod], NOW + 2000)).toEqual([1]);
        const { sessions } = await store.list([first.pod], NOW + 2000, 10, undefined);
        expect(sessions).toEqual([{ ...first, expires: NOW + 9000 }]);
      });
    });

    describe("many pods", () => {
      it("are counted in one call, in the order in which they are asked for, however many they are", async () => {
        const pods = Array.from({ length: 1100 }, freshPod);
        const held = [3, 499, 500, 501, 1099];
        for (const i of held) {
          for (let n = 0; n <= i % 3; n++) await store.create(binding({ pod: pods[i]! }), KEEP);
        }
        const live = pods.map((_, i) => (held.includes(i) ? (i % 3) + 1 : 0));
        expect(await store.count(pods, NOW)).toEqual(live);
        expect(await store.count([...pods].reverse(), NOW)).toEqual([...live].reverse());
        expect(await store.count([pods[3]!, pods[3]!, pods[4]!], NOW)).toEqual([1, 1, 0]);
        expect(await store.count([], NOW)).toEqual([]);
        expect(await store.count(pods, KEEP.expires + 1)).toEqual(pods.map(() => 0));
      });

      it("are listed pod by pod in the order of their tags, page by page, and nobody else's sessions", async () => {
        const pods = Array.from({ length: 12 }, freshPod);
        const sizes = [3, 0, 1, 7, 0, 0, 2, 1, 0, 5, 0, 4];
        const sids = new Map<PodTag, string[]>();
        for (const [i, pod] of pods.entries()) {
          const own = Array.from({ length: sizes[i]! }, () => binding({ pod }));
          for (const one of own) await store.create(one, KEEP);
          sids.set(pod, own.map(({ sid }) => sid).sort());
        }
        const asked = pods.filter((_, i) => i !== 3);
        const expected = asked
          .map((pod) => [pod, sids.get(pod)] as const)
          .filter(([, own]) => own!.length > 0);
        for (const limit of [1, 2, 5, 16, 100]) {
          const found = new Map<PodTag, string[]>();
          let cursor: string | undefined;
          do {
            // In whatever order they are asked for.
            const page = await store.list([...asked].reverse(), NOW, limit, cursor);
            expect(page.sessions.length).toBeLessThanOrEqual(limit);
            for (const { pod, sid } of page.sessions) found.set(pod, [...(found.get(pod) ?? []), sid]);
            cursor = page.cursor;
          } while (cursor !== undefined);
          expect([...found].map(([pod, own]) => [pod, own.sort()])).toEqual(expected);
        }
        expect(await store.list([], NOW, 10, undefined)).toEqual({ sessions: [], cursor: undefined });
      });

      it("are listed to the last one, though hundreds have no session", async () => {
        const pods = Array.from({ length: 700 }, freshPod);
        const held = [0, 1, 99, 100, 255, 256, 512, 699].map((i) => pods[i]!);
        for (const pod of held) for (let n = 0; n < 2; n++) await store.create(binding({ pod }), KEEP);
        for (const limit of [1, 3, 16, 100]) {
          const found: PodTag[] = [];
          let cursor: string | undefined;
          do {
            const page = await store.list(pods, NOW, limit, cursor);
            found.push(...page.sessions.map(({ pod }) => pod));
            cursor = page.cursor;
          } while (cursor !== undefined);
          expect(found, `pages of ${limit}`).toEqual(held.flatMap((pod) => [pod, pod]));
        }
      });

      it("may leave between two pages: the next begins where the others are", async () => {
        const [first, second, third] = [freshPod(), freshPod(), freshPod()];
        for (const pod of [first, second, second, second, third]) await store.create(binding({ pod }), KEEP);
        const page = await store.list([first, second, third], NOW, 2, undefined);
        expect(page.sessions.map(({ pod }) => pod)).toEqual([first, second]);
        const left = await store.list([first, third], NOW, 10, page.cursor);
        expect(left.sessions.map(({ pod }) => pod)).toEqual([third]);
        const rest = await store.list([second, third], NOW, 10, page.cursor);
        expect(rest.sessions.map(({ pod }) => pod)).toEqual([second, second, third]);
        expect(rest.cursor).toBeUndefined();
      });
    });

    describe("release", () => {
      it("forgets the binding and counts it no more; the key may begin anew", async () => {
        const first = binding({ epoch: 4 });
        await store.create(first, KEEP);
        await store.release(first.sid, first.pod);
        expect(await store.read(first.sid)).toBeUndefined();
        await holds(first.pod, []);
        const again = await store.swap(swap("create", { ...first, epoch: 0 }), KEEP);
        expect(again).toMatchObject({ verdict: "WON", epoch: 1, cause: "", from: undefined });
      });

      it("forgets one that has moved on where it is, and does nothing for one that is not there", async () => {
        const first = binding();
        const to = freshPod();
        await store.create({ ...first, pod: to }, KEEP);
        await store.release(first.sid, first.pod);
        expect(await store.read(first.sid)).toBeUndefined();
        await holds(to, []);
        await store.release(first.sid, first.pod);
      });

      it("leaves a revocation, so that nothing older brings the session back", async () => {
        const first = binding();
        await store.create(first, KEEP);
        await store.swap(swap("revoke", first, { cause: "revoked" }), KEEP);
        await store.index(first.sid, first.pod, undefined, KEEP);
        const revoked = await store.read(first.sid);
        await store.release(first.sid, first.pod);
        expect(await store.read(first.sid)).toEqual(revoked);
        expect((await store.swap(swap("touch", first), KEEP)).verdict).toBe("REVOKED");
      });
    });

    describe("index", () => {
      it("is exact, page by page, through create, rebind and revoke", async () => {
        const [from, to] = [freshPod(), freshPod()];
        // Half end at one moment, half each at its own.
        const all = Array.from({ length: 36 }, () => binding({ pod: from }));
        await Promise.all(
          all.map((one, i) => store.create(one, { ...KEEP, expires: NOW + 5000 + (i % 2) * i })),
        );
        const sids = all.map(({ sid }) => sid);
        for (const limit of [1, 7, 12, 36, 100]) expect(await listed(from, limit)).toEqual([...sids].sort());
        await holds(from, sids);
        for (const one of all.slice(0, 9)) {
          await store.swap(swap("rebind", one, { to }), KEEP);
          await store.index(one.sid, from, to, KEEP);
        }
        for (const one of all.slice(9, 13)) {
          await store.swap(swap("revoke", one), KEEP);
          await store.index(one.sid, from, undefined, KEEP);
        }
        await holds(from, sids.slice(13));
        await holds(to, sids.slice(0, 9));
        await holds(freshPod(), []);
      });

      it("leaves out what ended, and counts what ends at this moment", async () => {
        const pod = freshPod();
        const ends = [1, 2, 2, 3].map((second) => ({ ...KEEP, expires: NOW + second * 1000 }));
        for (const keep of ends) await store.create(binding({ pod }), keep);
        const counts = [0, 1000, 1001, 2000, 2001, 3000, 3001].map((ms) => store.count([pod], NOW + ms));
        expect(await Promise.all(counts)).toEqual([[4], [4], [3], [3], [1], [1], [0]]);
        expect(await listed(pod, 2, NOW + 2000)).toHaveLength(3);
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
        await holds(first.pod, [first.sid]);
      });
    });

    it("rejects what no token could ask for, and never throws", async () => {
      const good = binding();
      const bad = [
        ...["", "x", good.sid.toUpperCase().replace(/^./, "A"), `${good.sid}0`, `${good.sid}\n`].flatMap(
          (sid) => [
            () => store.create({ ...good, sid }, KEEP),
            () => store.renew({ ...good, sid }, KEEP),
            () => store.swap(swap("touch", { ...good, sid }), KEEP),
            () => store.index(sid, undefined, good.pod, KEEP),
            () => store.swap(swap("create", { ...good, sid }), KEEP),
            () => store.release(sid, good.pod),
            () => store.read(sid),
            () => store.expires(sid, good.pod),
          ],
        ),
        () => store.create({ ...good, epoch: 2 ** 32 }, KEEP),
        () => store.create({ ...good, epoch: 1.5 }, KEEP),
        () => store.create({ ...good, pod: 2 ** 48 }, KEEP),
        () => store.swap(swap("rebind", good, { epoch: -1 }), KEEP),
        ...(["touch", "rebind", "rebind2", "revoke"] as const).map(
          (op) => () => store.swap(swap(op, good, { epoch: 0 }), KEEP),
        ),
        () => store.create({ ...good, epoch: 0 }, KEEP),
        () => store.swap(swap("rebind", good, { to: Number.NaN }), KEEP),
        () => store.swap(swap("rebind", good, { exp: FAR + 0.5 }), KEEP),
        () => store.list([good.pod], NOW, 10, "no cursor"),
      ];
      for (const call of bad) await expect(call(), String(call)).rejects.toThrow();
      expect(await store.read(good.sid)).toBeUndefined();
    });
  });
}
