import { describe, expect, it } from "vitest";
import { explain } from "../../src/route/explain.ts";
import { Recorder } from "../../src/route/record.ts";
import { replay } from "../../src/route/replay.ts";
import { route } from "../../src/route/route.ts";
import { View } from "../../src/route/view.ts";
import { testCore } from "../support/core.ts";
import { cookiesOf, type EdgeOptions, outcomeOf, TestEdge } from "../support/edge.ts";

const HOST = "http://shop.test";
const T0 = 1_700_000_000_000;

/** An edge with a pool at `/` as it is, and at `/hurt` with a fault; its clock goes on by what is waited. */
async function scene(fault: object, more: object = {}, options: Omit<EdgeOptions, "config" | "after"> = {}) {
  const waits: number[] = [];
  const clock = { now: T0 };
  const edge = await TestEdge.start({
    config: {
      version: 1,
      explain: true,
      pools: {
        web: {
          pods: [0, 1, 2].map((i) => ({ id: `web-${i}`, url: `http://127.0.0.1:${i + 1}` })),
          ...more,
        },
      },
      routes: [{ pool: "web" }, { path: "/hurt", pool: "web", fault }],
    },
    now: () => clock.now,
    after: (ms, expire) => {
      waits.push(ms);
      clock.now += ms;
      expire();
      return () => undefined;
    },
    ...options,
  });
  const ask = async (path: string, init: RequestInit = {}) => {
    const answer = await edge.ask(HOST + path, init);
    await edge.idle();
    return answer;
  };
  return { edge, ask, waits, clock };
}

const counted = (edge: TestEdge) =>
  edge.edge.counters.take().map(({ outcome, code, count }) => [outcome, code, count]);

describe("abort", () => {
  it("answers its share with its status, and never asks a pod for it", async () => {
    const { edge, ask } = await scene({ abort: { share: "10%", status: 503 } });
    let aborted = 0;
    for (let i = 0; i < 2000; i++) if ((await ask("/hurt")).status === 503) aborted++;
    // Five standard deviations: sqrt(2000 × 0.1 × 0.9) is 13.4.
    expect(Math.abs(aborted - 200)).toBeLessThan(67);
    expect(edge.shipped.length).toBe(2000 - aborted);
  });

  it("strikes all at 100 %, none at 0 %, and no other route of the pool", async () => {
    const all = await scene({ abort: { share: "100%", status: 418 } });
    for (let i = 0; i < 100; i++) expect((await all.ask("/hurt")).status).toBe(418);
    expect((await all.ask("/")).status).toBe(200);
    const none = await scene({ abort: { share: "0%", status: 418 } });
    for (let i = 0; i < 100; i++) expect((await none.ask("/hurt")).status).toBe(200);
  });

  it("is a problem that says so, with every status that there may be", async () => {
    for (const status of [200, 204, 205, 301, 304, 404, 429, 500, 599]) {
      const { ask } = await scene({ abort: { share: "100%", status } });
      const answer = await ask("/hurt", { method: "POST", body: "x=1" });
      expect([answer.status, outcomeOf(answer)]).toEqual([status, "refused"]);
      expect(answer.headers.get("proxy-status")).toBe("mooring; error=proxy_internal_response");
      const text = await answer.text();
      if ([204, 205, 304].includes(status)) expect(text).toBe("");
      else expect(JSON.parse(text)).toMatchObject({ status, code: "fault-abort" });
    }
  });

  it("counts as refused, and holds nothing against a pod or the start of sessions", async () => {
    const { edge, ask } = await scene({ abort: { share: "100%", status: 503 } });
    let told = 0;
    Object.assign(edge.edge, { failed: () => told++ });
    for (let i = 0; i < 10; i++) await ask("/hurt");
    expect(counted(edge)).toEqual([["refused", 503, 10]]);
    expect(told).toBe(0);
    expect(edge.view.pools[0]!.pods.some(({ doubt, suspectUntil }) => doubt || suspectUntil > 0)).toBe(false);
  });

  it("begins, renews and moves no session", async () => {
    const { edge, ask, clock } = await scene({ abort: { share: "100%", status: 503 } });
    expect(cookiesOf(await ask("/hurt"))).toEqual([]);
    expect(edge.store.bindings.size).toBe(0);
    const begun = await ask("/");
    const headers = { cookie: cookiesOf(begun)[0]!.join("=") };
    const [before] = [...edge.store.bindings.values()];
    const { calls } = edge.store;
    // Old enough to be renewed by any other request, and then without its pod.
    clock.now += 20 * 60_000;
    const down = { [edge.view.pools[0]!.tags[edge.shipped[0]!.pod.index]!]: "down" as const };
    for (const health of [{}, down]) {
      edge.health(health);
      expect(cookiesOf(await ask("/hurt", { headers }))).toEqual([]);
    }
    expect([edge.store.calls, [...edge.store.bindings.values()]]).toEqual([calls, [before]]);
    expect(edge.edge.breaks).toEqual([]);
    expect(outcomeOf(await ask("/", { headers }))).toBe("moved");
  });

  it("asks no store for a key", async () => {
    const { edge, ask } = await scene(
      { abort: { share: "100%", status: 503 } },
      { affinity: { header: "x-user" } },
    );
    await ask("/hurt", { headers: { "x-user": "alice" } });
    expect(edge.store.calls).toBe(0);
  });
});

