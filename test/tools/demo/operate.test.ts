import { afterAll, beforeAll, expect, test } from "vitest";
import type { PlanView } from "../../../tools/demo/change.ts";
import { type Demo, startDemo } from "../../../tools/demo/demo.ts";
import type { DemoState } from "../../../tools/demo/state.ts";
import { decision, Jar } from "../../support/client.ts";
import { ADMIN, type Stack, startStack } from "../../support/stack.ts";
import { until } from "./until.ts";

/** The demo behind a real edge, in the order in which a person might go through it. */
let stack: Stack;
let demo: Demo;
const page = new AbortController();

beforeAll(async () => {
  stack = await startStack();
  demo = await startDemo({ pods: 3, edge: stack.url, token: ADMIN, crowd: { pace: [100, 200] } });
  expect((await stack.put(demo.config)).status).toBe(200);
  // As a page does: the shoppers shop only while somebody looks.
  const stream = await fetch(`${stack.url}/demo/events`, { signal: page.signal });
  stream.body!.pipeTo(new WritableStream()).catch(() => undefined);
  await until(async () => (await state()).shoppers.every(({ items }) => items > 1));
}, 60_000);
afterAll(async () => {
  page.abort();
  await demo?.stop();
  await stack?.stop();
});

async function state(): Promise<DemoState> {
  return (await (await fetch(`${stack.url}/demo/state`)).json()) as DemoState;
}
function post(path: string, body?: object, headers: Record<string, string> = {}): Promise<Response> {
  const type: Record<string, string> = body === undefined ? {} : { "content-type": "application/json" };
  const init = { method: "POST", headers: { ...type, ...headers } };
  return fetch(
    `${stack.url}/demo${path}`,
    body === undefined ? init : { ...init, body: JSON.stringify(body) },
  );
}
const plan = async (body: object) => (await (await post("/plan", body)).json()) as PlanView;
const revision = async () => {
  const headers = { authorization: `Bearer ${ADMIN}` };
  const answer = await fetch(`${stack.url}/_mooring/v1/config`, { headers });
  return ((await answer.json()) as { revision: number }).revision;
};
const on = ({ shoppers }: DemoState, pod: string) =>
  shoppers.filter((one) => one.pod === pod).map(({ name }) => name);

test("says by name who would move if a pod were taken out, before anything is done", async () => {
  const before = await state();
  const holders = on(before, "web-1");
  expect(holders.length).toBeGreaterThan(0);
  const told = await plan({ remove: "web-1" });
  expect(told).toMatchObject({
    remove: "web-1",
    moved: holders.length,
    kept: 12 - holders.length,
    revision: 1,
  });
  expect(told.moves.map(({ who }) => who).sort()).toEqual([...holders].sort());
  for (const { from, to, cause } of told.moves) {
    expect([from, cause]).toEqual(["web-1", "config-change"]);
    expect(["web-0", "web-2"]).toContain(to);
  }
  expect(told.sentence).toMatch(
    /^Without web-1 \d+ sessions? would move, and \d+ sessions? would stay\. Nothing was changed\.$/,
  );
  expect(await revision()).toBe(1);
  expect((await state()).shoppers.every(({ moves }) => moves === 0)).toBe(true);
  expect((await post("/plan", { remove: "web-9" })).status).toBe(404);
});

test("adds a pod that takes new sessions, and moves nobody for it, as was planned", async () => {
  const told = await plan({});
  expect(told).toMatchObject({ add: "web-3", moved: 0, kept: 12, moves: [] });
  expect((await post("/pods", {})).status).toBe(422);
  expect((await post("/pods", { revision: told.revision + 1 })).status).toBe(409);
  expect(
    (await post("/pods", { revision: told.revision }, { origin: "https://elsewhere.example" })).status,
  ).toBe(403);
  expect((await post("/pods", { revision: told.revision })).status).toBe(200);
  const after = await state();
  expect(after.pods.map(({ id, alive }) => `${id} ${alive}`)).toContain("web-3 true");
  expect(await revision()).toBe(2);
  // A new pod is unready until its first probe has passed.
  await until(async () => decision(await new Jar().get(`${stack.url}/whoami`)).pod === "web-3");
  expect((await state()).shoppers.every(({ moves }) => moves === 0)).toBe(true);
  // Another change came in between: what was planned then is not done now.
  const again = await post("/pods", { revision: told.revision });
  expect(again.status).toBe(409);
  expect(await again.json()).toMatchObject({ error: expect.stringContaining("ask again") });
});

test("drains a pod, and shows how many sessions are left, until that is taken back", async () => {
  const holders = on(await state(), "web-0");
  expect(holders.length).toBeGreaterThan(0);
  expect((await post("/pods/web-0/drain")).status).toBe(200);
  const drained = await until(async () => {
    const now = await state();
    return now.pods[0]!.drain?.sessions === undefined ? undefined : now;
  });
  const { state: is, sessions, deadline } = drained.pods[0]!.drain!;
  expect(is).toBe("draining");
  expect(sessions).toBeGreaterThanOrEqual(holders.length);
  expect(deadline).toBeGreaterThan(Date.now());
  // Its own are served by it still, and nobody else comes.
  for (let i = 0; i < 20; i++) {
    expect(decision(await new Jar().get(`${stack.url}/whoami`)).pod).not.toBe("web-0");
  }
  expect(on(await state(), "web-0")).toEqual(holders);
  // One that leaves is counted down.
  const headers = { authorization: `Bearer ${ADMIN}` };
  const listed = await fetch(`${stack.url}/_mooring/v1/sessions?pool=web&pod=web-0`, { headers });
  const [{ sid }] = ((await listed.json()) as { sessions: [{ sid: string }] }).sessions;
  await fetch(`${stack.url}/_mooring/v1/sessions/${sid}`, { method: "DELETE", headers });
  await until(async () => (await state()).pods[0]!.drain?.sessions === sessions! - 1);
  expect((await post("/pods/web-0/ready")).status).toBe(200);
  expect((await state()).pods[0]!.drain).toBeUndefined();
  expect((await post("/pods/web-9/drain")).status).toBe(404);
});

test("gives no page the admin token", async () => {
  for (const path of ["/demo/", "/demo/state", "/demo/app.js", "/demo/parts/plan.js"]) {
    expect(await (await fetch(`${stack.url}${path}`)).text()).not.toContain(ADMIN);
  }
  expect(JSON.stringify(await plan({}))).not.toContain(ADMIN);
});

test("can do none of it without a token, and says so", async () => {
  const other = await startDemo({ pods: 1, edge: stack.url });
  try {
    const { pools } = other.config as { pools: { demo: { pods: { url: string }[] } } };
    const control = pools.demo.pods[0]!.url;
    const asked = await fetch(`${control}/demo/pods/web-0/drain`, { method: "POST" });
    expect([asked.status, await asked.json()]).toEqual([409, { error: "this demo has no admin token" }]);
    expect((await (await fetch(`${control}/demo/state`)).json()) as DemoState).toMatchObject({
      operates: false,
    });
  } finally {
    await other.stop();
  }
});
