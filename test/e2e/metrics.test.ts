import { spawnSync } from "node:child_process";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Jar } from "../../tools/fleet/client.ts";
import { ADMIN, type Fleet, startFleet } from "../../tools/fleet/fleet.ts";
import { eventually } from "../../tools/fleet/wait.ts";
import { findRedisServer } from "../../tools/gateway/redis.ts";
import { twoPools } from "../support/two-pools.ts";

/** Two edges and a coordinator, scraped as Prometheus would. */
describe("the metrics of a deployment", () => {
  let fleet: Fleet;
  const redis = findRedisServer() !== undefined;

  beforeAll(async () => {
    fleet = await startFleet({
      edges: 2,
      pods: 3,
      redis,
      config: twoPools,
    });
  }, 60_000);
  afterAll(async () => fleet?.stop());

  const exposition = async (edge = 0) => {
    const headers = { authorization: `Bearer ${ADMIN}` };
    const response = await fetch(`${fleet.edges[edge]!.url}/_mooring/metrics`, { headers });
    expect(response.status).toBe(200);
    return response.text();
  };
  const scrape = async (edge = 0) => {
    const text = await exposition(edge);
    return (series: string) => {
      const line = text.split("\n").find((one) => one.startsWith(`${series} `));
      return line === undefined ? undefined : Number(line.slice(series.length + 1));
    };
  };

  it("times requests once each over all edges, and counts what began", async () => {
    const jars = Array.from({ length: 20 }, () => new Jar());
    for (const [i, jar] of jars.entries()) await jar.get(fleet.edges[i % 2]!.url);
    for (const [i, jar] of jars.entries()) await jar.get(fleet.edges[i % 2]!.url);
    const seen = await eventually(
      async () => scrape(1),
      (value) => value('mooring_request_duration_seconds_count{pool="web"}') === 40,
    );
    expect(seen('mooring_request_duration_seconds_bucket{pool="web",le="+Inf"}')).toBe(40);
    expect(seen('mooring_overhead_duration_seconds_count{pool="web"}')).toBe(40);
    const overhead = seen('mooring_overhead_duration_seconds_sum{pool="web"}')!;
    expect(overhead).toBeLessThanOrEqual(seen('mooring_request_duration_seconds_sum{pool="web"}')!);
    expect(seen('mooring_sessions_created_total{pool="web"}')).toBe(20);
    expect(seen('mooring_pods{pool="web",state="ready"}')).toBe(2);
    expect(seen('mooring_isolates{revision="1"}')).toBeGreaterThanOrEqual(2);
    expect(seen("mooring_config_revision")).toBe(1);
    expect(seen("mooring_wasm_traps_total")).toBe(0);
    const live = await eventually(
      async () => (await scrape())('mooring_sessions{pool="web"}'),
      (count) => count === 20,
    );
    expect(live).toBe(20);
  });

  it("counts what the store was asked, and how it answered", async () => {
    const seen = await eventually(
      async () => scrape(),
      (value) => (value('mooring_store_calls_total{op="create",result="ok"}') ?? 0) >= 20,
    );
    const calls = seen('mooring_store_calls_total{op="create",result="ok"}')!;
    expect(calls).toBe(20);
    expect(seen("mooring_store_duration_seconds_count")).toBeGreaterThanOrEqual(20);
    if (redis) expect(seen("mooring_store_commands_total")).toBeGreaterThanOrEqual(40);
  });

  it("counts who would have begun a session and could not, and nobody who comes for one that is there", async () => {
    const settled = new Jar();
    await settled.get(`${fleet.edges[0]!.url}/lone`);
    await fleet.pods[2]!.kill();
    for (let i = 0; i < 3; i++) expect((await new Jar().get(`${fleet.edges[0]!.url}/lone`)).status).toBe(503);
    expect((await settled.get(`${fleet.edges[0]!.url}/lone`)).status).toBe(503);
    const seen = await eventually(
      async () => scrape(),
      (value) => (value('mooring_sessions_create_failed_total{pool="lone"}') ?? 0) >= 3,
    );
    expect(seen('mooring_sessions_create_failed_total{pool="lone"}')).toBe(3);
  });

  it.skipIf(spawnSync("promtool", ["--version"]).error !== undefined)("pleases promtool", async () => {
    const input = await exposition();
    const checked = spawnSync("promtool", ["check", "metrics"], { input, encoding: "utf8" });
    expect(checked.stderr + checked.stdout).toBe("");
    expect(checked.status).toBe(0);
  });

  it("loses no count over a restart of the coordinator", async () => {
    const series = 'mooring_request_duration_seconds_count{pool="web"}';
    const before = (await scrape())(series);
    await fleet.coordinator.restart();
    const after = await eventually(
      async () => (await scrape())(series),
      (count) => count !== undefined,
    );
    expect(after).toBe(before);
  });
});
