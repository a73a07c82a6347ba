import { describe, expect, it } from "vitest";
import type { Failure, Shipment } from "../../src/route/edge.ts";
import { cookiesOf, TestEdge } from "../support/edge.ts";

const URL = "http://shop.test/";

/** An edge whose pods fail as they are told, and a client with a cookie jar. */
async function scene(count: number, pool: object, now = () => 1_700_000_000_000) {
  const faults = new Map<string, Failure>();
  const unreachable = new Set<string>();
  const edge = await TestEdge.start({
    config: {
      version: 1,
      explain: true,
      pools: {
        web: {
          pods: Array.from({ length: count }, (_, i) => ({
            id: `web-${i}`,
            url: `http://127.0.0.1:${i + 1}`,
          })),
          ...pool,
        },
      },
      routes: [{ pool: "web" }],
    },
    now,
    pod: ({ pod: { id } }) => faults.get(id) ?? new Response(id),
    connects: (id) => !unreachable.has(id),
  });
  const ask = async (cookie = "", init: RequestInit = {}) => {
    const from = edge.shipped.length;
    const answer = await edge.ask(URL, { ...init, headers: { ...init.headers, ...(cookie && { cookie }) } });
    await edge.idle();
    return {
      status: answer.status,
      decision: answer.headers.get("mooring-decision") ?? "",
      cookie: cookiesOf(answer)[0]?.join("=") ?? cookie,
      tried: edge.shipped.slice(from).map(({ pod }) => pod.id),
      sent: edge.shipped.slice(from) as readonly Shipment[],
    };
  };
  const all = (fault: Failure) => {
    for (let i = 0; i < count; i++) faults.set(`web-${i}`, fault);
  };
  return { edge, ask, all, faults, unreachable };
}

describe("attempts", () => {
  it("of a new session are each at another pod, as many as the pool says", async () => {
    for (const attempts of [1, 2, 3, 5]) {
      const { ask, all } = await scene(4, { retry: { attempts } });
      all("connect");
      const { status, tried } = await ask();
      expect(status).toBe(503);
      expect(tried.length).toBe(Math.min(attempts, 4));
      expect(new Set(tried).size).toBe(tried.length);
    }
  });

  it("of a bound one move it once, however many are left", async () => {
    const { ask, all, unreachable } = await scene(4, { retry: { attempts: 5 } });
    const { cookie, tried } = await ask();
    all("connect");
    for (let i = 0; i < 4; i++) unreachable.add(`web-${i}`);
    const lost = await ask(cookie);
    expect(lost.tried.length).toBe(2);
    expect(lost.tried[0]).toBe(tried[0]);
  });

  it("of a bound one go to the same pod while that connects", async () => {
    const { ask, all } = await scene(4, { retry: { attempts: 5 } });
    const { cookie, tried } = await ask();
    all("connect");
    expect((await ask(cookie)).tried).toEqual(Array.from({ length: 5 }, () => tried[0]));
  });
});

describe("a time-out", () => {
  it("is the end of a request, unless the pool says otherwise", async () => {
    const { ask, all } = await scene(3, {});
    all("timeout");
    expect(await ask()).toMatchObject({ status: 504, tried: [expect.anything()] });
  });

  it("is tried elsewhere where the pool says so: a bound session moves, a POST does not", async () => {
    const { ask, faults } = await scene(3, { retry: { on: ["connect", "timeout"] } });
    const { cookie, tried } = await ask();
    const [home] = tried as [string];
    faults.set(home, "timeout");
    expect(await ask(cookie, { method: "POST" })).toMatchObject({ status: 504, tried: [home] });
    const moved = await ask(cookie);
    expect(moved.status).toBe(200);
    expect(moved.decision).toContain(`moved; `);
    expect(moved.decision).toContain(`from=${home}`);
    expect(moved.tried).toEqual([home, expect.not.stringContaining(home)]);
    faults.clear();
    expect((await ask(moved.cookie)).tried).toEqual([moved.tried[1]]);
  });

  it("at the last pod stays a time-out", async () => {
    const { ask, all } = await scene(1, { retry: { on: ["connect", "timeout"] } });
    all("timeout");
    expect((await ask()).status).toBe(504);
  });

  it("of all tries together ends them: what is left of it is each one's limit", async () => {
    let now = 1_700_000_000_000;
    const retry = { attempts: 5, on: ["connect", "timeout"] };
    const { ask, edge } = await scene(5, { retry, timeouts: { headers: "1s", total: "2500ms" } }, () => now);
    Object.assign(edge.edge.forwarder, {
      send: async (shipment: Shipment): Promise<Failure> => {
        edge.shipped.push(shipment);
        now += Math.min(shipment.timeout, shipment.limit!);
        return "timeout";
      },
    });
    const { status, sent } = await ask();
    expect(status).toBe(504);
    expect(sent.map(({ limit }) => limit)).toEqual([2500, 1500, 500]);
  });
});

