import { describe, expect, it } from "vitest";
import type { HealthView } from "../../src/health/state.ts";
import type { BeatAnswer } from "../../src/model/beat.ts";
import { type Pod, tagToHex } from "../../src/model/pod.ts";
import type { Pool } from "../../src/model/pool.ts";
import { PoolRuntime } from "../../src/route/pods.ts";
import { testCore } from "../support/core.ts";

function poolOf(count: number, panic = 0.5): Pool {
  const pods: Pod[] = Array.from({ length: count }, (_, index) => ({
    id: `web-${index}`,
    pool: "web",
    index,
    tag: 1000 + index,
    url: `http://127.0.0.1:${9000 + index}`,
    authority: `127.0.0.1:${9000 + index}`,
    basePath: "",
    weight: 1,
    zone: undefined,
    generation: 0,
  }));
  return {
    name: "web",
    index: 0,
    pods,
    policy: { name: "consistent-hash", options: {} },
    tableBits: 12,
    affinity: [],
    readiness: undefined,
    failover: "sticky",
    strict: false,
    panic,
    drain: 300_000,
    slowStart: { window: 0, aggression: 1, minimum: 0.1 },
    zones: "any",
    retry: { attempts: 2, budget: 0.2, on: ["connect"], methods: [], bodies: false },
    timeouts: { headers: 15_000, queue: 5000 },
    queue: 100,

    empty: 503,
  };
}

const runtime = (count: number, panic?: number) =>
  new PoolRuntime(poolOf(count, panic), testCore(), new Map());
const states = (entries: Record<number, HealthView[string]>): HealthView =>
  Object.fromEntries(
    Object.entries(entries).map(([index, state]) => [tagToHex(1000 + Number(index)), state]),
  );

