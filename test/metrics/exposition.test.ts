import { describe, expect, it } from "vitest";
import { CATALOG } from "../../src/metrics/catalog.ts";
import { expose } from "../../src/metrics/exposition.ts";
import { type Counts, samplesOf } from "../../src/metrics/samples.ts";
import { Tally } from "../../src/metrics/tally.ts";
import { Timings } from "../../src/metrics/timings.ts";

const NONE: Counts = {
  requests: [],
  causes: [],
  tallies: [],
  gauges: { revision: 3, pods: {}, inflight: {}, isolates: {}, breakers: 0, alerts: {} },
};

/** What an isolate tells, as the coordinator keeps it. */
const rows = (tally: Tally) =>
  Object.entries(tally.take()).flatMap(([family, samples]) =>
    Object.entries(samples).map(([labels, value]) => ({ family, labels, value })),
  );

const linesOf = (counts: Partial<Counts>, sessions?: Record<string, number>) =>
  expose(samplesOf({ ...NONE, ...counts }, sessions)).split("\n");

describe("the exposition", () => {
  it("has HELP and TYPE of every family, with and without samples", () => {
    const lines = linesOf({});
    for (const [name, { type }] of Object.entries(CATALOG)) {
      expect(lines).toContain(`# TYPE ${name} ${type}`);
      expect(lines.filter((line) => line.startsWith(`# HELP ${name} `))).toHaveLength(1);
    }
  });

  it("escapes label values, so that a name from a config ends no line", () => {
    const lines = linesOf({ requests: [{ pool: 'x"\\\ny', outcome: "kept", code: 200, count: 1 }] });
    expect(lines).toContain('mooring_requests_total{pool="x\\"\\\\\\ny",outcome="kept",code="200"} 1');
  });

  it("adds buckets up, a value at a bound within it, and tells seconds", () => {
    const timings = new Timings();
    for (const ms of [0, 5, 6, 500, 501, 40_000]) timings.add("web", ms, 0);
    const tally = new Tally();
    timings.drain(tally);
    const lines = linesOf({ tallies: rows(tally) });
    const bucket = (le: string, count: number) =>
      `mooring_request_duration_seconds_bucket{pool="web",le="${le}"} ${count}`;
    for (const [le, count] of [
      ["0.005", 2],
      ["0.01", 3],
      ["0.5", 4],
      ["1", 5],
      ["30", 5],
      ["+Inf", 6],
    ] as const) {
      expect(lines).toContain(bucket(le, count));
    }
    expect(lines).toContain('mooring_request_duration_seconds_sum{pool="web"} 41.012');
    expect(lines).toContain('mooring_request_duration_seconds_count{pool="web"} 6');
  });

  it("takes what pods took out of the overhead, and nothing below zero", () => {
    const timings = new Timings();
    timings.add("web", 300, 298);
    timings.add("web", 10, 20);
    timings.add("web", -5, 0);
    const tally = new Tally();
    timings.drain(tally);
    const lines = linesOf({ tallies: rows(tally) });
    expect(lines).toContain('mooring_overhead_duration_seconds_bucket{pool="web",le="0.001"} 2');
    expect(lines).toContain('mooring_overhead_duration_seconds_bucket{pool="web",le="0.002"} 3');
    expect(lines).toContain('mooring_overhead_duration_seconds_sum{pool="web"} 0.002');
  });

  it("tells what was drained once", () => {
    const timings = new Timings();
    timings.add("web", 1, 1);
    const tally = new Tally();
    timings.drain(tally);
    tally.take();
    timings.drain(tally);
    expect(tally.pending).toBe(false);
  });

  it("puts what an older version told with more bounds into the open bucket", () => {
    const family = "mooring_request_duration_seconds";
    const lines = linesOf({ tallies: [{ family, labels: '["web","40"]', value: 2 }] });
    expect(lines).toContain(`${family}_bucket{pool="web",le="30"} 0`);
    expect(lines).toContain(`${family}_bucket{pool="web",le="+Inf"} 2`);
  });

  it("leaves sessions out while the store does not answer, and tells 0 where it does", () => {
    const live = (line: string) => line.startsWith("mooring_sessions{");
    expect(linesOf({}).some(live)).toBe(false);
    expect(linesOf({}, { web: 0 }).filter(live)).toEqual(['mooring_sessions{pool="web"} 0']);
  });

  it("makes the sessions that began of the outcomes, and keeps events out of the requests", () => {
    const lines = linesOf({
      requests: [
        { pool: "web", outcome: "bound", code: 200, count: 2 },
        { pool: "web", outcome: "bound", code: 503, count: 1 },
        { pool: "web", outcome: "create-failed", code: 100, count: 4 },
      ],
    });
    expect(lines).toContain('mooring_sessions_created_total{pool="web"} 3');
    expect(lines).toContain('mooring_sessions_create_failed_total{pool="web"} 4');
    expect(lines.filter((line) => line.startsWith("mooring_requests_total{"))).toHaveLength(2);
  });
});