describe("the budget", () => {
  it("bounds the retries of sessions that begin, and those after a time-out", async () => {
    for (const fault of ["connect", "timeout"] as const) {
      const { edge, ask, all } = await scene(4, { retry: { attempts: 5, on: ["connect", "timeout"] } });
      all(fault);
      for (let i = 0; i < 400; i++) await ask();
      // A fifth of 400.
      expect(edge.shipped.length).toBe(400 + 80);
      const counts = new Map(edge.edge.counters.take().map(({ outcome, count }) => [outcome, count]));
      expect(counts.get("retried")).toBe(80);
      expect(counts.get("budget-spent")).toBeGreaterThan(300);
    }
  });

  it("bounds moves of bound sessions after a time-out, which nothing had held to it", async () => {
    const { edge, ask, all } = await scene(4, { retry: { on: ["connect", "timeout"] } });
    const cookies: string[] = [];
    for (let i = 0; i < 150; i++) cookies.push((await ask()).cookie);
    all("timeout");
    const before = edge.shipped.length;
    for (const cookie of cookies) await ask(cookie);
    // A fifth of all 300.
    expect(edge.shipped.length - before).toBe(150 + 60);
  });

  it("bounds what is sent to the same pod again", async () => {
    const { edge, ask, all } = await scene(4, { retry: { attempts: 5 } });
    const { cookie } = await ask();
    all("connect");
    const before = edge.shipped.length;
    for (let i = 0; i < 400; i++) await ask(cookie);
    // The probes before them count as well.
    expect(edge.shipped.length - before).toBeLessThanOrEqual(400 + 81);
  });

  it("leaves each session its first move from an epoch, and no second", async () => {
    const { edge, ask, faults, unreachable } = await scene(3, { retry: { budget: "0%" } });
    const sessions = [];
    for (let i = 0; i < 120; i++) sessions.push(await ask());
    faults.set("web-0", "connect");
    unreachable.add("web-0");
    const stranded = sessions.filter(({ tried }) => tried[0] === "web-0");
    expect(stranded.length).toBeGreaterThan(30);
    // More than the 30 that are always left.
    for (const { cookie } of stranded) expect(await ask(cookie)).toMatchObject({ status: 200 });
    expect(edge.edge.breaks.length).toBe(stranded.length);
  });

  it("is spent by a session that comes again and again with the same old epoch", async () => {
    const { edge, ask, all, unreachable } = await scene(2, { retry: { budget: "0%" } });
    const { cookie } = await ask();
    all("connect");
    for (const id of ["web-0", "web-1"]) unreachable.add(id);
    const before = edge.shipped.length;
    for (let i = 0; i < 100; i++) await ask(cookie);
    expect(edge.shipped.length - before).toBeLessThanOrEqual(100 + 1 + 30);
  });
});

describe("what is not idempotent, or has a body", () => {
  const post = { method: "POST", body: "x=1", headers: { "content-length": "3" } };
  const put = { ...post, method: "PUT" };
  const bytes = (sent: readonly Shipment[]) =>
    sent.map(({ body }) =>
      body instanceof Uint8Array ? new TextDecoder().decode(body) : body === null ? "" : "stream",
    );

  it("is sent once", async () => {
    const { ask, all } = await scene(3, {});
    all("connect");
    expect(await ask("", post)).toMatchObject({ status: 502, tried: [expect.anything()] });
    expect(await ask("", put)).toMatchObject({ status: 502 });
  });

  it("is sent again, its body held, where the pool says so of bodies, and of the method", async () => {
    const { ask, all } = await scene(3, { retry: { bodies: true } });
    all("connect");
    expect((await ask("", post)).tried.length).toBe(1);
    const again = await ask("", put);
    expect(bytes(again.sent)).toEqual(["x=1", "x=1"]);
    const opted = await scene(3, { retry: { bodies: true, methods: ["POST"] } });
    opted.all("connect");
    expect(bytes((await opted.ask("", post)).sent)).toEqual(["x=1", "x=1"]);
    expect((await opted.ask("", { ...post, method: "PATCH" })).tried.length).toBe(1);
  });

  it("is not held when it is long, or does not say how long it is", async () => {
    const { ask, all } = await scene(3, { retry: { bodies: true } });
    all("connect");
    const long = { ...put, body: "x".repeat(65_537), headers: { "content-length": "65537" } };
    expect(bytes((await ask("", long)).sent)).toEqual(["stream"]);
    expect(bytes((await ask("", { method: "PUT", body: "x=1" })).sent)).toEqual(["stream"]);
  });

  it("of a method that the pool names is sent again when it has no body", async () => {
    const { ask, all } = await scene(3, { retry: { methods: ["POST"] } });
    all("connect");
    expect((await ask("", { method: "POST" })).tried.length).toBe(2);
  });
});
