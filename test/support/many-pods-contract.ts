import { beforeAll, describe, expect, it } from "vitest";
import type { PodTag } from "../../src/model/pod.ts";
import type { BindingStore } from "../../src/model/ports.ts";
import { binding, freshPod, KEEP, NOW } from "./bindings.ts";

/** How a binding store counts and lists the sessions of several pods. */
export function manyPodsContract(opened: () => BindingStore): void {
  describe("many pods", () => {
    let store: BindingStore;
    beforeAll(() => {
      store = opened();
    });

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
      const expected = asked.map((pod) => [pod, sids.get(pod)] as const).filter(([, own]) => own!.length > 0);
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
}
