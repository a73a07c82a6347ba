import { spawnSync } from "node:child_process";
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
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
      config: (pods) => {
        const { pools, ...rest } = twoPools(pods);
        // As long as a client that has reset is in flight.
        return { ...rest, pools: { ...pools, lone: { ...pools.lone, timeouts: { headers: "2s" } } } };
      },
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

  // Their code ended with them: they were in no count, and in flight for as long as their isolate lived.
  it("counts clients that reset before their pod answers, once, and as in flight no longer", async () => {
    const pod = fleet.pod("web-2");
    const arrived = pod.arrivals({ path: "/lone" }).length;
    await pod.behave({ delay: 3000 });
    const { port } = new URL(fleet.url);
    const clients = Array.from({ length: 10 }, () => connect(Number(port), "127.0.0.1"));
    for (const client of clients) client.write("GET /lone HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
    await eventually(
      async () => pod.arrivals({ path: "/lone" }).length - arrived,
      (count) => count === 10,
    );
    // As long as one takes that alerts count as slow.
    await sleep(600);
    for (const client of clients) client.resetAndDestroy();
    await pod.behave({ delay: 0 });
    const bound = 'mooring_requests_total{pool="lone",outcome="bound",code="200"}';
    const before = (await scrape())(bound) ?? 0;
    // Until their time for headers is over.
    await sleep(3500);
    await new Jar().get(`${fleet.url}/lone`);
    const seen = await eventually(
      async () => scrape(),
      (value) => (value(bound) ?? 0) > before && value('mooring_requests_in_flight{pool="lone"}')! < 0.5,
      { within: 20_000 },
    );
    // The one that sweeps for all lives until then, and is told that its time is over.
    const refused = (code: number) =>
      seen(`mooring_requests_total{pool="lone",outcome="refused",code="${code}"}`) ?? 0;
    expect(refused(499) + refused(504)).toBe(10);
    expect(refused(499)).toBeGreaterThanOrEqual(9);
    expect(seen(bound)).toBe(before + 1);
    expect(seen('mooring_requests_in_flight{pool="lone"}')).toBeLessThan(0.5);
    const count = seen('mooring_request_duration_seconds_count{pool="lone"}')!;
    expect(
      count - seen('mooring_request_duration_seconds_bucket{pool="lone",le="0.5"}')!,
    ).toBeGreaterThanOrEqual(10);
  });

  it("counts who would have begun a session and could not, and nobody who comes for one that is there", async () => {
    const settled = new Jar();
    await settled.get(`${fleet.edges[0]!.url}/lone`);
    const series = 'mooring_sessions_create_failed_total{pool="lone"}';
    const before = (await scrape())(series) ?? 0;
    await fleet.pods[2]!.kill();
    for (let i = 0; i < 3; i++) expect((await new Jar().get(`${fleet.edges[0]!.url}/lone`)).status).toBe(503);
    expect((await settled.get(`${fleet.edges[0]!.url}/lone`)).status).toBe(503);
    const seen = await eventually(
      async () => scrape(),
      (value) => (value(series) ?? 0) >= before + 3,
    );
    expect(seen(series)).toBe(before + 3);
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
