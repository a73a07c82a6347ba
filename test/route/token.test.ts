import { describe, expect, it } from "vitest";
import { tagToHex } from "../../src/model/pod.ts";
import { plan } from "../../src/plan/plan.ts";
import { explain } from "../../src/route/explain.ts";
import { Recorder } from "../../src/route/record.ts";
import { replay } from "../../src/route/replay.ts";
import { route } from "../../src/route/route.ts";
import { testCore } from "../support/core.ts";
import { type EdgeOptions, outcomeOf, TestEdge } from "../support/edge.ts";
import type { MemoryStore } from "../support/memory-store.ts";
import { departing, ListedStore, snapshotOf, viewOf } from "../support/plan-fleet.ts";

const URL = "http://shop.test/";
const START = 1_800_000_000_000;
const pods = [1, 2, 3].map((i) => ({ id: `web-${i}`, url: `http://10.0.0.${i}:8080` }));
const TOKEN = { header: "Session-A", idle: "10m", absolute: "1h" };
const configOf = (affinity: unknown = [{ token: TOKEN }], more: object = {}) => ({
  version: 1,
  explain: true,
  pools: { web: { pods, affinity, ...more }, other: { pods, affinity } },
  routes: [
    { path: "/", pool: "web" },
    { path: "/other", pool: "other" },
  ],
});

class Client {
  token: string | undefined;
  readonly #edge: TestEdge;

  constructor(edge: TestEdge) {
    this.#edge = edge;
  }

  async ask(url = URL, more: Record<string, string> = {}) {
    const headers = { ...more, ...(this.token === undefined ? {} : { "session-a": this.token }) };
    const response = await this.#edge.ask(url, { headers });
    await this.#edge.idle();
    const issued = response.headers.get("session-a") ?? undefined;
    this.token = issued ?? this.token;
    expect(response.headers.getSetCookie()).toEqual([]);
    return { outcome: outcomeOf(response), pod: await response.text(), issued, response };
  }
}

async function start(more: Partial<EdgeOptions> = {}, affinity?: unknown) {
  const clock = { now: START };
  const edge = await TestEdge.start({ config: configOf(affinity), now: () => clock.now, ...more });
  return { edge, clock, client: new Client(edge) };
}

const down = (edge: TestEdge, id: string) => {
  const { tag } = edge.view.pools[0]!.pods.find(({ pod }) => pod.id === id)!.pod;
  edge.health({ [tagToHex(tag)]: "down" });
};

