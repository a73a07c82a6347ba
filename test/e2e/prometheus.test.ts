import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { root } from "../../tools/build/root.ts";
import { Jar } from "../../tools/fleet/client.ts";
import { ADMIN, type Fleet, startFleet } from "../../tools/fleet/fleet.ts";
import { eventually, inParallel } from "../../tools/fleet/wait.ts";
import { twoPools } from "../support/two-pools.ts";

const installed = spawnSync("prometheus", ["--version"]).error === undefined;

interface Alerts {
  readonly data: { readonly alerts: readonly { labels: Record<string, string>; state: string }[] };
}
interface Result {
  readonly data: { readonly result: readonly { metric: Record<string, string>; value: [number, string] }[] };
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}

/** A real Prometheus scrapes an edge by the rule file that is shipped. */
describe.skipIf(!installed)("a real Prometheus", { timeout: 90_000 }, () => {
  const dir = mkdtempSync(join(tmpdir(), "mooring-prometheus-"));
  let fleet: Fleet;
  let prometheus: ChildProcess;
  let url: string;

  beforeAll(async () => {
    fleet = await startFleet({
      pods: 2,
      config: twoPools,
    });
    const port = await freePort();
    url = `http://127.0.0.1:${port}`;
    const config = {
      global: { scrape_interval: "1s", evaluation_interval: "1s" },
      rule_files: [join(root, "deploy/prometheus-rules.yaml")],
      scrape_configs: [
        {
          job_name: "mooring",
          metrics_path: "/_mooring/metrics",
          authorization: { credentials: ADMIN },
          static_configs: [{ targets: [new URL(fleet.url).host] }],
        },
      ],
    };
    writeFileSync(join(dir, "prometheus.yml"), JSON.stringify(config));
    prometheus = spawn(
      "prometheus",
      [
        `--config.file=${join(dir, "prometheus.yml")}`,
        `--storage.tsdb.path=${join(dir, "data")}`,
        `--web.listen-address=127.0.0.1:${port}`,
      ],
      { stdio: "ignore" },
    );
    const up = await eventually(
      () => query('up{job="mooring"}').catch(() => undefined),
      (value) => value === "1",
      { within: 30_000, every: 200 },
    );
    expect(up).toBe("1");
  }, 60_000);
  afterAll(async () => {
    if (prometheus?.exitCode === null) {
      const ended = new Promise((resolve) => prometheus.once("exit", resolve));
      prometheus.kill("SIGKILL");
      await ended;
    }
    await fleet?.stop();
    rmSync(dir, { recursive: true, force: true });
  });

  async function query(text: string): Promise<string | undefined> {
    const response = await fetch(`${url}/api/v1/query?query=${encodeURIComponent(text)}`);
    return ((await response.json()) as Result).data.result[0]?.value[1];
  }

  it("reads what the edges count", async () => {
    for (let i = 0; i < 10; i++) await new Jar().get(fleet.url);
    const series = 'mooring_request_duration_seconds_count{pool="web"}';
    const seen = await eventually(
      () => query(series),
      (value) => value === "10",
      { within: 15_000, every: 200 },
    );
    expect(seen).toBe("10");
  });

  it("fires its own rules for the pool whose pod died, and for no other", async () => {
    await new Jar().get(`${fleet.url}/lone`);
    await eventually(
      () => query('mooring_requests_total{pool="lone"}'),
      (value) => value !== undefined,
    );
    await fleet.pods[1]!.kill();
    await new Jar().get(`${fleet.url}/lone`);
    await eventually(
      () => query('mooring_requests_total{pool="lone",outcome="refused"}'),
      (value) => value !== undefined,
    );
    await inParallel(Array.from({ length: 150 }), 8, async () => {
      await new Jar().get(`${fleet.url}/lone`);
      await new Jar().get(fleet.url);
    });
    const firing = await eventually(
      async () => {
        const { data } = (await (await fetch(`${url}/api/v1/alerts`)).json()) as Alerts;
        return data.alerts
          .filter(({ state }) => state === "firing")
          .map(({ labels }) => `${labels.alertname} ${labels.pool}`);
      },
      (list) => list.includes("MooringErrorRate lone") && list.includes("MooringSessionCreation lone"),
      { within: 30_000, every: 500 },
    );
    expect(firing).toEqual(expect.arrayContaining(["MooringErrorRate lone", "MooringSessionCreation lone"]));
    expect(firing.filter((alert) => alert.endsWith(" web"))).toEqual([]);
  });
});