describe("how pods stand", () => {
  it("follows the shared view: draining takes nothing new and keeps, down does neither", () => {
    const pool = runtime(4);
    pool.apply(states({ 0: "draining", 1: "down" }), tagToHex);
    expect([...pool.shared.out]).toEqual([1, 1, 0, 0]);
    expect(pool.shared.live).toBe(2);
    expect(pool.pods[0]!.meaning.keep).toBe(true);
    expect(pool.pods[1]!.meaning.keep).toBe(false);
    pool.apply({}, tagToHex);
    expect(pool.shared.live).toBe(4);
  });

  it("panics: unready pods admit again when too few are left, down ones do not", () => {
    const pool = runtime(4);
    pool.apply(states({ 0: "unready", 1: "unready", 2: "down" }), tagToHex);
    expect([...pool.shared.out]).toEqual([0, 0, 1, 0]);
    const calm = runtime(4, 0);
    calm.apply(states({ 0: "unready", 1: "unready", 2: "down" }), tagToHex);
    expect([...calm.shared.out]).toEqual([1, 1, 1, 0]);
  });

  it("holds new sessions back from ejected pods, which keep their own, and panics with them", () => {
    const pool = runtime(4);
    pool.apply(states({ 0: "ejected", 1: "ejected" }), tagToHex);
    // Two of four are not below half.
    expect([...pool.shared.out]).toEqual([1, 1, 0, 0]);
    expect(pool.pods.map(({ keep }) => keep)).toEqual([true, true, true, true]);
    pool.apply(states({ 0: "ejected", 1: "ejected", 2: "down" }), tagToHex);
    expect([...pool.shared.out]).toEqual([0, 0, 1, 0]);
    expect(pool.pods.map(({ keep }) => keep)).toEqual([true, true, false, true]);
    pool.apply(states({ 0: "ejected", 1: "ejected", 2: "ejected", 3: "ejected" }), tagToHex);
    expect(pool.shared.live).toBe(4);
  });

  it("holds a pod out that starts, also in a panic; one that failed to start keeps nothing", () => {
    const pool = runtime(4);
    pool.apply(states({ 0: "starting", 1: "failed", 2: "unready" }), tagToHex);
    expect([...pool.shared.out]).toEqual([1, 1, 0, 0]);
    expect(pool.pods.map(({ keep }) => keep)).toEqual([true, false, true, true]);
    expect(pool.pods[1]!.meaning.cause).toBe("pod-unhealthy");
    // While all of them start there is nowhere else to go: a coordinator may have lost its disk.
    pool.apply(states({ 0: "starting", 1: "starting", 2: "starting", 3: "starting" }), tagToHex);
    expect([pool.shared.live, pool.desperate().live]).toEqual([0, 4]);
  });

  it("suspects a pod for a moment only, where the coordinator hears of its failures and must see enough", () => {
    const pool = runtime(2);
    const answer = { load: { web: { m: 1, pods: {} } }, isolates: 2 } as unknown as BeatAnswer;
    pool.hear(answer, {}, 1000, 1000);
    const spans = [1, 2, 3, 4, 5, 6, 7].map((turn) => {
      const now = 1500 + turn * 1000;
      pool.pods[0]!.suspect(now);
      return pool.pods[0]!.suspectUntil - now;
    });
    expect(spans).toEqual([250, 250, 250, 250, 250, 1000, 1000]);
    expect([...pool.standing(9499).out]).toEqual([1, 0]);
    expect(pool.standing(9500)).toBe(pool.shared);
    // An answer in between, and it begins anew.
    pool.pods[0]!.doubt = false;
    pool.pods[0]!.suspect(9600);
    expect(pool.pods[0]!.suspectUntil).toBe(9850);
    // It has said nothing for long: nobody ejects then.
    pool.pods[0]!.suspect(12_000);
    expect([...pool.standing(16_999).out]).toEqual([1, 0]);
    // A clock that was set back does not make it last.
    expect(pool.pods[0]!.suspected(5000)).toBe(false);
  });

  it("suspects a pod for errors in a row where the pool says so, and not too many", () => {
    const outlier = {
      consecutive5xx: 2,
      consecutiveGatewayErrors: 0,
      interval: 10_000,
      baseEjection: 30_000,
      maxEjection: 0.5,
      minHealth: 0,
    };
    const of = (over: object) =>
      new PoolRuntime({ ...poolOf(4), outlier: { ...outlier, ...over } }, testCore(), new Map());
    const pool = of({});
    const fail = (runtime: PoolRuntime, i: number) => {
      for (let times = 0; times < 2; times++) runtime.pods[i]!.blame(false, 1000);
    };
    for (const i of [0, 1, 2]) fail(pool, i);
    expect([...pool.standing(1001).out]).toEqual([1, 1, 0, 0]);
    expect([...pool.shared.out]).toEqual([0, 0, 0, 0]);
    expect(pool.pods[0]!.keep).toBe(true);
    // A refused connection does not shorten it.
    pool.pods[0]!.suspect(1001);
    expect([...pool.standing(30_999).out]).toEqual([1, 1, 0, 0]);
    expect(pool.standing(31_000)).toBe(pool.shared);
    // What the fleet has ejected takes of the same room, before or after: three of four were out once.
    const later = of({});
    for (const i of [0, 1]) fail(later, i);
    later.apply(states({ 2: "ejected" }), tagToHex);
    expect([...later.standing(1001).out]).toEqual([1, 0, 1, 0]);
    const before = of({});
    before.apply(states({ 3: "ejected" }), tagToHex);
    for (const i of [0, 1]) fail(before, i);
    expect([...before.standing(1001).out]).toEqual([1, 0, 0, 1]);
    // A pod that cannot be connected to is no matter of room.
    later.pods[1]!.suspect(1001);
    expect([...later.standing(1002).out]).toEqual([1, 1, 1, 0]);
    // With fewer than three in four left, nothing is held back.
    const healthy = of({ minHealth: 0.75 });
    fail(healthy, 0);
    expect([...healthy.standing(1001).out]).toEqual([1, 0, 0, 0]);
    fail(healthy, 1);
    expect(healthy.standing(1001)).toBe(healthy.shared);
    // Where nothing is set, errors are none of the isolate's business.
    const plain = runtime(2);
    for (let i = 0; i < 50; i++) plain.pods[0]!.blame(true, 1000);
    expect(plain.standing(1001)).toBe(plain.shared);
  });

  it("suspects a pod for new sessions alone, for a while, and never the last", () => {
    const pool = runtime(2);
    pool.pods[0]!.suspect(1000);
    expect([...pool.standing(1001).out]).toEqual([1, 0]);
    expect([...pool.shared.out]).toEqual([0, 0]);
    expect(pool.pods[0]!.meaning.keep).toBe(true);
    pool.pods[1]!.suspect(2000);
    expect(pool.standing(2001)).toBe(pool.shared);
    expect([...pool.standing(6001).out]).toEqual([0, 1]);
    expect(pool.standing(7001)).toBe(pool.shared);
  });

  it("keeps suspicion through a change of the shared view", () => {
    const pool = runtime(3);
    pool.pods[0]!.suspect(1000);
    pool.apply(states({ 1: "down" }), tagToHex);
    expect([...pool.standing(1001).out]).toEqual([1, 1, 0]);
  });

  it("carries leases and states over to the next snapshot", () => {
    const before = runtime(3);
    before.apply(states({ 2: "down" }), tagToHex);
    before.pods[1]!.take(0);
    const known = new Map(before.pods.map((pod) => [pod.pod.tag, pod]));
    const after = new PoolRuntime(poolOf(4), testCore(), known);
    expect([...after.inflight]).toEqual([0, 1, 0, 0]);
    expect([...after.shared.out]).toEqual([0, 0, 1, 0]);
    before.pods[1]!.release(0);
    expect([...after.inflight]).toEqual([0, 0, 0, 0]);
  });
});

