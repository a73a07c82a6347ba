import { beforeAll, describe, expect, it } from "vitest";
import type { BindingStore } from "../../src/model/ports.ts";
import { binding, freshPod, KEEP, NOW, swap } from "./bindings.ts";

/** How a binding says by which route its session came. An older version wrote bindings that do not, and they are read as that. */
export function viaContract(opened: () => BindingStore): void {
  describe("by which route a session came", () => {
    let store: BindingStore;
    beforeAll(() => {
      store = opened();
    });

    it.each(["", "web@*", "shop-canary@*.example.com", "ns/route:0@a.test", "x".repeat(512)])(
      "%j is read as it was written",
      async (via) => {
        const first = binding({ via });
        await store.create(first, KEEP);
        expect(await store.read(first.sid)).toEqual(first);
        expect((await store.list([first.pod], NOW, 10, undefined)).sessions).toMatchObject([{ via }]);
        expect(await store.renew(first, KEEP)).toBe("extended");
        const to = freshPod();
        expect((await store.swap(swap("rebind", first, { to }), KEEP)).verdict).toBe("WON");
        expect(await store.read(first.sid)).toMatchObject({ epoch: 2, pod: to, via });
      },
    );

    it.each(["touch", "create", "find", "rebind", "revoke"] as const)(
      "is told from the first %s on where an older version did not",
      async (op) => {
        const first = binding({ via: "" });
        await store.create(first, KEEP);
        await store.swap(swap(op, first, { via: "web@*", to: freshPod() }), KEEP);
        expect(await store.read(first.sid)).toMatchObject({ via: "web@*" });
      },
    );

    it.each(["touch", "rebind", "revoke"] as const)("stays by a %s that does not know it", async (op) => {
      const first = binding({ via: "web@*" });
      await store.create(first, KEEP);
      await store.swap(swap(op, first, { via: "", to: freshPod() }), KEEP);
      expect(await store.read(first.sid)).toMatchObject({ via: "web@*" });
    });

    it("is that of what begins, whatever ended before it", async () => {
      const first = binding({ via: "old@*" });
      await store.create(first, KEEP);
      await store.swap(swap("revoke", first), KEEP);
      await store.swap(swap("create", { ...first, epoch: 0 }, { via: "web@*" }), KEEP);
      expect(await store.read(first.sid)).toMatchObject({ epoch: 3, state: "A", via: "web@*" });
    });
  });
}
