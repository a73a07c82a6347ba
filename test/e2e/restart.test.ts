import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { bundle } from "../../tools/build/bundle.ts";
import { startWorkerd, type Workerd } from "../../tools/serve/workerd.ts";
import { call } from "../support/client.ts";
import { ADMIN, SECRET, SHARED } from "../support/stack.ts";

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "mooring-restart-"));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const config = (port: number) => ({
  version: 1,
  pools: { web: { pods: [{ id: "web-0", url: `http://127.0.0.1:${port}` }] } },
  routes: [{ path: "/", pool: "web" }],
});

/** Runs a coordinator on the same disk, and ends it. */
async function run(
  bundled: object,
  work: (coordinator: Workerd) => Promise<void>,
  more: object = {},
): Promise<void> {
  const { dir: bundleDir } = await bundle({ outdir: join(dir, "worker") });
  const env = { MOORING_SECRET: SECRET, MOORING_SHARED_SECRET: SHARED, MOORING_ADMIN_TOKEN: ADMIN };
  const coordinator = await startWorkerd({
    role: "coordinator",
    port: 0,
    env: { ...env, MOORING_CONFIG: JSON.stringify(bundled), ...more },
    bundleDir,
    stateDir: join(dir, "state"),
    log: () => undefined,
  });
  await work(coordinator).finally(() => coordinator.stop());
}

const headers = { authorization: `Bearer ${ADMIN}`, "content-type": "application/json" };
const held = async ({ url }: Workerd) =>
  JSON.parse((await call(`${url}/_mooring/v1/config`, { headers })).body);

it("follows MOORING_CONFIG until a first PUT: a second start with other ports answered 503 once", async () => {
  await run(config(1), async (coordinator) => {
    expect(await held(coordinator)).toEqual({ revision: 1, config: config(1) });
  });
  await run(config(1), async (coordinator) => {
    expect(await held(coordinator)).toEqual({ revision: 1, config: config(1) });
  });
  await run(config(2), async (coordinator) => {
    expect(await held(coordinator)).toEqual({ revision: 2, config: config(2) });
    const put = {
      method: "PUT",
      body: JSON.stringify(config(3)),
      headers: { ...headers, "if-match": '"2"' },
    };
    expect((await call(`${coordinator.url}/_mooring/v1/config`, put)).status).toBe(200);
  });
  await run(config(4), async (coordinator) => {
    expect(await held(coordinator)).toEqual({ revision: 3, config: config(3) });
  });
  // A named run means its file, whatever was stored, and means it once.
  for (const _ of [1, 2]) {
    await run(
      config(5),
      async (coordinator) => expect(await held(coordinator)).toEqual({ revision: 4, config: config(5) }),
      { MOORING_CONFIG_RESET: "run-1" },
    );
  }
});
