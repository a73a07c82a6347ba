import { createHash } from "node:crypto";
import { beforeAll, describe, expect, it } from "vitest";
import { compile } from "../../../src/config/compile.ts";
import { parseConfig } from "../../../src/config/parse.ts";
import type { Beat } from "../../../src/model/beat.ts";
import { tagToHex } from "../../../src/model/pod.ts";
import type { Snapshot } from "../../../src/model/snapshot.ts";
import { Casebook } from "../../../worker/coordinator/casebook.ts";
import type { Standing } from "../../../worker/coordinator/pool-checkup.ts";

const NOW = 1_800_000_000_000;
const digest = async (data: Uint8Array) => new Uint8Array(createHash("sha256").update(data).digest()).buffer;

describe("the casebook", () => {
  let snapshot: Snapshot;
  let tag: string;
  beforeAll(async () => {
    const document = {
      version: 1,
      pools: {
        web: {
          pods: [{ id: "a", url: "http://127.0.0.1:1" }],
          affinity: [{ hash: ["client-ip"] }, "cookie"],
        },
        api: { pods: [], affinity: "none" },
      },
      routes: [
        { pool: "web", fault: { abort: { share: "1%", status: 502 } } },
        { path: "/api", pool: "api" },
      ],
    };
    const parsed = parseConfig(JSON.stringify(document));
    if (!parsed.ok) throw new Error(JSON.stringify(parsed.errors));
    snapshot = await compile(parsed.config, 7, digest);
    tag = tagToHex(snapshot.pools[0]!.pods[0]!.tag);
  });

  const standing = (): Standing => ({
    snapshot,
    revision: 7,
    enforced: NOW - 60_000,
    period: 1000,
    pods: ({ pods }) =>
      pods.map(({ id }) => ({
        id,
        tag,
        state: "ready",
        since: null,
        weight: 2,
        configWeight: 1,
        inFlight: 0.5,
      })),
    m: () => 0.25,
    breaks: [{ pool: "web", cause: "pod-gone", from: "a", count: 3 }],
    flips: new Map([[tag, 2]]),
    sealed: { a1: 9 },
  });
  const beat = (batch: number, more: Partial<Beat> = {}): Beat => ({
    isolate: "0123456789abcdef",
    batch,
    incarnation: 1,
    revision: 7,
    feed: 0,
    counts: [],
    breaks: [],
    failed: [],
    served: {},
    ...more,
  });

  it("adds up what heartbeats told, each batch once, and lays it beside how things stand", () => {
    const book = new Casebook();
    const told = beat(1, {
      counts: [
        { pool: "web", outcome: "kept", code: 200, count: 5 },
        { pool: "web", outcome: "queued", code: 100, count: 2 },
        { pool: "", outcome: "refused", code: 404, count: 3 },
      ],
      failed: [tag],
      load: { [tag]: { area: 1, done: 5, fail: 1 } },
      tallies: {
        mooring_request_duration_seconds: { '["web","3"]': 5, '["web","sum"]': 100 },
        mooring_store_calls_total: { '["swap","ok"]': 4, '["swap","failed"]': 1 },
        waits: { '["asked"]': 4, '["late"]': 1 },
      },
      clues: {
        sampled: { '["web","s1"]': 1 },
        gaps: { '["web","over","64"]': 2 },
        arrivals: { '["web","cookies"]': 3, '["web","none"]': 1 },
        agents: { '["web","s1","k1"]': 4, '["web","s1","k2"]': 1, '["web","s2","k1"]': 9 },
        swaps: { '["web","adopted"]': 1, '["web","won"]': 2 },
        tokens: { '["web","opened"]': 6, '["web","unknown"]': 2 },
      },
      sent: NOW - 90_000,
      keys: ["a1", "b2"],
      breaker: true,
    });
    book.take(told, 7, NOW);
    // Its answer was lost, and it is sent again.
    book.take(told, 7, NOW + 1000);
    const { pools, isolates, store, requests, unrouted, watched } = book.checkup(standing(), NOW + 2000);
    expect([requests, unrouted, watched]).toEqual([8, 3, 2000]);
    expect(store).toEqual({ calls: 5, failed: 1, waited: 4, late: 1 });
    expect(isolates).toEqual([
      {
        isolate: "01234567",
        revision: 7,
        behind: 0,
        ahead: -91_000,
        at: NOW + 1000,
        keys: ["a1", "b2"],
        broken: true,
      },
    ]);
    expect(pools[0]).toMatchObject({
      name: "web",
      byAddress: true,
      idle: 10_800,
      aborts: [502],
      requests: [{ outcome: "kept", code: 200, count: 5 }],
      events: { queued: 2 },
      timed: { count: 5, sum: 100 },
      breaks: [{ cause: "pod-gone", from: "a", count: 3 }],
      gaps: [{ over: true, seconds: 64, count: 2 }],
      arrivals: { all: 4, withCookies: 3 },
      // Two kinds of client at one address are more than nine look-ups of one kind.
      agents: { sid: "s1", count: 2 },
      samples: { taken: 1, sid: "s1", hits: 1 },
      swaps: { all: 3, adopted: 1 },
      tokens: { all: 8, unknown: 2 },
      m: 0.25,
      pods: [{ id: "a", lasting: 62_000, answered: 5, unreachable: 1, flips: 2, sessions: null }],
    });
    expect(pools[1]).toMatchObject({ name: "api", byAddress: false, idle: undefined, aborts: [], pods: [] });
  });

  it("counts the heartbeats in a row that told of another revision, and forgets who is silent", () => {
    const book = new Casebook();
    const behind = (now: number) => book.checkup(standing(), now).isolates.map((one) => one.behind);
    for (const [i, revision] of [-1, 6, 6, 7, 6].entries()) book.take(beat(i, { revision }), 7, NOW + i);
    expect(behind(NOW + 5)).toEqual([1]);
    book.take(beat(9, { revision: 6 }), 7, NOW + 9);
    expect(behind(NOW + 9)).toEqual([2]);
    expect(behind(NOW + 30_010)).toEqual([]);
  });
});
