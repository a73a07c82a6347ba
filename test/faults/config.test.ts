import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { bundle } from "../../tools/build/bundle.ts";
import { type FaultyPod, startFaultyPod } from "../../tools/chaos/pod/pod.ts";
import { startWorkerd, type Workerd } from "../../tools/serve/workerd.ts";
import { type Answer, call, decision, Jar } from "../support/client.ts";
import { SOON } from "../support/faults.ts";
import { ADMIN, SECRET, SHARED } from "../support/stack.ts";

let dir: string;
let bundleDir: string;
let pod: FaultyPod;
let log = "";
const running: Workerd[] = [];

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), "mooring-config-faults-"));
  bundleDir = (await bundle({ outdir: join(dir, "worker") })).dir;
  pod = await startFaultyPod("web-0");
});
afterEach(async () => {
  for (const process of running.splice(0).reverse()) await process.stop();
});
afterAll(async () => {
  await pod?.stop();
  rmSync(dir, { recursive: true, force: true });
});

const config = (revision = 0) => ({
  version: 1,
  explain: true,
  pools: { web: { pods: [{ id: "web-0", url: pod.url }] } },
  routes: [{ pool: "web" }, { path: `/${revision}`, pool: "web" }],
});
async function start(
  role: "edge" | "coordinator",
  more: Record<string, string>,
  port = 0,
  state = role as string,
) {
  const shared = { MOORING_SECRET: SECRET, MOORING_SHARED_SECRET: SHARED, MOORING_ADMIN_TOKEN: ADMIN };
  const hear = (text: string) => {
    log += text;
  };
  const options = {
    role,
    port,
    bundleDir,
    env: { ...shared, ...more },
    stateDir: join(dir, state),
    log: hear,
  };
  const process = await startWorkerd(options);
  running.push(process);
  return process;
}
const edgeOf = ({ url }: Workerd) => start("edge", { MOORING_COORDINATOR_URL: url });
const put = ({ url }: Workerd, body: string, condition: Record<string, string>): Promise<Answer> =>
  call(`${url}/_mooring/v1/config`, {
    method: "PUT",
    body,
    headers: { authorization: `Bearer ${ADMIN}`, "content-type": "application/json", ...condition },
  });
const revisionAt = async (edge: Workerd) => decision(await new Jar().get(edge.url)).revision;

it("a corrupt or empty config never replaces the last good one, whatever is sent", async () => {
  const coordinator = await start("coordinator", {}, 0, "sent");
  const edge = await edgeOf(coordinator);
  expect((await put(edge, JSON.stringify(config()), { "if-none-match": "*" })).status).toBe(200);
  const jar = new Jar();
  await jar.get(edge.url);
  const good = JSON.stringify(config(1));
  const bad = [
    "",
    "{",
    "null",
    "[]",
    "{}",
    '"x"',
    "\u0000",
    good.slice(0, -1),
    good.replace('"web"', '"wob"'),
  ];
  for (const text of bad) {
    const refused = await put(edge, text, { "if-match": '"1"' });
    expect(refused.status, text).toBe(422);
    expect(JSON.parse(refused.body).errors.length).toBeGreaterThan(0);
    expect(decision(await jar.get(edge.url))).toMatchObject({ outcome: "kept", revision: "1" });
  }
  expect((await put(edge, good, { "if-match": '"1"' })).status).toBe(200);
  expect(await revisionAt(edge)).toBe("2");
});

it.each([
  ["corrupt", "{ version: 1, pools: "],
  ["empty", ""],
])("a cold start with a config that is %s: 503 that says so, until a PUT mends it", async (what, text) => {
  log = "";
  const coordinator = await start("coordinator", { MOORING_CONFIG: text }, 0, `cold-${what}`);
  const edge = await edgeOf(coordinator);
  const cold = await call(edge.url);
  expect([cold.status, JSON.parse(cold.body).code]).toEqual([503, "no-config"]);
  expect(cold.headers["retry-after"]).toBeDefined();
  expect(cold.headers["set-cookie"]).toBeUndefined();
  const ready = await call(`${edge.url}/_mooring/readyz`);
  expect([ready.status, ready.body.includes("no config")]).toEqual([503, true]);
  if (text !== "") expect(log).toContain('"Config not valid" who="MOORING_CONFIG" error="');
  expect((await put(edge, JSON.stringify(config()), { "if-none-match": "*" })).status).toBe(200);
  expect((await call(edge.url)).status).toBe(200);
});

/** Spoils what the coordinator's object left on its disk, in each of its files. */
function spoil(state: string, change: (bytes: Buffer) => void): number {
  let spoilt = 0;
  const root = join(dir, state);
  for (const name of readdirSync(root, { recursive: true }) as string[]) {
    const path = join(root, name);
    if (!statSync(path).isFile() || !/mooring-Coordinator\/[0-9a-f]/.test(name)) continue;
    const bytes = readFileSync(path);
    const before = Buffer.from(bytes);
    change(bytes);
    if (bytes.equals(before)) continue;
    writeFileSync(path, bytes);
    spoilt++;
  }
  return spoilt;
}

it("a stored config that is corrupt: the last good one stays at the edges, a cold one says so, a PUT mends it", async () => {
  const state = "corrupt-document";
  const first = await start("coordinator", { MOORING_CONFIG: JSON.stringify(config()) }, 0, state);
  const edge = await edgeOf(first);
  await expect.poll(async () => (await call(edge.url)).status, SOON).toBe(200);
  const jar = new Jar();
  await jar.get(edge.url);
  await first.stop();
  const spoilt = spoil(state, (bytes) => {
    for (let at = bytes.indexOf('"routes"'); at >= 0; at = bytes.indexOf('"routes"', at))
      bytes.write('"reuots"', at);
  });
  expect(spoilt).toBeGreaterThan(0);
  log = "";
  const again = await start("coordinator", {}, first.port, state);
  const cold = await edgeOf(again);
  expect([(await call(cold.url)).status, decision(await jar.get(edge.url)).outcome]).toEqual([503, "kept"]);
  // The coordinator says so when its object starts, which may be before it is heard; the edges whenever they ask.
  await expect.poll(() => log, SOON).toMatch(/is not valid for this version/);
  expect((await put(edge, JSON.stringify(config(2)), { "if-match": '"1"' })).status).toBe(200);
  await expect.poll(async () => (await call(cold.url)).status, SOON).toBe(200);
  expect(decision(await jar.get(edge.url))).toMatchObject({ outcome: "kept", revision: "2" });
});

it("a disk that is corrupt altogether: traffic goes on, and admin requests say that the coordinator failed", async () => {
  const state = "corrupt-disk";
  const first = await start("coordinator", { MOORING_CONFIG: JSON.stringify(config()) }, 0, state);
  const edge = await edgeOf(first);
  await expect.poll(async () => (await call(edge.url)).status, SOON).toBe(200);
  const jar = new Jar();
  await jar.get(edge.url);
  await first.stop();
  spoil(state, (bytes) => bytes.fill(0x5a));
  await start("coordinator", {}, first.port, state);
  const refused = await put(edge, JSON.stringify(config(2)), { "if-match": '"1"' });
  expect([refused.status, JSON.parse(refused.body).code]).toEqual([503, "coordinator-failed"]);
  expect(decision(await jar.get(edge.url))).toMatchObject({ outcome: "kept", revision: "1" });
  expect((await new Jar().get(edge.url)).status).toBe(200);
});
