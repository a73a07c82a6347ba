import { createHash } from "node:crypto";
import { beforeAll, describe, expect, it } from "vitest";
import { compile } from "../../../src/config/compile.ts";
import { parseConfig } from "../../../src/config/parse.ts";
import { tagToHex } from "../../../src/model/pod.ts";
import type { Snapshot } from "../../../src/model/snapshot.ts";
import { Fleet } from "../../../worker/coordinator/fleet.ts";

const NOW = 1_800_000_000_000;
const digest = async (data: Uint8Array) => new Uint8Array(createHash("sha256").update(data).digest()).buffer;

async function snapshotOf(pods: string[], pool: object = {}): Promise<Snapshot> {
  const listed = pods.map((id, i) => ({ id, url: `http://127.0.0.1:${i + 1}` }));
  const document = { version: 1, pools: { web: { pods: listed, ...pool } }, routes: [{ pool: "web" }] };
  const parsed = parseConfig(JSON.stringify(document));
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.errors));
  return compile(parsed.config, 1, digest);
}

const tag = (snapshot: Snapshot, id: string) =>
  tagToHex(snapshot.pools[0]!.pods.find((pod) => pod.id === id)!.tag);

describe("what a heartbeat hears of the fleet", () => {
  let snapshot: Snapshot;
  let a: string;
  beforeAll(async () => {
    snapshot = await snapshotOf(["a", "b"]);
    a = tag(snapshot, "a");
  });

  it("is the load of all isolates on the pools that it used, each batch added once", () => {
    const fleet = new Fleet(1000);
    fleet.follow(snapshot, undefined, NOW);
    // Two seconds of pod time in one: two requests in flight.
    const beat = { isolate: "one", batch: 1, load: { [a]: { area: 2, done: 1 } } };
    const first = fleet.hear(beat, NOW);
    expect(first).toMatchObject({ isolates: 1, period: 1000 });
    const inflight = first.load!.web!.pods[a]![0];
    expect(inflight).toBeCloseTo(2, 3);
    // Its answer was lost, and it is sent again.
    expect(fleet.hear(beat, NOW).load!.web!.pods[a]![0]).toBeCloseTo(2, 3);
    const other = fleet.hear({ isolate: "two", batch: 1, load: { [a]: { area: 1, done: 1 } } }, NOW);
    expect(other.isolates).toBe(2);
    expect(other.load!.web!.pods[a]![0]).toBeCloseTo(3, 3);
  });

  it("is nothing of pools that it did not use, and of pods that nobody knows", () => {
    const fleet = new Fleet(1000);
    fleet.follow(snapshot, undefined, NOW);
    expect(fleet.hear({ isolate: "one", batch: 1, load: {} }, NOW).load).toEqual({});
    expect(fleet.hear({ isolate: "one", batch: 2, load: { ffffffffffff: { area: 9 } } }, NOW).load).toEqual(
      {},
    );
  });

  it("comes less often with many isolates, and they are forgotten when they fall silent", () => {
    const fleet = new Fleet(1000);
    for (let i = 0; i < 600; i++) fleet.hear({ isolate: `i${i}`, batch: 1 }, NOW);
    expect(fleet.hear({ isolate: "i0", batch: 2 }, NOW)).toMatchObject({ isolates: 600, period: 3000 });
    expect(fleet.hear({ isolate: "i0", batch: 3 }, NOW + 31_000)).toMatchObject({
      isolates: 1,
      period: 1000,
    });
  });
});

describe("how zones share what is asked of them", () => {
  it("goes by the new sessions of each and the pods that admit there", async () => {
    const listed = ["eu", "eu", "us", "us"].map((zone, i) => ({
      id: `p-${i}`,
      url: `http://127.0.0.1:${i + 1}`,
      zone,
    }));
    const snapshot = await snapshotOf([], { pods: listed, zones: "prefer" });
    const fleet = new Fleet(1000);
    fleet.follow(snapshot, undefined, NOW);
    const [first] = snapshot.pools[0]!.pods;
    const load = { [tagToHex(first!.tag)]: { done: 1 } };
    const beat = { isolate: "one", batch: 1, load, placed: { web: { eu: 80, us: 20 } } };
    // eu has 0.8 of the demand and half of what can be done: it keeps 1.1 · 0.5/0.8.
    const zones = { eu: [0.6875, 0], us: [1, 0.3] };
    expect(fleet.hear(beat, NOW).load!.web!.zones).toEqual(zones);
    // Sent again, it counts once.
    expect(fleet.hear(beat, NOW).load!.web!.zones).toEqual(zones);
    const none = fleet.hear({ ...beat, batch: 2, placed: {} }, NOW, (tag) => tag !== tagToHex(first!.tag));
    expect(none.load!.web!.zones!.eu![0]).toBeCloseTo(1.1 / 3 / 0.8, 3);
  });
});

