import { afterEach, beforeEach, expect, test } from "vitest";
import { type Demo, startDemo } from "../../../tools/demo/demo.ts";
import type { DemoState } from "../../../tools/demo/state.ts";
import { type FakeEdge, startFakeEdge } from "./fake-edge.ts";
import { until } from "./until.ts";

let edge: FakeEdge;
let demo: Demo;
let pages: AbortController[] = [];

beforeEach(async () => {
  edge = await startFakeEdge();
  demo = await startDemo({ pods: 3, edge: edge.url, crowd: { pace: [20, 40], grace: 100 } });
  edge.serve(demo.config);
});
afterEach(async () => {
  for (const page of pages) page.abort();
  pages = [];
  await demo.stop();
  await edge.stop();
});

async function state(): Promise<DemoState> {
  return (await (await fetch(`${edge.url}/demo/state`)).json()) as DemoState;
}

/** Opens a page as far as the control server can tell: a reader of its event stream. */
async function openPage(): Promise<ReadableStreamDefaultReader<string>> {
  const page = new AbortController();
  pages.push(page);
  const response = await fetch(`${edge.url}/demo/events`, { signal: page.signal });
  return response.body!.pipeThrough(new TextDecoderStream()).getReader();
}

async function everybodyIsIn(): Promise<DemoState> {
  return until(async () => {
    const now = await state();
    return now.shoppers.every((one) => one.items > 1) && now;
  });
}

function post(path: string, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`${edge.url}/demo${path}`, { method: "POST", headers });
}

const on = (now: DemoState, pod: string) =>
  now.shoppers.filter((one) => one.pod === pod).map((one) => one.name);

test("a kill loses exactly the carts of the pod; its shoppers move once and nobody else does", async () => {
  await openPage();
  const before = await everybodyIsIn();
  const holders = on(before, "web-1");
  expect(holders.length).toBeGreaterThan(0);
  const carts = before.pods[1]!.carts;
  expect(carts.map((cart) => cart.shopper).sort()).toEqual([...holders].sort());

  expect((await post("/pods/web-1/kill")).status).toBe(200);
  const after = await until(async () => {
    const now = await state();
    return now.kills[0]?.waiting === 0 && now.shoppers.every((one) => one.items > 1) && now;
  });
  expect(after.kills).toHaveLength(1);
  expect(after.kills[0]).toMatchObject({
    pod: "web-1",
    carts: holders.length,
    people: 0,
    shoppers: holders.length,
    movedOnce: holders.length,
    movedTwice: 0,
    othersMoved: 0,
    othersNotMoved: 12 - holders.length,
  });
  expect(after.kills[0]!.sentence).toBe(
    `web-1 was killed: ${holders.length} carts lost, ${holders.length} shoppers moved once, ` +
      `${12 - holders.length} others not moved, 0 moved twice.`,
  );
  for (const shopper of after.shoppers) {
    const was = holders.includes(shopper.name);
    expect([shopper.name, shopper.moves, shopper.lost]).toEqual([shopper.name, was ? 1 : 0, was ? 1 : 0]);
    expect(shopper.pod).not.toBe("web-1");
  }
  expect(after.pods[1]).toMatchObject({ alive: false, status: "dead" });
  const told = after.happened.map((one) => one.text);
  for (const name of holders)
    expect(told.some((text) => text.startsWith(`${name} moved from web-1 to web-`))).toBe(true);
});

test("a person's cart counts as one", async () => {
  const buy = await fetch(`${edge.url}/cart`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: '{"item":"rope"}',
  });
  const { pod, visitor } = (await buy.json()) as { pod: string; visitor: string };
  const held = (await state()).pods.find((one) => one.id === pod)!;
  expect(held.carts).toEqual([{ visitor, items: 1, shopper: null }]);
  const answer = (await (await post(`/pods/${pod}/kill`)).json()) as DemoState;
  expect(answer.kills[0]).toMatchObject({ pod, carts: 1, people: 1, shoppers: 0, othersNotMoved: 12 });
});

test("a revived pod is back at the same address with an empty memory", async () => {
  await openPage();
  await everybodyIsIn();
  await post("/pods/web-2/kill");
  expect((await post("/pods/web-2/revive")).status).toBe(200);
  const now = await state();
  expect(now.pods[2]).toMatchObject({ alive: true });
  const { pools } = demo.config as { pools: { web: { pods: { url: string }[] } } };
  const cookie = `shop=${"a".repeat(32)}.web-2.3`;
  const answer = await fetch(`${pools.web.pods[2]!.url}/cart`, { headers: { cookie } });
  expect(await answer.json()).toMatchObject({ pod: "web-2", items: [], lost: true });
});