describe("the table of a pool whose pods change", () => {
  it("is made of the last one's, also when a snapshot came in between that never asked for it", () => {
    const core = testCore();
    const of = (count: number) => new PoolRuntime(poolOf(count), core, new Map());
    const first = of(30);
    first.table();
    const [second, third] = [of(31), of(29)];
    expect(second.inherit(first)).toBe(false);
    first.free();
    expect(third.inherit(second)).toBe(false);
    second.free();
    const held = core.bytes;
    const table = third.table();
    expect(core.bytes).toBe(held);
    const fresh = testCore().table(third.pool.pods, 12);
    for (let slot = 0; slot < table.size; slot++) expect(table.slotOwner(slot)).toBe(fresh.slotOwner(slot));
    third.free();
  });

  it("lets a pool whose memory was given back still pick: what a late request builds is given back, too", () => {
    const core = testCore();
    const policy = { name: "least-request", options: { choices: "all" } };
    let bytes = 0;
    for (let round = 0; round < 2000; round++) {
      const pool = new PoolRuntime({ ...poolOf(1000), policy }, core, new Map());
      pool.share.alone = true;
      pool.free();
      expect(pool.pick("", round, pool.shared, 0)).toBeGreaterThanOrEqual(0);
      if (round === 8) bytes = core.bytes;
    }
    expect(core.bytes).toBe(bytes);
  });

  it("is given back at once when a request asks for it whose view was freed: its memory had been lost for good", () => {
    const core = testCore();
    let bytes = 0;
    for (let round = 0; round < 64; round++) {
      const pool = new PoolRuntime(poolOf(30), core, new Map());
      const owner = pool.table().lookup("a key", pool.shared);
      const next = new PoolRuntime(poolOf(31), core, new Map());
      // The table goes to the next view, so that this one must build its own.
      next.inherit(pool);
      pool.free();
      expect(pool.table().lookup("a key", pool.shared)).toBe(owner);
      next.free();
      if (round === 8) bytes = core.bytes;
    }
    expect(core.bytes).toBe(bytes);
  });
});

describe("what a policy has learned of the pods", () => {
  const of = (count: number, policy = "ewma") =>
    new PoolRuntime({ ...poolOf(count), policy: { name: policy, options: {} } }, testCore(), new Map());
  const learned = (pool: PoolRuntime, now: number) => pool.moment(now).picker!.slice(1, 1 + pool.pods.length);
  const taught = (count: number) => {
    const pool = of(count);
    pool.pick("", 0, pool.shared, 0);
    for (let i = 0; i < count; i++) pool.observe(i, 100 * (i + 1), 1_000_000);
    return pool;
  };

  it("goes on in the next snapshot's, also when one came in between that never picked; a new pod begins at the mean", () => {
    const first = taught(2);
    const [second, third] = [of(3), of(4)];
    second.inherit(first);
    third.inherit(second);
    expect(learned(second, 2_000_000)).toEqual([0.1, 0.2, expect.closeTo(0.15)]);
    expect(learned(third, 2_000_000)).toEqual([0.1, 0.2, expect.closeTo(0.15), expect.closeTo(0.15)]);
    const fourth = of(1);
    fourth.inherit(third);
    expect(learned(fourth, 3_000_000)).toEqual([0.1]);
  });

  it("goes on when an operator gives other weights, and is nothing to another policy", () => {
    const pool = taught(3);
    pool.weigh({ [tagToHex(1000)]: 5 });
    expect(learned(pool, 2_000_000)).toEqual([0.1, 0.2, expect.closeTo(0.3)]);
    const other = of(3, "peak-ewma");
    other.inherit(pool);
    expect(other.pick("", 0, other.shared, 0)).toBeGreaterThanOrEqual(0);
    const back = of(3);
    back.inherit(other);
    expect(back.moment(0).picker).toBeUndefined();
  });
});