describe("which pods start slowly", () => {
  it("are new ones and those that come back, for the pool's window, and none of the first config", async () => {
    const before = await snapshotOf(["a"], { slowStart: "30s" });
    const after = await snapshotOf(["a", "b"], { slowStart: "30s" });
    const fleet = new Fleet(1000);
    fleet.follow(before, undefined, NOW);
    expect(fleet.hear({ isolate: "one", batch: 1 }, NOW).starting).toBeUndefined();
    fleet.follow(after, before, NOW);
    expect(fleet.hear({ isolate: "one", batch: 2 }, NOW + 4000).starting).toEqual({
      [tag(after, "b")]: 4000,
    });
    fleet.started(tag(after, "a"), NOW + 5000);
    expect(fleet.hear({ isolate: "one", batch: 3 }, NOW + 31_000).starting).toEqual({
      [tag(after, "a")]: 26_000,
    });
    expect(fleet.hear({ isolate: "one", batch: 4 }, NOW + 36_000).starting).toBeUndefined();
  });

  it("with a readiness probe begin with their first pass, not with the config", async () => {
    const pool = { slowStart: "30s", health: { readiness: { path: "/" } } };
    const before = await snapshotOf(["a"], pool);
    const after = await snapshotOf(["a", "b"], pool);
    const fleet = new Fleet(1000);
    fleet.follow(after, before, NOW);
    expect(fleet.hear({ isolate: "one", batch: 1 }, NOW).starting).toBeUndefined();
    fleet.started(tag(after, "b"), NOW + 1000);
    expect(fleet.hear({ isolate: "one", batch: 2 }, NOW + 2000).starting).toEqual({
      [tag(after, "b")]: 1000,
    });
  });
});

describe("which pods are ejected", () => {
  const failing = { done: 6, fail: 6 };
  const well = { done: 20 };

  async function fleetOf(pool: object = {}, ids = ["a", "b", "c", "d"]) {
    const snapshot = await snapshotOf(ids, pool);
    const fleet = new Fleet(1000);
    fleet.follow(snapshot, undefined, NOW);
    let batch = 0;
    const hear = (load: Record<string, object>, now = NOW, over: object = {}) => {
      const byTag = Object.fromEntries(Object.entries(load).map(([id, use]) => [tag(snapshot, id), use]));
      return fleet.hear({ isolate: "one", batch: ++batch, load: byTag, ...over }, now);
    };
    const out = () => ids.filter((id) => fleet.ejection(tag(snapshot, id)).out);
    return { snapshot, fleet, hear, out };
  }

  it("are those that fail while the others do not, at most half of them", async () => {
    const { hear, out, snapshot } = await fleetOf();
    const many = { done: 60, fail: 60 };
    const { flips } = hear({ a: many, b: many, c: many, d: { done: 400 } });
    // Of 520 answers of the others 120 fail when a is judged: less than half of what is sure of a.
    expect(flips.map((flip) => flip.tag)).toEqual([tag(snapshot, "a"), tag(snapshot, "b")]);
    expect(out()).toEqual(["a", "b"]);
    hear({ c: { done: 60, fail: 60 }, d: { done: 200 } }, NOW + 1000);
    expect(out()).toEqual(["a", "b"]);
  });

  it("by the word of two isolates where there are two, each batch counted once", async () => {
    const { hear, out, fleet } = await fleetOf();
    hear({ b: well }, NOW, { isolate: "two" });
    const half = { a: { done: 3, fail: 3 }, b: well };
    hear(half, NOW, { batch: 100 });
    expect(out()).toEqual([]);
    // Its answer was lost: sent again, six failures would be enough with the other's.
    hear(half, NOW + 100, { batch: 100 });
    hear({ a: { done: 1, fail: 1 } }, NOW + 200, { isolate: "two" });
    expect(out()).toEqual([]);
    hear({ a: { done: 1, fail: 1 } }, NOW + 300, { isolate: "two" });
    expect(out()).toEqual(["a"]);
    expect(fleet.next()).toBe(NOW + 300 + 30_000);
  });

  it("by the word of one isolate alone, where no other uses the pool", async () => {
    const { hear, out } = await fleetOf();
    hear({}, NOW, { isolate: "idle" });
    expect(hear({ a: failing, b: well }).isolates).toBe(2);
    expect(out()).toEqual(["a"]);
  });

  it("return when their time is over, slowly, whether heartbeats come or only the alarm", async () => {
    const { fleet, hear, out, snapshot } = await fleetOf({ slowStart: "60s" });
    hear({ a: failing, b: well });
    expect(out()).toEqual(["a"]);
    expect(fleet.readmit(NOW + 29_999)).toEqual([]);
    expect(fleet.readmit(NOW + 30_000)).toEqual([{ tag: tag(snapshot, "a"), out: false }]);
    // The alarm came twice.
    expect(fleet.readmit(NOW + 30_000)).toEqual([]);
    expect(fleet.next()).toBeUndefined();
    expect(hear({ b: well }, NOW + 32_000).starting).toEqual({ [tag(snapshot, "a")]: 2000 });
  });

  it("by the pool's own times and share, where it has an outlier detection", async () => {
    const { hear, out, fleet } = await fleetOf({
      health: { outlier: { baseEjection: "2s", interval: "1s", maxEjection: "25%" } },
    });
    hear({ a: failing, b: { done: 200 }, c: { done: 200 } });
    hear({ b: { done: 900, fail: 900 }, c: { done: 200 } }, NOW + 100);
    expect(out()).toEqual(["a"]);
    expect(fleet.next()).toBe(NOW + 2000);
  });

  it("stay so through another config of their pool", async () => {
    const { hear, out, fleet, snapshot } = await fleetOf();
    hear({ a: failing, b: well });
    fleet.follow(await snapshotOf(["a", "b", "c", "d", "e"]), snapshot, NOW + 1000);
    expect(out()).toEqual(["a"]);
  });

  it("are none for errors that all of them make", async () => {
    const { hear, out } = await fleetOf();
    for (let i = 0; i < 40; i++) {
      const use = { done: 10, fail: 4 };
      hear({ a: use, b: use, c: use, d: use }, NOW + i * 500);
    }
    expect(out()).toEqual([]);
  });
});