describe("a token in a header", () => {
  it("begins a session, keeps it, and is issued anew when it is due", async () => {
    const { edge, clock, client } = await start();
    const first = await client.ask();
    expect([first.outcome, first.issued?.length]).toEqual(["bound", 96]);
    expect(first.response.headers.get("cache-control")).toBe("private");
    const calls = edge.store.calls;
    for (let i = 0; i < 3; i++) {
      const { outcome, pod, issued } = await client.ask();
      expect([outcome, pod, issued]).toEqual(["kept", first.pod, undefined]);
    }
    // A warm request asks no store.
    expect(edge.store.calls).toBe(calls);
    clock.now += 5 * 60_000;
    const later = await client.ask();
    expect([later.outcome, later.pod, later.issued?.length]).toEqual(["kept", first.pod, 96]);
    // Nobody has seen it for its idle timeout.
    clock.now += 15 * 60_000;
    expect((await client.ask()).outcome).toBe("bound");
    expect(edge.edge.breaks.map(({ cause }) => cause)).toEqual(["expired-idle"]);
  });

  it("is of the same make as a cookie's, good at every edge, and of its own scope", async () => {
    const { edge, client } = await start();
    const { pod } = await client.ask();
    const opened = await edge.edge.sealer.open("web", client.token!);
    expect(edge.view.scopes[0]!.pods.get(opened!.token.pod)?.pod.id).toBe(pod);
    const other = new Client((await start({ store: edge.store })).edge);
    other.token = client.token;
    expect(await other.ask()).toMatchObject({ outcome: "kept", pod });
    expect((await other.ask("http://shop.test/other")).outcome).toBe("bound");
  });

  it("follows its session once when the pod goes, and says why in the ledger", async () => {
    const { edge, client } = await start();
    const first = await client.ask();
    down(edge, first.pod);
    const before = client.token;
    const moved = await client.ask();
    expect(moved).toMatchObject({ outcome: "moved", issued: expect.any(String) });
    expect(moved.pod).not.toBe(first.pod);
    expect(await client.ask()).toMatchObject({ outcome: "kept", pod: moved.pod, issued: undefined });
    // Who comes late with the old one follows.
    const late = new Client(edge);
    late.token = before;
    expect((await late.ask()).pod).toBe(moved.pod);
    expect(new Set(edge.edge.breaks.map(({ epoch, cause }) => `${epoch} ${cause}`))).toEqual(
      new Set(["2 pod-gone"]),
    );
  });

  it("is worth nothing once its session is revoked, forged, or cut", async () => {
    const { edge, client } = await start();
    await client.ask();
    const { sid, epoch } = (await edge.edge.sealer.open("web", client.token!))!.token;
    const exp = START + 3_600_000;
    edge.edge.feed.hear([{ seq: 1, sid, epoch: epoch + 1, to: null, cause: "revoked", exp }], 1, START);
    expect((await client.ask()).outcome).toBe("bound");
    const last = client.token!.endsWith("A") ? "B" : "A";
    for (const text of [client.token!.slice(0, 95) + last, client.token!.slice(1), "x".repeat(96), "é"]) {
      const forged = new Client(edge);
      forged.token = text;
      expect((await forged.ask()).outcome).toBe("bound");
    }
  });

  it("is found among several, as headers of one name arrive joined", async () => {
    const { edge, client } = await start();
    const { pod } = await client.ask();
    const twice = new Client(edge);
    twice.token = `${"x".repeat(96)}, ${client.token}`;
    expect(await twice.ask()).toMatchObject({ outcome: "kept", pod });
  });

  it("is between client and edge: the pod neither sees nor sets it, unless it may see it", async () => {
    const seen: (string | null)[] = [];
    const pod: EdgeOptions["pod"] = ({ headers, pod: { id } }) => {
      seen.push(new Headers(headers).get("session-a"));
      return new Response(id, { headers: { "session-a": "mine" } });
    };
    const { client } = await start({ pod });
    await client.ask();
    expect(client.token).toHaveLength(96);
    expect((await client.ask()).issued).toBeUndefined();
    expect(seen).toEqual([null, null]);
    const { client: open } = await start({ pod }, [{ token: { ...TOKEN, forward: true } }]);
    await open.ask();
    await open.ask();
    expect(seen.slice(2)).toEqual([null, open.token]);
  });

  it("is told to no shared cache: then no session has begun", async () => {
    const { edge, client } = await start({
      pod: ({ pod: { id } }) => new Response(id, { headers: { "cache-control": "max-age=60" } }),
    });
    expect(await client.ask()).toMatchObject({ outcome: "unkeyed", issued: undefined });
    expect(edge.store.bindings.size).toBe(0);
  });

  it("is given to whom a key behind it finds, and goes behind a key", async () => {
    const { edge, client } = await start({}, [{ header: "X-User" }, { token: TOKEN }, "client-ip"]);
    const user = { "x-user": "ann" };
    expect(await client.ask(URL, user)).toMatchObject({ outcome: "bound", issued: undefined });
    const first = await client.ask();
    expect(first).toMatchObject({ outcome: "bound", issued: expect.any(String) });
    // Without the token the address finds the same session.
    expect((await new Client(edge).ask()).pod).toBe(first.pod);
  });

  it("stands in no trace, which replays all the same; explain names its header", async () => {
    const { edge, client } = await start();
    const { pod } = await client.ask();
    const headers = new Headers({ "session-a": client.token! });
    const request = { url: URL, method: "GET", headers, body: null } as unknown as Request;
    const recorder = new Recorder(edge.edge, request);
    await route(recorder.edge, request, { waitUntil: () => undefined });
    const trace = recorder.trace()!;
    expect(JSON.stringify(trace)).not.toContain(client.token);
    expect(await replay(trace, testCore())).toEqual({ outcome: "kept", pool: "web", pod });
    const { steps } = await explain(edge.edge, edge.view, edge.view, request);
    expect(steps.find(({ step }) => step === "affinity")).toMatchObject({ by: "token session-a" });
    expect(steps.find(({ step }) => step === "token")).toMatchObject({ verdict: "good", pod });
  });
});

describe("a token in a header, in a plan", () => {
  it("is carried as long as its header has its name, whatever the host", async () => {
    const store = new ListedStore();
    const doc = (affinity: unknown, hosts = ["shop.test"]) => ({
      version: 1,
      pools: { web: { pods, affinity } },
      routes: hosts.map((host) => ({ host, path: "/", pool: "web" })),
    });
    const memory = store.store as unknown as MemoryStore;
    const config = doc([{ token: TOKEN }]);
    const { edge } = await start({ config, store: memory, now: () => START });
    for (let i = 0; i < 30; i++) await new Client(edge).ask();
    const core = testCore();
    const old = (await snapshotOf(config, 1))!;
    const ended = async (document: object) => {
      const next = (await snapshotOf(document, 2))!;
      const before = viewOf(old, [], {}, core);
      const after = viewOf(next, departing(before, next), {}, core, before);
      const { summary } = await plan(before, after, store.listing(START), START, { limit: 9, after: "" });
      return [summary.ended, summary.exact];
    };
    expect(await ended(config)).toEqual([0, true]);
    expect(await ended(doc([{ token: { ...TOKEN, header: "session-a", idle: "20m" } }]))).toEqual([0, true]);
    expect(await ended(doc([{ token: { ...TOKEN, header: "Session-B" } }]))).toEqual([30, true]);
    expect(await ended(doc(["cookie"]))).toEqual([30, true]);
  });
});
