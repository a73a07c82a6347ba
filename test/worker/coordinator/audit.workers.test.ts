import { runInDurableObject } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import { AUTHOR, Audit, type Author } from "../../../worker/coordinator/audit.ts";
import type { Coordinator } from "../../../worker/coordinator/coordinator.ts";
import { config, fresh, put } from "./calls.workers.ts";

const AUTHOR_OF: Author = { who: "admin", client: "192.0.2.1", method: "PATCH", path: "/_mooring/v1/x" };
const signed = { [AUTHOR]: JSON.stringify(AUTHOR_OF) };
const LAST = Number.MAX_SAFE_INTEGER;

describe("the audit log", () => {
  it("holds the last 10,000 changes, on the disk, and gives them by pages", () =>
    runInDurableObject(fresh(), (_, { storage }) => {
      const audit = new Audit(storage.sql);
      for (let i = 1; i <= 10_020; i++) audit.end(audit.begin(AUTHOR_OF, { i }, i), 200, { i });
      const again = new Audit(storage.sql);
      const found: unknown[] = [];
      for (let before = LAST; ; ) {
        const { entries, cursor } = again.page(1000, before);
        expect(entries.length).toBe(1000);
        found.push(...entries.map(({ change }) => change.i));
        if (cursor === null) break;
        before = cursor;
      }
      expect(found).toEqual(Array.from({ length: 10_000 }, (_, i) => 10_020 - i));
    }));

  it("has a change that a crash cut short, and says that it may have been done", () =>
    runInDurableObject(fresh(), (_, { storage }) => {
      new Audit(storage.sql).begin(AUTHOR_OF, { state: "disabled" }, 7);
      expect(new Audit(storage.sql).page(10, LAST)).toEqual({
        entries: [{ ...AUTHOR_OF, at: 7, status: null, change: { state: "disabled" } }],
        cursor: null,
      });
    }));

  it("writes down what was done and what was refused, and no word of a config", async () => {
    const stub = fresh();
    // Some send a token in the path of a pod's url.
    const url = "http://127.0.0.1:1/pass-word";
    const document = { ...config(["a"]), pools: { web: { pods: [{ id: "a", url }] } } };
    await put(stub, document, { ...signed, "if-none-match": "*" });
    await put(stub, config(["a"]), { ...signed, "if-none-match": "*" });
    await put(stub, config(["a"]), { ...signed, "if-match": '"9"' });
    const order = async (pod: string) => {
      const body = JSON.stringify({ pool: "web", pod, state: "disabled", who: "admin" });
      await stub.fetch("http://coordinator/pod", { method: "POST", body, headers: signed });
    };
    await order("a");
    await order("b");
    await runInDurableObject(stub, (object) => {
      const { entries } = (object as unknown as Coordinator).audit.page(10, LAST);
      const pod = (id: string) => ({ pool: "web", pod: id, state: "disabled" });
      expect(entries.map(({ status, change }) => [status, change])).toEqual([
        [404, pod("b")],
        [200, pod("a")],
        [412, {}],
        [412, {}],
        [200, { written: 1 }],
      ]);
      expect(JSON.stringify(entries)).not.toContain("pass-word");
    });
  });
});
