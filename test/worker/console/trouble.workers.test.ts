import { createExecutionContext } from "cloudflare:test";
import { afterEach, beforeAll, expect, it, vi } from "vitest";
import { type Isolate, theIsolate } from "../../../worker/edge/isolate.ts";
import { ask, cookieOf, DEPLOYMENT, put, submit } from "./browser.workers.ts";

const AT = "/_mooring/console";

const config = (pool: string) => ({
  version: 1,
  pools: { [pool]: { pods: [{ id: "p-0", url: "http://127.0.0.1:1" }] } },
  routes: [{ path: "/", pool }],
});

let cookie: string;
let isolate: Isolate;
const page = async (path: string) => {
  const response = await ask(path, { headers: { cookie } });
  return { status: response.status, html: await response.text() };
};

beforeAll(async () => {
  cookie = await cookieOf();
  isolate = await theIsolate(DEPLOYMENT, createExecutionContext());
});
afterEach(() => {
  vi.restoreAllMocks();
});

it("a pool may be named as what every object has", async () => {
  const name = "constructor";
  await put(config(name));
  for (const path of ["/_mooring/", `${AT}/pools`, `${AT}/pools/${name}`, `${AT}/keys`, `${AT}/doctor`]) {
    const { status, html } = await page(path);
    expect([status, html.includes(`>${name}<`) || /keys|doctor|pools\//.test(path)], path).toEqual([
      200,
      true,
    ]);
  }
});

it("a drain that stands though the store does not say how many sessions there are is said to stand", async () => {
  await put(config("web"));
  vi.spyOn(isolate.edge.store, "count").mockRejectedValue(new Error("refused"));
  const pod = `${AT}/pools/web/pods/p-0`;
  const drained = await submit(`${pod}/drain`, {}, { headers: { cookie } });
  expect([drained.status, drained.headers.get("location")]).toEqual([303, `${pod}?done=draining`]);
  expect((await page(pod)).html).toContain('<span class="pill wait">draining</span>');
});

it("a config without pools has pages, and no pool is said to be missing from it", async () => {
  await put({ version: 1, pools: {}, routes: [] });
  for (const path of [
    "/_mooring/",
    ...["pools", "keys", "sessions", "alerts", "doctor", "events"].map((one) => `${AT}/${one}`),
  ]) {
    const { status, html } = await page(path);
    expect([status, html], path).toEqual([200, expect.not.stringContaining('class="trouble"')]);
  }
  expect((await page(`${AT}/keys`)).html).toContain("The config has no pools.");
});

it.each([
  ["/_mooring/", 200, "The coordinator is not reachable"],
  [`${AT}/pools`, 200, ">–<"],
  [`${AT}/pools/web`, 503, "The coordinator is not reachable"],
  [`${AT}/pools/web/pods/p-0`, 503, "The coordinator is not reachable"],
  [`${AT}/sessions`, 503, "The binding store does not answer"],
  [`${AT}/alerts`, 503, "The coordinator is not reachable"],
  [`${AT}/doctor`, 503, "The coordinator is not reachable"],
  [`${AT}/events`, 200, "The coordinator is not reachable"],
] as const)(
  "%s answers without a coordinator and a store, and says what it lacks",
  async (path, status, words) => {
    await put(config("web"));
    await page(path);
    vi.spyOn(isolate.link!, "call").mockRejectedValue(new Error("refused"));
    vi.spyOn(isolate.edge.store, "count").mockRejectedValue(new Error("refused"));
    vi.spyOn(isolate.edge.store, "list").mockRejectedValue(new Error("refused"));
    expect(await page(path)).toEqual({ status, html: expect.stringContaining(words) });
  },
);
