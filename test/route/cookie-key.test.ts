import { describe, expect, it } from "vitest";
import { tagToHex } from "../../src/model/pod.ts";
import { plan } from "../../src/plan/plan.ts";
import { explain } from "../../src/route/explain.ts";
import { Recorder } from "../../src/route/record.ts";
import { replay } from "../../src/route/replay.ts";
import { route } from "../../src/route/route.ts";
import { testCore } from "../support/core.ts";
import { cookiesOf, type EdgeOptions, outcomeOf, TestEdge } from "../support/edge.ts";
import { MemoryStore } from "../support/memory-store.ts";
import { departing, ListedStore, snapshotOf, viewOf } from "../support/plan-fleet.ts";

const URL = "http://shop.test/";
const NOW = 1_800_000_000_000;
const pods = [1, 2, 3, 4, 5].map((i) => ({ id: `${i}`, url: `http://10.0.0.${i}:8080` }));
const configOf = (key: unknown, policy: unknown = "ring-hash", routes: object[] = [{ pool: "web" }]) => ({
  version: 1,
  explain: true,
  pools: { web: { policy, pods, affinity: [{ "cookie-key": key }] } },
  routes,
});

const start = (key: unknown, more: Partial<EdgeOptions> = {}) =>
  TestEdge.start({ config: configOf(key), now: () => NOW, ...more });

/** Asks with the cookies of a jar, and keeps what comes. */
async function ask(edge: TestEdge, jar: Map<string, string>, url = URL, init: RequestInit = {}) {
  const cookie = [...jar].map((pair) => pair.join("=")).join("; ");
  const headers = { ...(init.headers as Record<string, string>), ...(cookie && { cookie }) };
  const response = await edge.ask(url, { ...init, headers });
  await edge.idle();
  for (const [name, value] of cookiesOf(response)) jar.set(name, value);
  return { response, outcome: outcomeOf(response), pod: await response.text() };
}

