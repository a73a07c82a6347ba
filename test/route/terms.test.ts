import { describe, expect, it } from "vitest";
import { Recorder } from "../../src/route/record.ts";
import { replay } from "../../src/route/replay.ts";
import { route } from "../../src/route/route.ts";
import { testCore } from "../support/core.ts";
import { cookiesOf, type EdgeOptions, TestEdge } from "../support/edge.ts";

const HOST = "http://shop.test";
const T0 = 1_700_000_000_000;
const pods = (count: number) =>
  Array.from({ length: count }, (_, i) => ({ id: `web-${i}`, url: `http://127.0.0.1:${i + 1}` }));

/** An edge with one pool, at `/` as it is, and at `/own` with what a route says. */
async function scene(own: object, pool: object, options: Omit<EdgeOptions, "config"> = {}) {
  const edge = await TestEdge.start({
    config: {
      version: 1,
      explain: true,
      pools: { web: { pods: pods(4), ...pool } },
      routes: [{ pool: "web" }, { path: "/own", pool: "web", ...own }],
    },
    now: () => T0,
    ...options,
  });
  const ask = async (path: string, init: RequestInit = {}) => {
    const from = edge.shipped.length;
    const answer = await edge.ask(HOST + path, init);
    await edge.idle();
    const sent = edge.shipped.slice(from);
    return { answer, status: answer.status, sent, tries: sent.length };
  };
  return { edge, ask };
}

describe("time-outs of a route", () => {
  const termsOf = ({ timeout, limit, abort }: TestEdge["shipped"][number]) => ({ timeout, limit, abort });

  it("go before its pool's, each by itself; other routes of the pool have the pool's", async () => {
    const pool = { timeouts: { headers: "2s", total: "9s" } };
    for (const [timeouts, expected] of [
      [{ headers: "1s500ms" }, { timeout: 1500, limit: 9000 }],
      [{ total: "10s" }, { timeout: 2000, limit: 10_000 }],
      [
        { headers: "300ms", total: "1s" },
        { timeout: 300, limit: 1000 },
      ],
      [{}, { timeout: 2000, limit: 9000 }],
    ] as const) {
      const { ask } = await scene({ timeouts }, pool);
      expect((await ask("/own")).sent.map(termsOf)).toEqual([{ ...expected, abort: false }]);
      expect((await ask("/")).sent.map(termsOf)).toEqual([{ timeout: 2000, limit: 9000, abort: false }]);
    }
  });

  it("bound all tries together, as the pool's do", async () => {
    let now = T0;
    const own = { timeouts: { headers: "1s", total: "2500ms" }, retry: { attempts: 5, on: ["timeout"] } };
    const { ask, edge } = await scene(own, {}, { now: () => now });
    Object.assign(edge.edge.forwarder, {
      send: async (shipment: TestEdge["shipped"][number]) => {
        edge.shipped.push(shipment);
        now += Math.min(shipment.timeout, shipment.limit!);
        return "timeout";
      },
    });
    const { status, sent } = await ask("/own");
    expect([status, sent.map(termsOf)]).toEqual([
      504,
      [2500, 1500, 500].map((limit) => ({ timeout: 1000, limit, abort: true })),
    ]);
  });

  it("are each side's own where the route says nothing", async () => {
    const edge = await TestEdge.start({
      config: {
        version: 1,
        pools: {
          web: { pods: pods(1), affinity: "none", timeouts: { headers: "2s" } },
          canary: { pods: [{ id: "c", url: "http://127.0.0.1:9" }], timeouts: { headers: "3s" } },
        },
        routes: [{ split: { web: 1, canary: 1 }, timeouts: { total: "4s" } }],
      },
    });
    for (let i = 0; i < 40; i++) await edge.ask(HOST);
    const seen = new Set(edge.shipped.map(({ pod, timeout }) => `${pod.pool} ${timeout}`));
    expect([...seen].sort()).toEqual(["canary 3000", "web 2000"]);
  });
});

describe("retries of a route", () => {
  const dead = { pod: () => "connect" as const };

  it("are as many as it says, or none, whatever its pool says", async () => {
    for (const [attempts, status] of [
      [1, 503],
      [3, 503],
      [4, 503],
    ] as const) {
      const { ask } = await scene({ retry: { attempts } }, { retry: { attempts: 2 } }, dead);
      expect(await ask("/own")).toMatchObject({ status, tries: attempts });
      expect(await ask("/")).toMatchObject({ tries: 2 });
    }
  });

  it("are of the failures, methods and bodies that it says", async () => {
    const own = { retry: { on: ["timeout"], methods: ["POST"], bodies: true } };
    const post = { method: "POST", body: "x=1", headers: { "content-length": "3" } };
    const late = await scene(own, {}, { pod: () => "timeout" as const });
    expect(await late.ask("/own", post)).toMatchObject({ status: 504, tries: 2 });
    expect(await late.ask("/", post)).toMatchObject({ status: 504, tries: 1 });
    expect((await late.ask("/own")).sent[0]).toMatchObject({ abort: true });
    const down = await scene(own, {}, dead);
    expect(await down.ask("/own")).toMatchObject({ tries: 1 });
    expect(await down.ask("/")).toMatchObject({ tries: 2 });
  });

  it("are paid for by its pool's budget", async () => {
    const { ask, edge } = await scene({ retry: { attempts: 4 } }, { retry: { budget: "10%" } }, dead);
    for (let i = 0; i < 400; i++) await ask("/own");
    // A tenth of 400.
    expect(edge.shipped.length).toBe(400 + 40);
  });
});

it("a session moves for no try that will not come about: it lay elsewhere in the store, and nobody was told", async () => {
  let now = T0;
  const retry = { on: ["connect", "timeout"] };
  const { ask, edge } = await scene({}, { retry, timeouts: { total: "1s" } }, { now: () => now });
  const begun = await ask("/");
  const cookie = cookiesOf(begun.answer)[0]!.join("=");
  const [{ sid, pod } = { sid: "", pod: 0 }] = edge.store.bindings.values();
  Object.assign(edge.edge.forwarder, {
    send: async () => {
      now += 1000;
      return "timeout";
    },
  });
  expect((await ask("/", { headers: { cookie } })).status).toBe(504);
  expect(edge.store.bindings.get(sid)).toMatchObject({ pod, epoch: 1 });
});

it("a trace holds them, and replays to the pod that was tried last", async () => {
  const own = { retry: { attempts: 3, on: ["timeout"] }, timeouts: { total: "9s" } };
  let count = 0;
  const pod = ({ pod: { id } }: TestEdge["shipped"][number]) => (++count < 3 ? "timeout" : new Response(id));
  const { edge } = await scene(own, {}, { pod });
  const request = { url: `${HOST}/own`, method: "GET", headers: new Headers(), body: null };
  const recorder = new Recorder(edge.edge, request as unknown as Request);
  const answer = await route(recorder.edge, request as unknown as Request, { waitUntil: () => undefined });
  const trace = JSON.parse(JSON.stringify(recorder.trace()));
  expect(count).toBe(3);
  expect(await replay(trace, testCore())).toMatchObject({ outcome: "bound", pod: await answer.text() });
});
