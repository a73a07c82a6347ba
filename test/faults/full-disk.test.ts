import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bundle } from "../../tools/build/bundle.ts";
import { type FaultyPod, startFaultyPod } from "../../tools/chaos/pod/pod.ts";
import { startWorkerd, type Workerd } from "../../tools/serve/workerd.ts";
import { type Answer, call, decision, Jar } from "../support/client.ts";
import { ADMIN, SECRET, SHARED } from "../support/stack.ts";

const missing = spawnSync("prlimit", ["--version"]).status !== 0;
if (missing) {
  console.error("NO prlimit ON PATH (util-linux): a full disk is not tested");
  if (process.env.CI === "true") throw new Error("CI needs prlimit on PATH");
}
/** A write beyond the limit then fails, as on a full disk, where it would end the process otherwise. */
const LIMITED = ["sh", "-c", 'trap "" XFSZ; exec "$@"', "sh"];

describe.skipIf(missing)("a full disk under the coordinator", () => {
  let dir: string;
  let pod: FaultyPod;
  let coordinator: Workerd;
  let edge: Workerd;
  const env = { MOORING_SECRET: SECRET, MOORING_SHARED_SECRET: SHARED, MOORING_ADMIN_TOKEN: ADMIN };
  const start = () =>
    startWorkerd({
      role: "coordinator",
      port: coordinator?.port ?? 0,
      env,
      bundleDir: join(dir, "worker"),
      stateDir: join(dir, "state"),
      log: () => undefined,
      under: LIMITED,
    });
  /** No byte can be written beyond these; `unlimited`: the disk has room again. */
  const room = (bytes: number | "unlimited") =>
    execFileSync("prlimit", ["--pid", String(coordinator.pid), `--fsize=${bytes}:unlimited`]);

  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), "mooring-full-disk-"));
    const { dir: bundleDir } = await bundle({ outdir: join(dir, "worker") });
    pod = await startFaultyPod("web-0");
    coordinator = await start();
    edge = await startWorkerd({
      role: "edge",
      port: 0,
      bundleDir,
      env: { ...env, MOORING_COORDINATOR_URL: coordinator.url },
      log: () => undefined,
    });
  });
  afterAll(async () => {
    await edge?.stop();
    await coordinator?.stop();
    await pod?.stop();
    rmSync(dir, { recursive: true, force: true });
  });

  const headers = { authorization: `Bearer ${ADMIN}`, "content-type": "application/json" };
  const api = (
    path: string,
    options: { method?: string; body?: string; headers?: Record<string, string> } = {},
  ) => call(`${edge.url}/_mooring/v1${path}`, { ...options, headers: { ...headers, ...options.headers } });
  const config = (name: string) => ({
    version: 1,
    explain: true,
    pools: { web: { pods: [{ id: "web-0", url: pod.url }] } },
    routes: [{ pool: "web" }, { path: `/${name}`, pool: "web" }],
  });
  const put = (name: string, revision: number): Promise<Answer> =>
    api("/config", {
      method: "PUT",
      body: JSON.stringify(config(name)),
      headers: revision === 0 ? { "if-none-match": "*" } : { "if-match": `"${revision}"` },
    });
  const inForce = async () => JSON.parse((await api("/config")).body) as unknown;

  it("a write gets a clear error and changes nothing, traffic goes on; with room it goes on as if nothing had been", async () => {
    expect((await put("first", 0)).status).toBe(200);
    const jar = new Jar();
    await jar.get(edge.url);
    room(4096);
    for (const write of [
      () => put("second", 1),
      () => api("/pools/web/pods/web-0", { method: "PATCH", body: '{"state":"draining"}' }),
    ]) {
      const refused = await write();
      expect([refused.status, JSON.parse(refused.body).code]).toEqual([503, "coordinator-failed"]);
      expect(refused.body).toMatch(/disk that is full/);
      expect(refused.body).not.toMatch(/sqlite|reference|127\.0\.0\.1/i);
      expect(decision(await jar.get(edge.url))).toMatchObject({ outcome: "kept", revision: "1" });
      expect((await new Jar().get(edge.url)).status).toBe(200);
    }
    room("unlimited");
    expect(await inForce()).toEqual({ revision: 1, config: config("first") });
    expect((await put("third", 1)).status).toBe(200);
    expect(decision(await jar.get(edge.url))).toMatchObject({ outcome: "kept", revision: "2" });
  });

  it("nothing that was confirmed is lost when the coordinator then dies as well", async () => {
    room(4096);
    expect((await put("fourth", 2)).status).toBe(503);
    coordinator.kill();
    await coordinator.stop();
    coordinator = await start();
    expect(await inForce()).toEqual({ revision: 2, config: config("third") });
    expect((await put("fifth", 2)).status).toBe(200);
  });
});
