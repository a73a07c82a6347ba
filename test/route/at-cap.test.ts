import { describe, expect, it } from "vitest";
import type { Failure, Shipment } from "../../src/route/edge.ts";
import { cookiesOf, TestEdge } from "../support/edge.ts";

const URL = "http://shop.test/";

/** An edge whose pods answer when they are told to, and whose waits end when they are told to. */
async function scene(pool: object, pods = 2) {
  const open: { id: string; answer: (answer?: Response | Failure) => void }[] = [];
  const waits = new Set<() => void>();
  const releases: (() => void)[] = [];
  const held = { to: false };
  const edge = await TestEdge.start({
    config: {
      version: 1,
      explain: true,
      pools: {
        web: {
          pods: Array.from({ length: pods }, (_, i) => ({
            id: `web-${i}`,
            url: `http://127.0.0.1:${i + 1}`,
          })),
          maxInFlight: 1,
          ...pool,
        },
      },
      routes: [{ pool: "web" }],
    },
    pod: ({ pod: { id } }: Shipment) =>
      new Promise((resolve) => {
        open.push({ id, answer: (answer = new Response(id)) => resolve(answer) });
      }),
    after: (_, expire) => {
      waits.add(expire);
      return () => waits.delete(expire);
    },
    hold: (release) => (held.to ? releases.push(release) : release()),
  });
  const settle = async () => {
    for (let i = 0; i < 50; i++) await Promise.resolve();
    await new Promise((resolve) => setImmediate(resolve));
    for (let i = 0; i < 50; i++) await Promise.resolve();
  };
  const ask = (cookie = "", signal?: AbortSignal) => {
    const state = { status: 0, body: "", cookie, code: "" };
    const init = { headers: cookie === "" ? {} : { cookie }, ...(signal && { signal }) };
    const done = edge.ask(URL, init).then(async (answer) => {
      state.cookie = cookiesOf(answer)[0]?.join("=") ?? cookie;
      state.body = await answer.text();
      state.code =
        answer.headers.get("retry-after") === null ? "" : (JSON.parse(state.body) as { code: string }).code;
      state.status = answer.status;
    });
    return Object.assign(state, { done });
  };
  /** A session that is bound, at an idle edge. */
  const bound = async () => {
    const first = ask();
    await settle();
    open.shift()!.answer();
    await first.done;
    return { cookie: first.cookie, home: first.body };
  };
  const inflight = () => [...edge.view.pools[0]!.inflight];
  return { edge, open, waits, releases, held, settle, ask, bound, inflight };
}

