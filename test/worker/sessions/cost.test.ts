import { describe, expect, it } from "vitest";
import type { Binding } from "../../../src/model/binding.ts";
import type { Swap } from "../../../src/model/ports.ts";
import { reindex } from "../../../src/sessions/reindex.ts";
import { indexKey } from "../../../worker/sessions/pod-index.ts";
import type { UpstashStore } from "../../../worker/sessions/upstash.ts";
import { binding, EXPIRED, freshPod, KEEP, NOW, swap } from "../../support/bindings.ts";
import { noRedis, restRedis } from "../../support/redis.ts";

const missing = noRedis("what each action costs is not counted");

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
    action: "renew that repairs a store that was behind at another pod",
    most: 3,
    commands: "getex set zadd",
    before: behind,
    work: (s, own) => s.renew(at2(own), KEEP),
  },
  {
    action: "renew of what another edge moved",
    most: 3,
    commands: "getex zadd zrem",
    before: moved,
    work: (s, own) => s.renew(own, KEEP),
  },
  {
    action: "renew of what was revoked",
    most: 3,
    commands: "getex pexpireat zadd",
    before: revoked,
    work: (s, own) => s.renew(own, KEEP),
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
    // The sid still stands in the index of the pod where the store thought it was: that is owed.
    action: "create, keyed, that repairs",
    most: 4,
    commands: "evalsha get set zadd",
    before: behind,
    work: (s, own, to) => settled(s, "KEPT", swap("create", at2(own), { to })),
  },
  {
    action: "find that repairs",
    most: 4,
    commands: "evalsha get set zadd",
    before: behind,
    work: (s, own, to) => settled(s, "KEPT", swap("find", at2(own), { to })),
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
  const rest = restRedis();
  const { open } = rest;

  /** The commands that Redis ran for `work`, sorted; what a script ran is counted by Redis as well. */
  async function spent(work: () => Promise<unknown>): Promise<string> {
    await rest.redis.config("RESETSTAT");
    await work();
    const text = await rest.redis.info("commandstats");
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
      // What an action leaves owed is a cost of its own, which the next test counts.
      while (store.debts.some) await store.debts.pay();
      const ran = await spent(() => work(store, own, to));
      const count = ran.split(" ").length;
      expect(ran, action).toBe(commands);
      expect(count, action).toBeLessThanOrEqual(most);
      table.push(`${action.padEnd(60)} ${count} of ${most}  ${ran}`);
    }
    console.log(`Redis commands of each action:\n${table.join("\n")}`);
  });

  it("are as many for the first compare-and-set of an isolate, whatever scripts Redis has", async () => {
    for (const fresh of [true, false]) {
      if (fresh) await rest.redis.script("FLUSH", "SYNC");
      const store = open();
      const own = binding();
      const to = freshPod();
      const create = () => settled(store, "WON", swap("create", unknown(own, to), { to }));
      expect(await spent(create)).toBe("eval get set zadd");
      const rebind = () => settled(store, "WON", swap("rebind", { ...own, pod: to }, { to: own.pod }));
      expect(await spent(rebind)).toBe("evalsha get set zadd zrem");
    }
  });

  it("are one more for all that repairs leave in the index of one pod, with a heartbeat or a plain renewal", async () => {
    const store = open();
    const old = [freshPod(), freshPod()];
    const repair = async (kind: number, from: number) => {
      const own = binding();
      await store.create({ ...own, pod: from, epoch: 1 }, KEEP);
      if (kind === 0) await store.renew(at2(own), KEEP);
      else if (kind === 1) await settled(store, "KEPT", swap("create", at2(own)));
      else await settled(store, "KEPT", swap("find", at2(own)));
    };
    for (let i = 0; i < 12; i++) await repair(i % 3, old[i < 6 ? 0 : 1]!);
    expect(await spent(() => store.debts.pay())).toBe("zrem");
    const plain = binding();
    await store.create(plain, KEEP);
    expect(await spent(() => store.renew(plain, KEEP))).toBe("getex zadd zrem");
    for (const pod of old) expect(await rest.redis.zcard(indexKey(pod))).toBe(0);
    expect(store.debts.some).toBe(false);
    expect(await spent(() => store.renew(plain, KEEP))).toBe("getex zadd");
    // Whoever counts first pays first: what this client repaired it never counts twice.
    await repair(0, old[0]!);
    await store.count(old, NOW);
    await repair(0, old[1]!);
    expect(await spent(() => store.count(old, NOW))).toBe("zcount zcount zrem");
  });

  it("are one more where a session is not where it was thought to be", async () => {
    const store = open();
    const [first, released, over] = [binding(), binding(), binding()];
    await store.create(first, KEEP);
    expect(await spent(() => store.create({ ...first, pod: freshPod() }, KEEP))).toBe("get set zadd");
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
    expect(await spent(() => store.count([first.pod], NOW))).toBe("pexpire zcount zremrangebyscore");
    expect(await spent(() => store.count([first.pod], NOW + 59_999))).toBe("zcount");
    expect(await spent(() => store.count([first.pod], NOW + 60_000))).toBe("pexpire zcount zremrangebyscore");
    expect(await spent(() => store.list([first.pod], NOW, 10, undefined))).toBe("mget zrange");
  });
});
