import { runInDurableObject } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import { HealthLog } from "../../../worker/coordinator/health-log.ts";
import { fresh } from "./calls.workers.ts";

const [A, B] = ["00000000000a", "00000000000b"];

describe("the history of pods' health", () => {
  it("is on the disk, the newest first, and holds the last ten flips of each check of each pod", () =>
    runInDurableObject(fresh(), (_, { storage }) => {
      const log = new HealthLog(storage.sql);
      log.record(A, "startup", "started", 1);
      for (let at = 2; at <= 25; at++) log.record(A, "readiness", at % 2 === 0 ? "ready" : "unready", at);
      log.record(B, "readiness", "ready", 26);
      const again = new HealthLog(storage.sql);
      expect(again.history(A)).toEqual(log.history(A));
      expect(again.history(A).map(({ at }) => at)).toEqual([25, 24, 23, 22, 21, 20, 19, 18, 17, 16, 1]);
      expect(again.history(A)[0]).toEqual({ at: 25, check: "readiness", state: "unready" });
      expect(again.since(A, "readiness")).toBe(25);
      expect(again.since(A, "liveness")).toBeUndefined();
      expect(again.states()).toEqual(
        new Map([
          [`${A} startup`, "started"],
          [`${A} readiness`, "unready"],
          [`${B} readiness`, "ready"],
        ]),
      );
    }));

  it("forgets what is not asked any more, on the disk too", () =>
    runInDurableObject(fresh(), (_, { storage }) => {
      const log = new HealthLog(storage.sql);
      log.record(A, "startup", "started", 1);
      log.record(A, "readiness", "ready", 2);
      log.record(B, "readiness", "ready", 3);
      log.forget(new Set([`${A} readiness`]));
      const again = new HealthLog(storage.sql);
      expect(again.states()).toEqual(new Map([[`${A} readiness`, "ready"]]));
      expect([again.history(A).length, again.history(B).length]).toEqual([1, 0]);
    }));
});