describe("a pod at its cap", () => {
  it("serves its sessions in the order in which they came, one place at a time", async () => {
    const { ask, bound, open, settle, inflight, waits } = await scene({});
    const { cookie, home } = await bound();
    const asked = [ask(cookie), ask(cookie), ask(cookie)];
    await settle();
    for (let i = 0; i < 3; i++) {
      expect(open.map(({ id }) => id)).toEqual([home]);
      expect(Math.max(...inflight())).toBe(1);
      expect(asked.map(({ status }) => status)).toEqual([200, 200, 200].map((ok, at) => (at < i ? ok : 0)));
      open.shift()!.answer();
      await settle();
    }
    expect(asked.map(({ status, body }) => `${status} ${body}`)).toEqual(Array(3).fill(`200 ${home}`));
    expect(inflight()).toEqual([0, 0]);
    expect(waits.size).toBe(0);
  });

  it("sends new sessions to the next candidate, and away when every pod is at its cap", async () => {
    for (const policy of ["consistent-hash", "round-robin", "least-request", "random", "peak-ewma"]) {
      const { ask, open, settle, inflight } = await scene({ policy }, 3);
      const asked = [ask(), ask(), ask(), ask()];
      await settle();
      expect(new Set(open.map(({ id }) => id)).size, policy).toBe(3);
      expect(asked[3]).toMatchObject({ status: 503, code: "busy" });
      for (const { answer } of open.splice(0)) answer();
      await Promise.all(asked.map(({ done }) => done));
      expect(asked.map(({ status }) => status)).toEqual([200, 200, 200, 503]);
      expect(inflight()).toEqual([0, 0, 0]);
    }
  });

  it("lets a key wait that a pod may have minted where no store was told, as nobody else has its session", async () => {
    // It went to any pod that had room: at three edges one session was at three pods.
    const { ask, open } = await scene({ affinity: { learn: { cookie: "SESSIONID" } } }, 3);
    const asked = Array.from({ length: 3 }, () => ask("SESSIONID=of-some-pod"));
    const pods = new Set<string>();
    for (let i = 0; i < 3; i++) {
      await expect.poll(() => open.length).toBe(1);
      const { id, answer } = open.shift()!;
      pods.add(id);
      answer();
    }
    await Promise.all(asked.map(({ done }) => done));
    expect(asked.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(pods.size).toBe(1);
  });

  it("does not make those pay for it that no session should go to", async () => {
    const { ask, open, settle, edge } = await scene({ health: { panic: "0%" } });
    const [one, other] = edge.view.pools[0]!.tags as [string, string];
    edge.health({ [one]: "unready", [other]: "ready" });
    const asked = [ask(), ask()];
    await settle();
    expect(open.map(({ id }) => id)).toEqual(["web-1"]);
    expect(asked[1]).toMatchObject({ status: 503, code: "busy" });
    open[0]!.answer();
    await settle();
  });

  it("lets no more wait than its queue holds, and none for longer than it may", async () => {
    const { ask, bound, open, settle, inflight, waits, edge } = await scene({ queue: 2 });
    const { cookie } = await bound();
    edge.edge.counters.take();
    const asked = [ask(cookie), ask(cookie), ask(cookie), ask(cookie)];
    await settle();
    expect(asked.map(({ status }) => status)).toEqual([0, 0, 0, 503]);
    expect(waits.size).toBe(2);
    for (const expire of [...waits]) expire();
    await settle();
    expect(asked.map(({ status, code }) => `${status} ${code}`)).toEqual([
      "0 ",
      ...Array(3).fill("503 busy"),
    ]);
    open.shift()!.answer();
    await settle();
    expect(inflight()).toEqual([0, 0]);
    const counts = edge.edge.counters.take();
    expect(counts.find(({ outcome }) => outcome === "queued")?.count).toBe(2);
    expect(counts.find(({ outcome }) => outcome === "crowded-out")?.count).toBe(3);
  });

  it("has no line where its queue is 0", async () => {
    const { ask, bound, open, settle } = await scene({ queue: 0 });
    const { cookie } = await bound();
    const asked = [ask(cookie), ask(cookie)];
    await settle();
    expect(asked.map(({ status }) => status)).toEqual([0, 503]);
    open[0]!.answer();
    await settle();
  });

  it("forgets a client that goes away while it waits, and serves the next", async () => {
    const { edge, bound, open, settle, inflight, waits } = await scene({});
    const { cookie } = await bound();
    const gone = new AbortController();
    // A Request of Node's own, with a signal that is told.
    const send = (signal?: AbortSignal) =>
      edge.ask(URL, { method: "POST", body: "x", headers: { cookie }, ...(signal && { signal }) });
    const first = send();
    await settle();
    const left = send(gone.signal);
    const last = send();
    await settle();
    gone.abort();
    expect((await left).status).toBe(503);
    open.shift()!.answer();
    await settle();
    expect((await first).status).toBe(200);
    open.shift()!.answer();
    expect((await last).status).toBe(200);
    expect(inflight()).toEqual([0, 0]);
    expect([open.length, waits.size]).toEqual([0, 0]);
  });

  it.each([
    ["a response", undefined],
    ["a failed connection", "connect"],
    ["a time-out", "timeout"],
    ["a client's broken body", "client"],
    ["garbage", "garbage"],
  ] as const)("has its place back after %s, once", async (_, failure) => {
    const { ask, bound, open, settle, inflight } = await scene({ retry: { attempts: 1 } });
    const { cookie } = await bound();
    for (let i = 0; i < 3; i++) {
      const asked = [ask(cookie), ask(cookie)];
      await settle();
      expect(inflight().reduce((sum, n) => sum + n)).toBe(1);
      open.shift()!.answer(failure);
      await settle();
      for (const { answer } of open.splice(0)) answer();
      await Promise.all(asked.map(({ done }) => done));
      expect(inflight()).toEqual([0, 0]);
    }
  });

  it("keeps its place until the body has ended", async () => {
    const { ask, bound, open, settle, inflight, held, releases } = await scene({});
    const { cookie } = await bound();
    held.to = true;
    const [first, second] = [ask(cookie), ask(cookie)];
    await settle();
    open.shift()!.answer();
    await first.done;
    await settle();
    expect([first.status, second.status, open.length]).toEqual([200, 0, 0]);
    releases.shift()!();
    await settle();
    open.shift()!.answer();
    await second.done;
    releases.shift()!();
    expect(inflight()).toEqual([0, 0]);
  });
});

describe("a pool without a cap", () => {
  it("has no line", async () => {
    const { ask, open, settle, edge } = await scene({ maxInFlight: undefined }, 1);
    const asked = Array.from({ length: 50 }, () => ask());
    await settle();
    expect(open.length).toBe(50);
    expect(edge.view.pools[0]!.pods[0]!.line).toBeUndefined();
    for (const { answer } of open) answer();
    await Promise.all(asked.map(({ done }) => done));
  });
});
