import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Binding } from "../../../src/model/binding.ts";
import type { Swap } from "../../../src/model/ports.ts";
import { settle } from "../../../src/sessions/settle.ts";
import { startGateway } from "../../../tools/gateway/gateway.ts";
import { findRedisServer, startRedis } from "../../../tools/gateway/redis.ts";
import { redisClient } from "../../../worker/sessions/redis.ts";
import { UpstashStore } from "../../../worker/sessions/upstash.ts";
import { bindingKey, encodeBinding } from "../../../worker/sessions/value.ts";

const missing = findRedisServer() === undefined;
if (missing) {
  console.error("NO redis-server ON PATH: the compare-and-set is not tested in Lua");
  if (process.env.CI === "true") throw new Error("CI needs a redis-server on PATH");
}

const SID = "0123456789abcdef0123456789abcdef";
const FAR = Date.now() + 3_600_000;
const KEEP = { ttl: 600_000, expires: Date.now() + 600_000 };
const PODS = [0xa1, 0xb2, 0xc3];

/** What the store may hold: nothing, or any small epoch, pod and state. */
const STORED: (Binding | undefined)[] = [
  undefined,
  ...[1, 2, 3].flatMap((epoch) =>
    PODS.flatMap((pod) =>
      (["A", "R"] as const).map((state) => ({
        sid: SID,
        epoch,
        pod,
        home: 0xa1,
        state,
        cause: "drain-deadline" as const,
        created: 1000,
        exp: FAR,
      })),
    ),
  ),
];

const SWAPS: Swap[] = (["touch", "rebind", "rebind2", "revoke"] as const).flatMap((op) =>
  PODS.slice(0, 2).flatMap((pod) =>
    PODS.map((to) => ({
      op,
      sid: SID,
      epoch: 2,
      pod,
      to,
      home: 0xa1,
      cause: "pod-gone" as const,
      created: 2000,
      exp: FAR + 1000,
    })),
  ),
);

describe.skipIf(missing)("the compare-and-set in Lua, over the gateway, on a real Redis", () => {
  let redis: Redis;
  let store: UpstashStore;
  const undo: (() => Promise<void>)[] = [];

  beforeAll(async () => {
    const server = await startRedis({});
    undo.push(server.stop);
    const gateway = await startGateway({ redisUrl: server.url, token: "t" });
    undo.push(gateway.stop);
    redis = new Redis(server.url);
    undo.push(async () => redis.disconnect());
    store = new UpstashStore(redisClient({ url: gateway.url, token: "t" }));
  });
  afterAll(async () => {
    for (const step of undo.reverse()) await step();
  });

  it(`answers and leaves what the pure rule does, in all ${STORED.length * SWAPS.length} cases of small depth`, async () => {
    for (const stored of STORED) {
      for (const swap of SWAPS) {
        const key = bindingKey(SID);
        if (stored === undefined) await redis.del(key);
        else await redis.set(key, encodeBinding(stored));
        const expected = settle(stored, swap);
        const words = JSON.stringify({ stored, swap });
        expect(await store.swap(swap, KEEP), words).toEqual(expected.swapped);
        expect(await store.read(SID), words).toEqual(expected.write ?? stored);
      }
    }
  });

  it("repairs what does not parse as if there were nothing", async () => {
    for (const corrupt of ["", "x", "1|2|3", "1|0000000000a1|0000000000a1|X||1|2", "-1|a|b|A||1|2"]) {
      await redis.set(bindingKey(SID), corrupt);
      const answer = await store.swap(SWAPS.find(({ op, to }) => op === "rebind" && to === 0xb2)!, KEEP);
      expect(answer, corrupt).toMatchObject({ verdict: "WON", epoch: 3, pod: 0xb2 });
    }
  });

  it("lets one of 64 racing rebinds win, and all the others follow it", async () => {
    for (let round = 0; round < 20; round++) {
      await redis.del(bindingKey(SID));
      await store.create({ ...STORED[1]!, sid: SID, epoch: 1, pod: 0xa1, state: "A", cause: "" }, KEEP);
      const base = { op: "rebind", sid: SID, epoch: 1, pod: 0xa1, home: 0xa1, cause: "pod-gone" } as const;
      const answers = await Promise.all(
        Array.from({ length: 64 }, (_, i) =>
          store.swap({ ...base, to: 0xb0 + (i % 7), created: 1000, exp: FAR }, KEEP),
        ),
      );
      expect(answers.filter(({ verdict }) => verdict === "WON")).toHaveLength(1);
      expect(answers.filter(({ verdict }) => verdict === "ADOPT")).toHaveLength(63);
      expect(new Set(answers.map(({ pod }) => pod)).size).toBe(1);
      expect(new Set(answers.map(({ epoch }) => epoch))).toEqual(new Set([2]));
    }
  });

  it("leaves a sid in no other pod's index when it repairs a store that was behind", async () => {
    const behind = { ...STORED[1]!, epoch: 1, pod: 0xc3, state: "A", cause: "" } as const;
    const list = (pod: number) => redis.zrange(`mooring:p:${pod.toString(16).padStart(12, "0")}`, 0, -1);
    for (const mend of ["rebind", "renew"] as const) {
      await redis.del(bindingKey(SID));
      await store.create(behind, KEEP);
      expect(await list(0xc3)).toContain(SID);
      if (mend === "rebind") {
        const swap = SWAPS.find(({ op, pod, to }) => op === "rebind" && pod === 0xa1 && to === 0xb2)!;
        const answer = await store.swap(swap, KEEP);
        await store.index(SID, swap.pod, answer.pod, KEEP);
      } else expect(await store.renew({ ...behind, epoch: 2, pod: 0xb2 }, KEEP)).toBe("repaired");
      expect(await list(0xc3), mend).not.toContain(SID);
      expect(await list(0xb2), mend).toContain(SID);
    }
  });

  it("counts and lists the sessions of a pod, exactly, page by page", async () => {
    const sids = Array.from({ length: 25 }, (_, i) => i.toString(16).padStart(32, "0"));
    const binding = {
      epoch: 1,
      pod: 0xdd,
      home: 0xdd,
      state: "A",
      cause: "",
      created: 1000,
      exp: FAR,
    } as const;
    for (const sid of sids) await store.create({ ...binding, sid }, KEEP);
    await store.index(sids[0]!, 0xdd, 0xee, KEEP);
    expect(await store.count(0xdd, Date.now())).toBe(24);
    expect(await store.count(0xee, Date.now())).toBe(1);
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await store.list(0xdd, Date.now(), 10, cursor);
      seen.push(...page.sessions.map(({ sid }) => sid));
      cursor = page.cursor;
    } while (cursor !== undefined);
    expect(seen.sort()).toEqual(sids.slice(1));
  });
});
