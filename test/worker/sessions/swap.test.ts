import { beforeAll, describe, expect, it } from "vitest";
import type { Binding } from "../../../src/model/binding.ts";
import type { Swap, Swapped } from "../../../src/model/ports.ts";
import { reindex } from "../../../src/sessions/reindex.ts";
import { settle } from "../../../src/sessions/settle.ts";
import { indexKey } from "../../../worker/sessions/pod-index.ts";
import type { UpstashStore } from "../../../worker/sessions/upstash.ts";
import { bindingKey, encodeBinding } from "../../../worker/sessions/value.ts";
import { explore } from "../../support/explore.ts";
import { noRedis, restRedis } from "../../support/redis.ts";

const missing = noRedis("the compare-and-set is not tested in Lua");

const SID = "0123456789abcdef0123456789abcdef";
const FAR = Date.now() + 3_600_000;
const KEEP = { ttl: 600_000, expires: Date.now() + 600_000 };

/** A binding of an earlier epoch, at the third pod. */
const OTHER: Binding = {
  sid: SID,
  epoch: 1,
  pod: 0xc3,
  home: 0xa1,
  state: "A",
  cause: "",
  created: 1000,
  exp: FAR,
  via: "web@*",
};

const REBIND: Swap = {
  op: "rebind",
  sid: SID,
  epoch: 2,
  pod: 0xa1,
  to: 0xb2,
  home: 0xa1,
  cause: "pod-gone",
  created: 2000,
  exp: FAR + 1000,
  via: "web@*",
};

const VIAS = ["|", "|a|b", "|A", "|a\\n", `|${"x".repeat(513)}`, "x"].map(
  (end) => `1|0000000000a1|0000000000a1|A||1|2${end}`,
);

