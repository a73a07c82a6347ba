import { expect, it } from "vitest";
import { Trend } from "../../src/metrics/trend.ts";
import { Trends } from "../../src/metrics/trends.ts";

const START = 1_800_000_000_000;
const DURATION = "mooring_request_duration_seconds";

it("keeps as many bins as it was made for, and what is older is gone", () => {
  const trend = new Trend(1000, 3);
  trend.count("kept", 200, 1, START);
  trend.count("kept", 200, 2, START + 1000);
  trend.count("moved", 502, 4, START + 2000);
  const kept = (now: number) => trend.bins(3, now).map(({ outcomes }) => outcomes.kept);
  expect(kept(START + 2000)).toEqual([1, 2, 0]);
  expect(trend.bins(1, START + 2999)[0]).toMatchObject({ outcomes: { moved: 4 }, errors: 4 });
  expect(kept(START + 3000)).toEqual([2, 0, 0]);
  trend.count("kept", 200, 8, START + 3000);
  expect(kept(START + 3000)).toEqual([2, 0, 8]);
  expect(trend.sum(3, START + 3000)).toMatchObject({ outcomes: { kept: 10, moved: 4 }, errors: 4 });
  // A night without a request.
  expect(kept(START + 10 * 3_600_000)).toEqual([0, 0, 0]);
});

it("tells traffic of the fleet by bins, and of each pool that had any within the minute", () => {
  const trends = new Trends();
  const take = (pool: string, code: number, bucket: number, now: number) =>
    trends.take(
      [
        { pool, outcome: "kept", code, count: 10 },
        { pool, outcome: "retried", code: 100, count: 99 },
      ],
      { [DURATION]: { [JSON.stringify([pool, String(bucket)])]: 10, [JSON.stringify([pool, "sum"])]: 1234 } },
      now,
    );
  take("old", 200, 0, START);
  take("web", 200, 0, START + 100_000);
  take("api", 503, 12, START + 101_000);
  const { bins, step, seconds, all, pools } = trends.read(START + 105_000);
  expect([bins.length, step, seconds]).toEqual([90, 10_000, 65]);
  expect(bins.filter(({ outcomes }) => outcomes.kept > 0).map(({ outcomes }) => outcomes.kept)).toEqual([
    10, 20,
  ]);
  expect(all).toMatchObject({ outcomes: { kept: 20 }, errors: 10, p50: 5, p99: 30_000 });
  expect(pools).toMatchObject({ web: { errors: 0, p50: 2.5 }, api: { errors: 10, p50: 30_000 } });
  expect(Object.keys(pools)).toEqual(["web", "api"]);
});

it("counts what a newer version tells of more buckets in the open one", () => {
  const trends = new Trends();
  trends.take([], { [DURATION]: { '["web","40"]': 1 } }, START);
  expect(trends.read(START).all.p50).toBe(30_000);
});
