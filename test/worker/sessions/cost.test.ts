import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Binding } from "../../../src/model/binding.ts";
import type { Swap } from "../../../src/model/ports.ts";
import { reindex } from "../../../src/sessions/reindex.ts";
import { startGateway } from "../../../tools/gateway/gateway.ts";
import { findRedisServer, startRedis } from "../../../tools/gateway/redis.ts";
import { redisClient } from "../../../worker/sessions/redis.ts";
import { UpstashStore } from "../../../worker/sessions/upstash.ts";
import { binding, EXPIRED, freshPod, KEEP, NOW, swap } from "../../support/bindings.ts";

const missing = findRedisServer() === undefined;
if (missing) {
  console.error("NO redis-server ON PATH: what each action costs is not counted");
  if (process.env.CI === "true") throw new Error("CI needs a redis-server on PATH");
}

/** One action: what is held before it, what it is, and the most that it may cost. */
interface Action {
  readonly action: string;
  readonly most: number;
  /** The commands that it is made of, sorted; those inside the script too. */
  readonly commands: string;
  readonly before?: (store: UpstashStore, own: Binding, to: number) => Promise<unknown>;
  readonly work: (store: UpstashStore, own: Binding, to: number) => Promise<unknown>;
}

/** A compare-and-set with the step of the index that its caller takes after it. */
async function settled(store: UpstashStore, verdict: string, call: Swap): Promise<void> {
  const answer = await store.swap(call, KEEP);
  expect(answer.verdict).toBe(verdict);
  const step = reindex(call, answer);
  if (step !== undefined) await store.index(call.sid, step.from, step.to, KEEP);
}

const known = (store: UpstashStore, own: Binding) => store.create(own, KEEP);
const elsewhere = (store: UpstashStore, own: Binding) => store.create({ ...own, pod: freshPod() }, KEEP);
const moved = async (store: UpstashStore, own: Binding) => {
  await known(store, own);
  await settled(store, "WON", swap("rebind", own, { to: freshPod() }));
};
const silent = (store: UpstashStore, own: Binding) =>
  store.create({ ...own, exp: EXPIRED }, { ...KEEP, expires: EXPIRED });
const revoked = async (store: UpstashStore, own: Binding) => {
  await known(store, own);
  await settled(store, "REVOKED", swap("revoke", own));
};
const behind = (store: UpstashStore, own: Binding) => elsewhere(store, { ...own, epoch: 1 });
/** By an isolate that does not remember the key: epoch 0. */
const unknown = (own: Binding, to: number) => ({ ...own, epoch: 0, pod: to, created: NOW });
const at2 = (own: Binding) => ({ ...own, epoch: 2, created: NOW });

const ACTIONS: readonly Action[] = [
  { action: "create, cookie", most: 2, commands: "set zadd", work: known },
  { action: "renew", most: 2, commands: "getex zadd", before: known, work: (s, own) => s.renew(own, KEEP) },
  {
    action: "renew that repairs a store that lost it",
    most: 3,
    commands: "getex set zadd",
    work: (s, own) => s.renew(own, KEEP),
  },
  {
    action: "renew that repairs a store that was behind",
    most: 3,
    commands: "getex set zadd",
    before: known,
    work: (s, own) => s.renew({ ...own, epoch: 4 }, KEEP),
  },
  {
    action: "create, keyed",
    most: 4,
    commands: "evalsha get set zadd",
    work: (s, own, to) => settled(s, "WON", swap("create", unknown(own, to), { to })),
  },
  {
    action: "create, keyed, that is known here",
    most: 4,
    commands: "evalsha get set zadd",
    before: known,
    work: (s, own, to) => settled(s, "KEPT", swap("create", { ...own, created: NOW }, { to })),
  },
  {
    action: "create, keyed, that is known elsewhere",
    most: 4,
    commands: "evalsha get set zadd",
    before: known,
    work: (s, own, to) => settled(s, "ADOPT", swap("create", unknown(own, to), { to })),
  },
  {
    action: "create, keyed, after it ended by silence",
    most: 4,
    commands: "evalsha get set zadd",
    before: silent,
    work: (s, own, to) => settled(s, "WON", swap("create", unknown(own, to), { to })),
  },
  {
    action: "create, keyed, after it was revoked",
    most: 4,
    commands: "evalsha get set zadd",
    before: revoked,
    work: (s, own, to) => settled(s, "WON", swap("create", unknown(own, to), { to })),
  },
  {
    // As with a renewal: one more when it repairs, to take the sid out of the index where the store thought it was.
    action: "create, keyed, that repairs",
    most: 5,
    commands: "evalsha get set zadd zrem",
    before: behind,
    work: (s, own, to) => settled(s, "KEPT", swap("create", at2(own), { to })),
  },
  {
    action: "find, learned",
    most: 4,
    commands: "evalsha get set zadd",
    before: known,
    work: (s, own, to) => settled(s, "ADOPT", swap("find", unknown(own, to), { to })),
  },
  {
    action: "find of what no pod minted",
    most: 4,
    commands: "evalsha get",
    work: (s, own, to) => settled(s, "ABSENT", swap("find", unknown(own, to), { to })),
  },
  {
    action: "rebind",
    most: 5,
    commands: "evalsha get set zadd zrem",
    before: known,
    work: (s, own, to) => settled(s, "WON", swap("rebind", own, { to })),
  },
  {
    action: "rebind of what the store lost",
    most: 5,
    commands: "evalsha get set zadd zrem",
    work: (s, own, to) => settled(s, "WON", swap("rebind", own, { to })),
  },
  {
    action: "rebind over a store that was behind",
    most: 5,
    commands: "evalsha get set zadd zrem",
    before: behind,
    work: (s, own, to) => settled(s, "WON", swap("rebind", at2(own), { to })),
  },
  {
    action: "adopt",
    most: 5,
    commands: "evalsha get",
    before: moved,
    work: (s, own, to) => settled(s, "ADOPT", swap("rebind", own, { to })),
  },
  {
    action: "touch",
    most: 5,
    commands: "evalsha get set zadd",
    before: known,
    work: (s, own) => settled(s, "KEPT", swap("touch", own)),
  },
  {
    action: "revoke",
    most: 5,
    commands: "evalsha get set zrem",
    before: known,
    work: (s, own) => settled(s, "REVOKED", swap("revoke", own)),
  },
  {
    action: "release",
    most: 2,
    commands: "getdel zrem",
    before: known,
    work: (s, own) => s.release(own.sid, own.pod),
  },
  { action: "read", most: 1, commands: "get", before: known, work: (s, own) => s.read(own.sid) },
];