describe.skipIf(missing)("the compare-and-set in Lua, over the gateway, on a real Redis", () => {
  const rest = restRedis();
  let store: UpstashStore;
  beforeAll(() => {
    store = rest.open();
  });

  it("answers and leaves what the pure rule does, in every state that three clients can bring about", async () => {
    const { pairs } = explore(settle, { calls: 2, losses: 0, silences: 1 });
    expect(pairs.length).toBeGreaterThan(5000);
    // A sid for each, as no binding knows of another. Redis forgets a revocation whose end has passed, so ends are put off.
    const later = (exp: number) => exp + FAR;
    const cases = pairs.map(({ stored, swap }, i) => {
      const sid = `${"e".repeat(24)}${i.toString(16).padStart(8, "0")}`;
      const found = stored && { ...stored, sid, exp: later(stored.exp), via: ["", "old@*"][i % 2]! };
      // One more, so that what extends a binding changes it.
      const asked = { ...swap, sid, created: later(swap.created), exp: later(swap.exp) + 1 };
      return { sid, found, asked: { ...asked, via: ["", "web@*", "old@*"][i % 3]! } };
    });
    const held = cases.flatMap(({ sid, found }) => (found ? [bindingKey(sid), encodeBinding(found)] : []));
    await rest.redis.mset(held);
    const answers: Swapped[] = [];
    for (let i = 0; i < cases.length; i += 64) {
      const some = cases.slice(i, i + 64).map(({ asked }) => store.swap(asked, KEEP));
      answers.push(...(await Promise.all(some)));
    }
    const left = await rest.redis.mget(cases.map(({ sid }) => bindingKey(sid)));
    for (const [i, { found, asked }] of cases.entries()) {
      const { swapped, write } = settle(found, asked);
      const leaves = write ?? found;
      const expected = { swapped, left: leaves === undefined ? null : encodeBinding(leaves) };
      expect({ swapped: answers[i], left: left[i] }, JSON.stringify({ found, asked })).toEqual(expected);
    }
  });

  it.each(["create", "find"] as const)(
    "%s writes over a key of another type as if there were nothing",
    async (op) => {
      for (const epoch of [0, 2]) {
        await rest.redis.del(bindingKey(SID));
        await rest.redis.hset(bindingKey(SID), "epoch", "9");
        const { swapped, write } = settle(undefined, { ...REBIND, op, epoch });
        expect(await store.swap({ ...REBIND, op, epoch }, KEEP)).toEqual(swapped);
        if (write === undefined) expect(await rest.redis.type(bindingKey(SID))).toBe("hash");
        else expect(await store.read(SID)).toEqual(write);
      }
    },
  );

  it("repairs what does not parse as if there were nothing", async () => {
    for (const corrupt of [
      "",
      "x",
      "1|2|3",
      "1|0000000000a1|0000000000a1|X||1|2",
      "-1|a|b|A||1|2",
      ...VIAS,
    ]) {
      for (const op of ["rebind", "create", "find"] as const) {
        for (const epoch of op === "rebind" ? [2] : [0, 2]) {
          await rest.redis.set(bindingKey(SID), corrupt);
          const swap = { ...REBIND, op, epoch };
          const { swapped, write } = settle(undefined, swap);
          expect(await store.swap(swap, KEEP), `${op} of ${corrupt}`).toEqual(swapped);
          expect(await rest.redis.get(bindingKey(SID))).toBe(
            write === undefined ? corrupt : encodeBinding(write),
          );
        }
      }
    }
  });

  it("lets one of 64 racing rebinds win, and all the others follow it", async () => {
    for (let round = 0; round < 20; round++) {
      await rest.redis.del(bindingKey(SID));
      await store.create({ ...OTHER, pod: 0xa1 }, KEEP);
      const base = { op: "rebind", sid: SID, epoch: 1, pod: 0xa1, home: 0xa1, cause: "pod-gone" } as const;
      const answers = await Promise.all(
        Array.from({ length: 64 }, (_, i) =>
          store.swap({ ...base, to: 0xb0 + (i % 7), created: 1000, exp: FAR, via: "web@*" }, KEEP),
        ),
      );
      expect(answers.filter(({ verdict }) => verdict === "WON")).toHaveLength(1);
      expect(answers.filter(({ verdict }) => verdict === "ADOPT")).toHaveLength(63);
      expect(new Set(answers.map(({ pod }) => pod)).size).toBe(1);
      expect(new Set(answers.map(({ epoch }) => epoch))).toEqual(new Set([2]));
    }
  });

  it("leaves a sid in no other pod's index when it repairs a store that was behind", async () => {
    const list = (pod: number) => rest.redis.zrange(indexKey(pod), 0, -1);
    for (const mend of ["rebind", "touch", "create", "renew"] as const) {
      await rest.redis.del(bindingKey(SID), ...[0xa1, 0xb2, 0xc3].map(indexKey));
      await store.create(OTHER, KEEP);
      expect(await list(0xc3)).toContain(SID);
      if (mend === "renew")
        expect(await store.renew({ ...OTHER, epoch: 2, pod: 0xa1 }, KEEP)).toBe("repaired");
      else {
        const swap = { ...REBIND, op: mend };
        const { from, to } = reindex(swap, await store.swap(swap, KEEP))!;
        await store.index(SID, from, to, KEEP);
      }
      // As with the next heartbeat.
      while (store.debts.some) await store.debts.pay();
      const here = mend === "rebind" ? 0xb2 : 0xa1;
      for (const pod of [0xa1, 0xb2, 0xc3]) {
        expect((await list(pod)).includes(SID), `${mend} at ${pod}`).toBe(pod === here);
      }
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
      via: "web@*",
    } as const;
    for (const sid of sids) await store.create({ ...binding, sid }, KEEP);
    await store.index(sids[0]!, 0xdd, 0xee, KEEP);
    expect(await store.count([0xdd, 0xee], Date.now())).toEqual([24, 1]);
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await store.list([0xdd], Date.now(), 10, cursor);
      seen.push(...page.sessions.map(({ sid }) => sid));
      cursor = page.cursor;
    } while (cursor !== undefined);
    expect(seen.sort()).toEqual(sids.slice(1));
  });
});
