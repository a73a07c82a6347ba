import { describe, expect, it } from "vitest";
import type { PodTag } from "../../src/model/pod.ts";
import type { ListedBinding } from "../../src/model/ports.ts";
import { keyShare } from "../../src/plan/keys.ts";
import { COUNTED, type Listing, plan } from "../../src/plan/plan.ts";
import { estimate, margin } from "../../src/plan/sample.ts";
import type { View } from "../../src/route/view.ts";
import { testCore } from "../support/core.ts";
import { departing, snapshotOf, viewOf } from "../support/plan-fleet.ts";
import { seeded } from "../support/seeded.ts";

const NOW = 1_800_000_000_000;
const HOUR = 3_600_000;

const configOf = (ids: string[], affinity: unknown) => ({
  version: 1,
  pools: { web: { affinity, tableBits: 10, pods: ids.map((id) => ({ id, url: `http://pod.test/${id}` })) } },
  routes: [{ pool: "web" }],
});

/** So many sessions of cookies on each pod, of which a part has been silent for 25 min; none is there before it is listed. */
function crowdOf(view: View, each: number, silent: number): Listing & { listed: number } {
  const chance = seeded(7);
  const idle = 30 * 60 + 450 + 60;
  const session = (pod: PodTag): ListedBinding => {
    const seen = NOW - (chance.fraction() < silent ? 25 * 60_000 : 60_000);
    const sid = [...chance.bytes(16)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    const life = { created: NOW - HOUR, exp: NOW - HOUR + 12 * HOUR, expires: seen + idle * 1000 };
    return { sid, epoch: 1, pod, home: pod, state: "A", cause: "", via: "web@*", ...life };
  };
  const tags = new Set(view.pools.flatMap(({ pods }) => pods.map(({ pod }) => pod.tag)));
  const crowd = {
    listed: 0,
    count: async (pods: readonly PodTag[]) => pods.map((pod) => (tags.has(pod) ? each : 0)),
    async *pages(pods: readonly PodTag[], size: number) {
      for (const pod of pods) {
        for (let left = tags.has(pod) ? each : 0; left > 0; left -= size) {
          const page = Array.from({ length: Math.min(size, left) }, () => session(pod));
          crowd.listed += page.length;
          yield page;
        }
      }
    },
  };
  return crowd;
}

async function planned(each: number, silent: number, ids: string[], idle: string) {
  const core = testCore();
  const first = configOf(["web-0", "web-1", "web-2"], { cookie: {} });
  const before = viewOf((await snapshotOf(first, 1))!, [], {}, core);
  const next = (await snapshotOf(configOf(ids, { cookie: { idle } }), 2))!;
  const after = viewOf(next, departing(before, next), {}, core);
  const crowd = crowdOf(before, each, silent);
  return { crowd, made: await plan(before, after, crowd, NOW, { limit: 10, after: "" }) };
}

describe("a plan over more sessions than are counted", () => {
  it("says that it is an estimate, reads a sample, and is right within its error", async () => {
    const each = 300_000;
    const { crowd, made } = await planned(each, 0, ["web-0", "web-2"], "30m");
    const { exact, moved, total, kept, error } = made.summary;
    expect(3 * each).toBeGreaterThan(COUNTED);
    expect(crowd.listed).toBeLessThan(60_000);
    expect({ exact, total }).toEqual({ exact: false, total: 3 * each });
    expect(Math.abs(moved - each)).toBeLessThanOrEqual(error);
    // Strata in which all do the same are known well: 1.96 √(3 · (2/16,700)) · 300,000 ≈ 11,000.
    expect(error).toBeLessThan(12_000);
    expect(kept).toBe(total - moved);
    expect(made.moves).toHaveLength(10);
    const sessions = made.balance.map(({ after }) => after?.sessions ?? 0);
    expect(Math.abs(sessions.reduce((sum, one) => sum + one, 0) - total)).toBeLessThanOrEqual(3);
    expect(made.notices.map(({ message }) => message).join()).toContain("estimated from a sample");
  });

  it("counts one by one up to there", async () => {
    const { crowd, made } = await planned(2000, 0, ["web-0", "web-2"], "30m");
    expect(crowd.listed).toBe(6000);
    expect(made.summary).toMatchObject({ exact: true, error: 0, total: 6000, moved: 2000, kept: 4000 });
  });

  it("calls it an estimate where a shorter idle timeout may end sessions", async () => {
    const { made } = await planned(1000, 0.3, ["web-0", "web-1", "web-2"], "10m");
    const { exact, ended, moved, error } = made.summary;
    expect(exact).toBe(false);
    expect(ended).toBe(moved);
    expect(Math.abs(ended - 900)).toBeLessThan(90);
    expect(error).toBeGreaterThanOrEqual(ended);
    expect(new Set(made.moves.map(({ cause }) => cause))).toEqual(new Set(["expired-idle"]));
  });
});

describe("the part of the keys that would move", () => {
  // The demo's second pool has no affinity: half of the sampled "keys" were asked of a route that has none, and counted as kept.
  it("is of the routes that have keys alone", async () => {
    const parts: number[] = [];
    for (const plain of [[], [{ path: "/demo", pool: "plain" }]]) {
      const core = testCore();
      const configured = (ids: string[]) => {
        const config = configOf(ids, { cookie: {} });
        const pools = { ...config.pools, plain: { ...config.pools.web, affinity: ["none"] } };
        return { ...config, pools, routes: [...plain, ...config.routes] };
      };
      const before = viewOf((await snapshotOf(configured(["web-0", "web-1", "web-2"]), 1))!, [], {}, core);
      const after = viewOf((await snapshotOf(configured(["web-0", "web-1"]), 2))!, [], {}, core);
      parts.push(keyShare(before, after).moved);
    }
    // A third has its home on the pod that goes; ± 3 standard deviations of 4,000 draws.
    for (const part of parts) expect(Math.abs(part - 1 / 3)).toBeLessThan(0.025);
  });
});

describe("a margin", () => {
  // 2,000 draws of a true share: at 95 % no more than 5 % may miss, and by chance 4 standard deviations more (± 2 %).
  it.each([0.001, 0.05, 0.5, 0.97])("holds the true share of %d", (share) => {
    const chance = seeded(11);
    let missed = 0;
    for (let i = 0; i < 2000; i++) {
      const seen = 300;
      const hits = Array.from({ length: seen }, () => chance.fraction() < share).filter(Boolean).length;
      if (Math.abs((hits + 2) / (seen + 4) - share) > margin(hits, seen)) missed++;
    }
    expect(missed / 2000).toBeLessThan(0.07);
  });

  it("is nothing where all were seen, and is never nothing where not", () => {
    expect(estimate([{ total: 50, seen: 50, hits: 20 }])).toEqual({ count: 20, error: 0 });
    expect(estimate([{ total: 5000, seen: 50, hits: 0 }]).error).toBeGreaterThan(0);
    expect(estimate([{ total: 100, seen: 0, hits: 0 }])).toEqual({ count: 50, error: 50 });
  });
});