describe.skipIf(missing)("commands as they are billed, those inside a script too", () => {
  let redis: Redis;
  let url: string;
  const undo: (() => Promise<void>)[] = [];
  const open = () => new UpstashStore(redisClient({ url, token: "t", timeout: 10_000 }));

  beforeAll(async () => {
    const server = await startRedis();
    undo.push(server.stop);
    const gateway = await startGateway({ redisUrl: server.url, token: "t" });
    undo.push(gateway.stop);
    url = gateway.url;
    redis = new Redis(server.url);
    undo.push(async () => redis.disconnect());
  });
  afterAll(async () => {
    for (const step of undo.reverse()) await step();
  });

  /** The commands that Redis ran for `work`, sorted; what a script ran is counted by Redis as well. */
  async function spent(work: () => Promise<unknown>): Promise<string> {
    await redis.config("RESETSTAT");
    await work();
    const text = await redis.info("commandstats");
    const calls = [...text.matchAll(/^cmdstat_([a-z|]+):calls=([0-9]+)/gm)].flatMap(([, name, times]) =>
      Array.from({ length: Number(times) }, () => name!),
    );
    const counted = calls.filter((name) => name !== "info" && !name.startsWith("config"));
    return counted.sort().join(" ");
  }

  it("are within the bound of every action", async () => {
    const store = open();
    await store.swap(swap("touch", binding()), KEEP);
    const table: string[] = [];
    for (const { action, most, commands, before, work } of ACTIONS) {
      const own = binding();
      const to = freshPod();
      await before?.(store, own, to);
      const ran = await spent(() => work(store, own, to));
      const count = ran.split(" ").length;
      expect(ran, action).toBe(commands);
      expect(count, action).toBeLessThanOrEqual(most);
      table.push(`${action.padEnd(46)} ${count} of ${most}  ${ran}`);
    }
    console.log(`Redis commands of each action:\n${table.join("\n")}`);
  });

  it("are as many for the first compare-and-set of an isolate, whatever scripts Redis has", async () => {
    for (const fresh of [true, false]) {
      if (fresh) await redis.script("FLUSH", "SYNC");
      const store = open();
      const own = binding();
      const to = freshPod();
      const create = () => settled(store, "WON", swap("create", unknown(own, to), { to }));
      expect(await spent(create)).toBe("eval get set zadd");
      const rebind = () => settled(store, "WON", swap("rebind", { ...own, pod: to }, { to: own.pod }));
      expect(await spent(rebind)).toBe("evalsha get set zadd zrem");
    }
  });

  it("are one or two more where a session is not where it was thought to be", async () => {
    const store = open();
    const [first, released, over] = [binding(), binding(), binding()];
    await store.create(first, KEEP);
    expect(await spent(() => store.create({ ...first, pod: freshPod() }, KEEP))).toBe("get set zadd zrem");
    expect(await spent(() => store.renew({ ...first, pod: freshPod() }, KEEP))).toBe("getex zadd zrem");
    await store.create(released, KEEP);
    expect(await spent(() => store.release(released.sid, freshPod()))).toBe("getdel zrem zrem");
    await revoked(store, over);
    expect(await spent(() => store.release(over.sid, over.pod))).toBe("getdel set zrem");
  });

  it("of a count: 1, and 3 once a minute; of a page: 2", async () => {
    const store = open();
    const first = binding();
    await store.create(first, KEEP);
    expect(await spent(() => store.count(first.pod, NOW))).toBe("pexpire zcount zremrangebyscore");
    expect(await spent(() => store.count(first.pod, NOW + 59_999))).toBe("zcount");
    expect(await spent(() => store.count(first.pod, NOW + 60_000))).toBe("pexpire zcount zremrangebyscore");
    expect(await spent(() => store.list(first.pod, NOW, 10, undefined))).toBe("mget zrange");
  });
});