describe("the key that an edge makes", () => {
  it("is told in a cookie as Envoy writes it, and in one only", async () => {
    const edge = await start({ name: "Sid", ttl: "1h" });
    const jar = new Map<string, string>();
    const { response, outcome } = await ask(edge, jar);
    expect(outcome).toBe("bound");
    expect(response.headers.getSetCookie()).toEqual([
      expect.stringMatching(/^Sid="[0-9a-f]{16}"; Max-Age=3600; Path=\/; HttpOnly$/),
    ]);
    expect(response.headers.get("cache-control")).toBe("private");
    const [first, again] = [await ask(edge, jar), await ask(edge, jar)];
    expect([first.outcome, again.outcome]).toEqual(["kept", "kept"]);
    expect(first.response.headers.getSetCookie()).toEqual([]);
  });

  it("ends with the browser for a ttl of 0 s, and has the attributes that it is told to have", async () => {
    const line = async (options: object, url = URL) =>
      (await ask(await start({ name: "u", ttl: "0s", ...options }), new Map(), url)).response.headers
        .getSetCookie()[0]!
        .replace(/"\w+"/, "…");
    expect(await line({})).toBe("u=…; Path=/; HttpOnly");
    expect(await line({ path: "/a", domain: "shop.test", sameSite: "Lax" })).toBe(
      "u=…; Domain=shop.test; Path=/a; HttpOnly; SameSite=Lax",
    );
    const none = { sameSite: "None", partitioned: true };
    expect(await line(none)).toBe("u=…; Path=/; HttpOnly; SameSite=Lax");
    expect(await line(none, "https://shop.test/")).toBe(
      "u=…; Path=/; Secure; HttpOnly; SameSite=None; Partitioned",
    );
  });

  it.each(["ring-hash", "maglev", "consistent-hash", "random"])(
    "leads the first request and the next to one pod, also at another edge: %s",
    async (policy) => {
      const store = new MemoryStore();
      const config = configOf({ name: "u", ttl: "1h" }, policy);
      const edges = await Promise.all([1, 2].map(() => TestEdge.start({ config, store, now: () => NOW })));
      const found = new Set<string>();
      for (let i = 0; i < 40; i++) {
        const jar = new Map<string, string>();
        const { pod, outcome } = await ask(edges[i % 2]!, jar);
        expect(outcome).toBe("bound");
        for (const edge of edges) expect(await ask(edge, jar)).toMatchObject({ pod, outcome: "kept" });
        found.add(pod);
      }
      expect(found.size).toBe(5);
    },
  );

  it("is not made for who brings one, whoever made that", async () => {
    const edge = await start({ name: "u", ttl: "1h" });
    for (const value of ["alice", '"alice"', "b".repeat(300)]) {
      const { response } = await ask(edge, new Map([["u", value]]));
      expect(response.headers.getSetCookie()).toEqual([]);
    }
    // With quotes and without it is one session.
    expect(edge.store.bindings.size).toBe(2);
    expect((await ask(edge, new Map([["u", ""]]))).response.headers.getSetCookie()).toHaveLength(1);
  });

  it("is not told where a shared cache would tell others: then no session has begun", async () => {
    const edge = await start(
      { name: "u", ttl: "1h" },
      { pod: ({ pod }) => new Response(pod.id, { headers: { "cache-control": "public, max-age=60" } }) },
    );
    const jar = new Map<string, string>();
    const { response, outcome } = await ask(edge, jar);
    expect([outcome, jar.size, edge.store.bindings.size]).toEqual(["unkeyed", 0, 0]);
    expect(response.headers.get("cache-control")).toBe("public, max-age=60");
    // Who brings a key has a session all the same.
    expect((await ask(edge, new Map([["u", "alice"]]))).outcome).toBe("bound");
  });

  it("is made for no preflight, nor where no session begins, nor without a ttl", async () => {
    const edge = await start({ name: "u", ttl: "1h" });
    const headers = { "access-control-request-method": "PUT", origin: "http://a.test" };
    const preflight = await ask(edge, new Map(), URL, { method: "OPTIONS", headers });
    expect([preflight.outcome, preflight.response.headers.getSetCookie()]).toEqual(["unkeyed", []]);
    const routes = [{ pool: "web", issue: false }];
    const config = configOf({ name: "u", ttl: "1h" }, "ring-hash", routes);
    const closed = await TestEdge.start({ config, now: () => NOW });
    expect((await ask(closed, new Map())).outcome).toBe("unkeyed");
    expect((await ask(await start("u"), new Map())).outcome).toBe("unkeyed");
    expect([edge, closed].map(({ store }) => store.bindings.size)).toEqual([0, 0]);
  });

  it("is one that the client keeps when its pod has gone: it moves once", async () => {
    const edge = await start({ name: "u", ttl: "1h" });
    const jar = new Map<string, string>();
    const first = await ask(edge, jar);
    const pod = edge.view.pools[0]!.pods.find((one) => one.pod.id === first.pod)!.pod;
    edge.health({ [tagToHex(pod.tag)]: "down" });
    const moved = await ask(edge, jar);
    expect([moved.outcome, moved.response.headers.getSetCookie()]).toEqual(["moved", []]);
    expect(moved.pod).not.toBe(first.pod);
    expect(await ask(edge, jar)).toMatchObject({ outcome: "kept", pod: moved.pod });
    expect(edge.edge.breaks.map(({ cause }) => cause)).toEqual(["pod-gone"]);
  });

  it("begins its session where one of its pods can be reached, as that of any key", async () => {
    let dead = "";
    const edge = await start(
      { name: "u", ttl: "1h" },
      {
        pod: ({ pod }) => {
          dead ||= pod.id;
          return pod.id === dead ? "connect" : new Response(pod.id);
        },
        connects: (id) => id !== dead,
      },
    );
    const jar = new Map<string, string>();
    const first = await ask(edge, jar);
    expect([first.outcome, jar.size]).toEqual(["bound", 1]);
    expect(await ask(edge, jar)).toMatchObject({ outcome: "kept", pod: first.pod });
  });

  it("stands in no trace, which replays all the same, and explain says that it was made", async () => {
    const edge = await start({ name: "u", ttl: "1h" });
    const request = { url: URL, method: "GET", headers: new Headers(), body: null } as unknown as Request;
    const recorder = new Recorder(edge.edge, request);
    const response = await route(recorder.edge, request, { waitUntil: () => undefined });
    const [[, value] = ["", ""]] = cookiesOf(response);
    const trace = recorder.trace()!;
    expect(value).toHaveLength(18);
    expect(JSON.stringify(trace)).not.toContain(value.slice(1, -1));
    const pod = await response.text();
    expect(await replay(trace, testCore())).toEqual({ outcome: "bound", pool: "web", pod });

    const stepOf = async (headers: object) => {
      const asked = { url: URL, method: "GET", headers: new Headers(headers as never), body: null };
      const told = await explain(edge.edge, edge.view, edge.view, asked as unknown as Request);
      return told.steps.find(({ step }) => step === "affinity");
    };
    expect(await stepOf({})).toMatchObject({ by: "cookie u", made: true, sid: expect.any(String) });
    const brought = await stepOf({ cookie: "u=alice" });
    expect(brought).toMatchObject({ by: "cookie u", sid: expect.any(String) });
    expect(brought).not.toHaveProperty("made");
  });
});