describe("delay", () => {
  it("comes before the pod is asked, to its share", async () => {
    const { edge, ask, waits } = await scene({ delay: { share: "50%", for: "2s" } });
    for (let i = 0; i < 2000; i++) expect((await ask("/hurt")).status).toBe(200);
    expect(new Set(waits)).toEqual(new Set([2000]));
    // Five standard deviations: sqrt(2000 × 0.5 × 0.5) is 22.4.
    expect(Math.abs(waits.length - 1000)).toBeLessThan(112);
    expect(edge.shipped.length).toBe(2000);
  });

  it("is drawn apart from the abort, and comes before it", async () => {
    const { ask, waits } = await scene({
      abort: { share: "50%", status: 503 },
      delay: { share: "50%", for: "1s" },
    });
    const seen: Record<string, number> = {};
    for (let i = 0; i < 2000; i++) {
      const before = waits.length;
      const { status } = await ask("/hurt");
      const what = `${status} ${waits.length - before}`;
      seen[what] = (seen[what] ?? 0) + 1;
    }
    expect(Object.keys(seen).sort()).toEqual(["200 0", "200 1", "503 0", "503 1"]);
    // Five standard deviations of a quarter: sqrt(2000 × 0.25 × 0.75) is 19.4.
    for (const count of Object.values(seen)) expect(Math.abs(count - 500)).toBeLessThan(97);
  });

  it("counts into total: what is left of it is the try's, and without any left no pod is asked", async () => {
    const brief = await scene(
      { delay: { share: "100%", for: "2s" } },
      { timeouts: { headers: "9s", total: "5s" } },
    );
    await brief.ask("/hurt");
    expect(brief.edge.shipped).toMatchObject([{ limit: 3000 }]);
    const long = await scene({ delay: { share: "100%", for: "1h" } }, { timeouts: { total: "5s" } });
    const late = await long.ask("/hurt");
    expect([late.status, long.waits, long.edge.shipped]).toEqual([504, [5000], []]);
    expect(await late.json()).toMatchObject({ code: "timeout" });
  });

  it("leaves a bound session at its pod, and an unsent request sends nothing when its client goes", async () => {
    const { edge, ask, clock } = await scene({ delay: { share: "100%", for: "2s" } });
    const begun = await ask("/");
    const headers = { cookie: cookiesOf(begun)[0]!.join("=") };
    const [home] = edge.shipped.map(({ pod }) => pod.id);
    for (let i = 0; i < 20; i++) expect(outcomeOf(await ask("/hurt", { headers }))).toBe("kept");
    expect(new Set(edge.shipped.map(({ pod }) => pod.id))).toEqual(new Set([home]));
    const gone = new AbortController();
    const sent = edge.shipped.length;
    Object.assign(edge.edge, {
      after: () => {
        gone.abort();
        return () => undefined;
      },
    });
    const url = `${HOST}/hurt`;
    const request = { url, method: "GET", headers: new Headers(headers), body: null, signal: gone.signal };
    const at = clock.now;
    await route(edge.edge, request as unknown as Request, { waitUntil: () => undefined });
    expect([edge.shipped.length, clock.now]).toEqual([sent, at]);
  });

  it("of a request whose view grew old meanwhile has it refreshed before the pod is chosen", async () => {
    let refreshed = 0;
    const { edge, ask } = await scene(
      { delay: { share: "100%", for: "20s" } },
      {},
      {
        refresh: async () => {
          refreshed++;
        },
      },
    );
    Object.assign(edge.edge, { stale: (_: View, now: number) => now - T0 > 10_000 });
    await ask("/hurt");
    expect([refreshed, edge.shipped.length]).toEqual([1, 1]);
  });
});

it("traces of delayed and aborted requests replay to what became of them", async () => {
  const { edge } = await scene({
    abort: { share: "50%", status: 503 },
    delay: { share: "50%", for: "1s" },
  });
  const seen = new Set<string>();
  for (let i = 0; i < 60; i++) {
    const request = { url: `${HOST}/hurt`, method: "GET", headers: new Headers(), body: null };
    const recorder = new Recorder(edge.edge, request as unknown as Request);
    const answer = await route(recorder.edge, request as unknown as Request, { waitUntil: () => undefined });
    const trace = JSON.parse(JSON.stringify(recorder.trace()));
    const pod = answer.status === 200 ? await answer.text() : undefined;
    expect(await replay(trace, testCore())).toMatchObject({ outcome: outcomeOf(answer), pod });
    seen.add(outcomeOf(answer));
  }
  expect([...seen].sort()).toEqual(["bound", "refused"]);
});

it("explain says what the route does to its requests, and what becomes of the others, at once", async () => {
  const { edge, waits } = await scene({
    abort: { share: "100%", status: 503 },
    delay: { share: "0.5%", for: "1m30s" },
  });
  const { stamp, snapshot } = edge.view;
  const shadow = new View(stamp, snapshot, [], testCore(), undefined, T0);
  const request = { url: `${HOST}/hurt`, method: "GET", headers: new Headers(), body: null };
  const told = await explain(edge.edge, edge.view, shadow, request as unknown as Request);
  expect(told).toMatchObject({ outcome: "bound", pool: "web" });
  expect(told.steps.find(({ step }) => step === "fault")).toMatchObject({
    abort: { share: "100%", status: 503 },
    delay: { share: "0.5%", for: "1m30s" },
  });
  expect(waits).toEqual([]);
});
