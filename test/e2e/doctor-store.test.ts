import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type FaultyRest, startFaultyRest } from "../../tools/chaos/rest/proxy.ts";
import { call } from "../../tools/fleet/client.ts";
import { type Fleet, startFleet } from "../../tools/fleet/fleet.ts";
import { eventually, inParallel } from "../../tools/fleet/wait.ts";
import { findRedisServer } from "../../tools/gateway/redis.ts";
import type { Diagnosis } from "../support/ailing.ts";

describe.skipIf(findRedisServer() === undefined)(
  "GET /doctor of a store in trouble",
  { timeout: 60_000 },
  () => {
    let fleet: Fleet;
    let store: FaultyRest;
    beforeAll(async () => {
      let starting: Promise<FaultyRest> | undefined;
      fleet = await startFleet({
        redis: true,
        config: (pods) => ({
          version: 1,
          pools: { web: { pods, affinity: [{ header: "X-User" }] } },
          routes: [{ pool: "web" }],
        }),
        between: async (leg, url, from) => {
          if (leg !== "store" || from === "coordinator") return undefined;
          starting ??= startFaultyRest(url);
          return starting;
        },
      });
      store = await starting!;
    });
    afterAll(async () => fleet?.stop());

    const found = async (id: string) => {
      const { findings } = (await fleet.admin.get<Diagnosis>("/v1/doctor")).json;
      return findings.find((finding) => finding.id === id);
    };
    let users = 0;
    const visit = () =>
      inParallel(Array.from({ length: 10 }), 4, async () => {
        expect((await call(fleet.url, { headers: { "x-user": `u${users++}` } })).status).toBe(200);
      });

    it("names a store that lags, and then one that is down; and neither before", async () => {
      await visit();
      expect(await found("store-slow")).toBeUndefined();
      expect(await found("store-failing")).toBeUndefined();
      const lag = store.inject("lag", { ms: 400 });
      for (let i = 0; i < 3; i++) await visit();
      const slow = await eventually(
        () => found("store-slow"),
        (finding) => finding !== undefined,
      );
      expect(slow).toMatchObject({ severity: "warning", evidence: { laterThanMs: 150 } });
      lag.lift();
      await fleet.redis!.kill();
      await visit();
      const failing = await eventually(
        () => found("store-failing"),
        (finding) => finding !== undefined,
      );
      expect(failing).toMatchObject({ severity: "error", evidence: { answersNow: false } });
    });
  },
);