describe("the key of a cookie in a plan", () => {
  it("is one as that of a header: its sessions move with their pods, and end with its name", async () => {
    const config = (names: Record<string, unknown>, count = 5) => ({
      version: 1,
      pools: Object.fromEntries(
        Object.entries(names).map(([name, affinity]) => [
          name,
          { policy: "ring-hash", affinity, pods: pods.slice(0, count) },
        ]),
      ),
      routes: Object.keys(names).map((name) => ({ host: `${name}.test`, pool: name })),
    });
    const affinities = { key: { "cookie-key": { name: "u", ttl: "1h" } }, head: { header: "X-User" } };
    const store = new ListedStore();
    const memory = store.store as unknown as MemoryStore;
    const edge = await TestEdge.start({ config: config(affinities), store: memory, now: () => NOW });
    for (let i = 0; i < 60; i++) {
      await edge.ask("http://key.test/", { headers: { cookie: `u="user-${i}"` } });
      await edge.ask("http://head.test/", { headers: { "x-user": `user-${i}` } });
    }
    await edge.idle();
    const core = testCore();
    const old = (await snapshotOf(config(affinities), 1))!;
    const planned = async (document: object) => {
      const next = (await snapshotOf(document, 2))!;
      const before = viewOf(old, [], {}, core);
      const after = viewOf(next, departing(before, next), {}, core, before);
      const told = await plan(before, after, store.listing(NOW), NOW, { limit: 1000, after: "" });
      const of = (pool: string) => told.moves.filter((move) => move.pool === pool);
      return { told, key: of("key"), head: of("head") };
    };
    const fewer = await planned(config(affinities, 4));
    expect(fewer.key.length).toBeGreaterThan(0);
    const froms = (moves: readonly { from: string; cause: string }[]) =>
      moves.map(({ from, cause }) => `${from} ${cause}`);
    expect(froms(fewer.key)).toEqual(froms(fewer.head));
    expect(fewer.told.summary).toMatchObject({ exact: true, ended: 0 });
    const renamed = await planned(config({ ...affinities, key: { "cookie-key": { name: "v" } } }));
    expect([renamed.key.length, renamed.head.length]).toEqual([60, 0]);
    expect(new Set(renamed.key.map(({ cause }) => cause))).toEqual(new Set(["config-change"]));
  });

  it("counts the keys without a session by the ring: another address is another place there", async () => {
    const config = (last: number) => ({
      ...configOf("u"),
      pools: {
        web: {
          policy: "ring-hash",
          affinity: { "cookie-key": "u" },
          pods: pods.map((pod, i) => (i === 4 ? { ...pod, url: `http://10.0.0.${last}:8080` } : pod)),
        },
      },
    });
    const core = testCore();
    const listing = new ListedStore().listing(NOW);
    const old = (await snapshotOf(config(5), 1))!;
    const shareOf = async (last: number) => {
      const next = (await snapshotOf(config(last), 2))!;
      const before = viewOf(old, [], {}, core);
      const after = viewOf(next, [], {}, core);
      return (await plan(before, after, listing, NOW, { limit: 1, after: "" })).keys.moved;
    };
    expect(await shareOf(5)).toBe(0);
    // Its points are others: it loses a fifth of the keys, and takes as many of those of the others.
    const share = await shareOf(6);
    expect(share).toBeGreaterThan(0.25);
    expect(share).toBeLessThan(0.4);
  });
});