test("shoppers of a pod that is revived before they moved are back on it, not waiting", async () => {
  await openPage();
  await everybodyIsIn();
  for (const id of ["web-0", "web-1", "web-2"]) await post(`/pods/${id}/kill`);
  await until(async () => (await state()).shoppers.every((one) => one.refused > 0));
  // Between two kills some may have moved on: only of the last pod is it certain who was still on it.
  const holders = on(await state(), "web-2");
  expect(holders.length).toBeGreaterThan(0);
  await post("/pods/web-2/revive");
  const after = await until(async () => {
    const now = await state();
    return now.kills.every((kill) => kill.waiting === 0) && now;
  });
  expect(after.kills.map((kill) => kill.pod)).toEqual(["web-2", "web-1", "web-0"]);
  expect(after.kills[0]).toMatchObject({
    stayed: holders.length,
    movedOnce: 0,
    movedTwice: 0,
    othersMoved: 0,
  });
  expect(after.kills.every((kill) => kill.movedTwice === 0)).toBe(true);
  expect(on(after, "web-2")).toHaveLength(12);
});

test("pods that are not there are 404, and wrong states 409", async () => {
  expect((await post("/pods/web-9/kill")).status).toBe(404);
  expect((await post("/pods/web-9/revive")).status).toBe(404);
  expect((await post("/pods/web-0/eat")).status).toBe(404);
  expect((await post("/pods/web-0/revive")).status).toBe(409);
  const [one, two] = await Promise.all([post("/pods/web-0/kill"), post("/pods/web-0/kill")]);
  expect([one.status, two.status].sort()).toEqual([200, 409]);
  expect((await post("/pods/web-0/kill")).status).toBe(409);
  const again = await Promise.all([post("/pods/web-0/revive"), post("/pods/web-0/revive")]);
  expect(again.map((answer) => answer.status).sort()).toEqual([200, 409]);
  expect((await state()).kills).toHaveLength(1);
});

test("only a page of this origin may kill", async () => {
  const foreign = await post("/pods/web-0/kill", { origin: "https://elsewhere.example" });
  expect(foreign.status).toBe(403);
  expect((await post("/pods/web-0/kill", { origin: "null" })).status).toBe(403);
  expect((await state()).pods[0]!.alive).toBe(true);
  expect((await post("/pods/web-0/kill", { origin: edge.url })).status).toBe(200);
});

test("reports are taken from pods of this demo only, and not through the edge", async () => {
  const { pools } = demo.config as { pools: { demo: { pods: { url: string }[] } } };
  const control = pools.demo.pods[0]!.url;
  const headers = { "content-type": "application/json" };
  for (const body of ["null", '{"pod":"web-0"}', '{"pod":"web-0","pid":1,"visitor":"x","items":9}']) {
    expect((await fetch(`${control}/report`, { method: "POST", headers, body })).status).toBe(403);
  }
  expect((await fetch(`${edge.url}/demo/report`, { method: "POST", headers, body: "null" })).status).toBe(
    404,
  );
  expect((await state()).pods.flatMap((pod) => pod.carts)).toEqual([]);
});

test("shoppers shop only while a page is open, and come back to their carts", async () => {
  expect((await state()).shopping).toBe(false);
  const reader = await openPage();
  expect((await reader.read()).value).toMatch(/^data: \{"pods":/);
  await openPage();
  const before = await everybodyIsIn();
  expect(before.shopping).toBe(true);
  pages[0]!.abort();
  pages[1]!.abort();
  await until(async () => !(await state()).shopping);
  await openPage();
  await until(async () => (await state()).shopping);
  const after = await everybodyIsIn();
  expect(after.shoppers.map((one) => one.pod)).toEqual(before.shoppers.map((one) => one.pod));
  expect(after.shoppers.every((one) => one.moves === 0 && one.lost === 0)).toBe(true);
});

test("the state says when the edge is silent and when no pod is alive", async () => {
  await openPage();
  await everybodyIsIn();
  for (const id of ["web-0", "web-1", "web-2"]) expect((await post(`/pods/${id}/kill`)).status).toBe(200);
  const dead = await until(async () => {
    const now = await state();
    return now.shoppers.every((one) => one.refused > 0) && now;
  });
  expect(dead.pods.map((pod) => pod.status)).toEqual(["dead", "dead", "dead"]);
  expect(dead.shoppers[0]!.last).toMatchObject({ outcome: "refused" });
  const page = await fetch(`${edge.url}/demo/`);
  expect(await page.text()).toContain("<!doctype html>");
  const { pools } = demo.config as { pools: { demo: { pods: { url: string }[] } } };
  const control = pools.demo.pods[0]!.url;
  const watch = new AbortController();
  pages.push(watch);
  const direct = await fetch(`${control}/demo/events`, { signal: watch.signal });
  await edge.stop();
  await until(async () => {
    const now = (await (await fetch(`${control}/demo/state`)).json()) as DemoState;
    return now.edge === "silent";
  });
  await direct.body!.cancel();
});
