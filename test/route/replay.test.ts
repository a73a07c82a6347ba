import { describe, expect, it } from "vitest";
import { type PodState, STATES } from "../../src/health/state.ts";
import { tagToHex } from "../../src/model/pod.ts";
import { Recorder } from "../../src/route/record.ts";
import { outcomeOf, replay } from "../../src/route/replay.ts";
import { route } from "../../src/route/route.ts";
import type { Trace } from "../../src/route/trace.ts";
import { testCore } from "../support/core.ts";
import { cookiesOf, TestEdge } from "../support/edge.ts";
import { backendKey, md5 } from "../support/live-cookies.ts";
import { seeded } from "../support/seeded.ts";

const SECRET_QUERY = "reset-token-4711";
const USER = "user-of-a-bank";

const pods = (name: string, count: number, more: object = {}) =>
  Array.from({ length: count }, (_, i) => {
    return { id: `${name}-${i}`, url: `http://10.9.8.${i}:9000`, weight: 1 + (i % 3), ...more };
  });
const POLICIES = [
  "consistent-hash",
  { "consistent-hash": { boundedLoad: true } },
  "least-request",
  { "least-request": { choices: "all" } },
  "peak-ewma",
  "ewma",
  "ketama",
  { ketama: { by: "$http_x_user$request_uri", subset: 2 } },
  "ring-hash",
  { maglev: { by: ["$http_x_user", "$request_uri"], tableSize: 251 } },
  "round-robin",
  "random",
];

function configOf(policy: string | object, affinity: unknown) {
  const slow = { slowStart: "1m" };
  return {
    version: 1,
    explain: true,
    trustedProxies: ["203.0.113.0/24"],
    pools: {
      web: { policy, affinity, pods: pods("web", 5), failover: "temporary", ...slow, tableBits: 10 },
      canary: { policy, affinity, pods: pods("canary", 3), tableBits: 10 },
      other: { pods: pods("other", 2), tableBits: 10 },
    },
    routes: [
      { host: "shop.test", path: "/api", pool: "other" },
      {
        host: "shop.test",
        path: "/",
        split: { web: 7, canary: 3 },
        overrides: [{ header: "x-canary", value: "yes", pool: "canary" }],
      },
    ],
  };
}

const AFFINITIES: [string, unknown][] = [
  ["cookie", [{ cookie: { idle: "10m" } }]],
  ["header", [{ header: "x-user" }]],
  ["cookie, then header", [{ cookie: {} }, { header: "x-user" }]],
  ["client address", ["client-ip"]],
  ["several things", [{ hash: [{ header: "x-user" }, { query: "q" }, "client-ip"] }]],
  ["a cookie that is the key", [{ "cookie-key": { name: "user-key", ttl: "10m" } }]],
  ["a token in a header", [{ token: { header: "Session-A", idle: "10m" } }]],
  ["none", ["none"]],
  ["live cookies of ingress-nginx", [{ cookie: liveCookie("balanced") }]],
  ["persistent ones", [{ cookie: liveCookie("persistent") }]],
];

function liveCookie(mode: "balanced" | "persistent") {
  const ingressNginx = { mode, backend: "shop-web-80", canary: { canary: "shop-canary-80" } };
  return { name: "INGRESSCOOKIE", idle: "10m", ingressNginx };
}

/** What a client may have from before; the pods are those of configOf. */
const LIVE = [
  `1757698459.933.11660.1|${backendKey("shop-web-80")}`,
  `1757698459.933.11660.2|${backendKey("shop-canary-80")}`,
  "1757698459.933.11660.3",
  `${md5("shop-web-8010.9.8.2:9000")}|${backendKey("shop-web-80")}`,
  `${md5("shop-canary-8010.9.8.1:9000")}|${backendKey("shop-canary-80")}`,
  `${md5("shop-canary-8010.9.8.9:9000")}|${backendKey("shop-canary-80")}`,
];

describe("a trace of a decision", () => {
  it.each(AFFINITIES)("replays to the same pod: %s", async (_name, affinity) => {
    const core = testCore();
    let [traces, outcomes] = [0, new Set<string>()];
    for (const [seed, policy] of POLICIES.entries()) {
      const chance = seeded(100 + seed);
      let now = 1_800_000_000_000;
      let dead = "";
      const edge = await TestEdge.start({
        config: configOf(policy, affinity),
        now: () => now,
        pod: ({ pod }) => (pod.id === dead ? "connect" : new Response(pod.id)),
        connects: (id) => id !== dead,
      });
      const clients = Array.from({ length: 8 }, (_, i) => ({
        jar: new Map(i < LIVE.length ? [["INGRESSCOOKIE", LIVE[i]!]] : []),
        user: `${USER}-${i}`,
        token: undefined as string | undefined,
      }));
      const pools = edge.view.pools;
      for (let i = 0; i < 60; i++) {
        now += chance.below(3) === 0 ? chance.below(200) * 1000 : 50;
        disturb();
        const client = clients[chance.below(clients.length)]!;
        const headers = new Headers({
          "x-user": client.user,
          authorization: "Bearer a-secret-of-the-client",
        });
        if (chance.below(4) === 0) headers.set("x-canary", chance.below(2) === 0 ? "yes" : "a-secret-value");
        if (client.token !== undefined) headers.set("session-a", client.token);
        if (client.jar.size > 0)
          headers.set("cookie", [...client.jar].map((pair) => pair.join("=")).join("; "));
        const path = chance.below(6) === 0 ? "/api/x" : "/cart";
        const method = chance.below(4) === 0 ? "POST" : "GET";
        const request = { url: `http://shop.test${path}?token=${SECRET_QUERY}`, method, headers, body: null };
        const recorder = new Recorder(edge.edge, request as unknown as Request);
        const work: Promise<unknown>[] = [];
        const response = await route(recorder.edge, request as unknown as Request, {
          waitUntil: (one) => void work.push(one),
        });
        while (work.length > 0) await Promise.all(work.splice(0));
        const pod = response.ok ? await response.text() : undefined;
        const outcome = outcomeOf(response);
        const pool = pod?.replace(/-\d+$/, "");
        const text = JSON.stringify(recorder.trace());
        const issued = response.headers.get("session-a");
        if (issued !== null) client.token = issued;
        for (const [name, value] of cookiesOf(response)) {
          client.jar.set(name, value);
          // What is sealed is worth its session to whoever has it.
          expect(text).not.toContain(value);
        }
        for (const value of client.jar.values()) expect(text).not.toContain(value);
        if (client.token !== undefined) expect(text).not.toContain(client.token);
        expect(text).not.toMatch(/reset-token|user-of-a-bank|a-secret|10\.9\.8\./);
        expect(await replay(JSON.parse(text) as Trace, core)).toEqual({ outcome, pool, pod });
        expect(JSON.parse(text)).toMatchObject({ outcome, ...(pod === undefined ? {} : { pool, pod }) });
        traces++;
        outcomes.add(outcome);
      }

      function disturb(): void {
        if (chance.below(5) === 0) dead = chance.below(2) === 0 ? "" : `web-${chance.below(5)}`;
        if (chance.below(6) === 0) {
          const names = Object.keys(STATES) as PodState[];
          const health: Record<string, PodState> = {};
          for (const { pods: all } of pools) {
            for (const { pod } of all) {
              if (chance.below(6) === 0) health[tagToHex(pod.tag)] = names[chance.below(names.length)]!;
            }
          }
          edge.health(health);
        }
        if (chance.below(6) === 0) {
          const load = {
            m: 2,
            pods: Object.fromEntries(pools[0]!.tags.map((tag) => [tag, [chance.below(9), 1] as const])),
          };
          const starting = { [pools[0]!.tags[chance.below(5)]!]: chance.below(60_000) };
          const answer = { load: { web: load }, isolates: 1 + chance.below(2), starting };
          for (const pool of pools) pool.hear(answer as never, {}, now, 1000);
        }
        for (const pool of pools) {
          const index = chance.below(pool.pods.length);
          if (chance.below(3) === 0) pool.pods[index]!.take(now);
          else pool.pods[index]!.release(now);
          if (chance.below(3) === 0) pool.observe(index, chance.below(500), now);
        }
      }
    }
    expect(traces).toBe(60 * POLICIES.length);
    expect(outcomes.size).toBeGreaterThan(Array.isArray(affinity) && affinity[0] === "none" ? 0 : 2);
  });

  it("knows what a probe said that another request had begun: it could not be replayed", async () => {
    let dead = "";
    const edge = await TestEdge.start({
      config: configOf("random", ["cookie"]),
      pod: ({ pod }) => (pod.id === dead ? "connect" : new Response(pod.id)),
      connects: (id) => id !== dead,
    });
    const first = await edge.ask("http://shop.test/cart");
    const cookie = cookiesOf(first)
      .map((pair) => pair.join("="))
      .join("; ");
    dead = await first.text();
    const told = await Promise.all(
      [0, 1, 2].map(async () => {
        const headers = new Headers({ cookie });
        const request = { url: "http://shop.test/cart", method: "GET", headers, body: null };
        const recorder = new Recorder(edge.edge, request as unknown as Request);
        const response = await route(recorder.edge, request as unknown as Request, {
          waitUntil: () => undefined,
        });
        return { trace: recorder.trace()!, outcome: outcomeOf(response), pod: await response.text() };
      }),
    );
    expect(told.map(({ outcome }) => outcome)).toEqual(["moved", "moved", "moved"]);
    for (const { trace, outcome, pod } of told) {
      expect(await replay(trace, testCore())).toMatchObject({ outcome, pod });
    }
  });

  it("says what it does not know, rather than guess", async () => {
    const edge = await TestEdge.start({ config: configOf("random", ["cookie"]) });
    const request = { url: "http://shop.test/", method: "GET", headers: new Headers(), body: null };
    const recorder = new Recorder(edge.edge, request as unknown as Request);
    await route(recorder.edge, request as unknown as Request, { waitUntil: () => undefined });
    const trace = recorder.trace()!;
    const cut = { ...trace, answers: { ...trace.answers, word: [] } };
    await expect(replay(cut, testCore())).rejects.toThrow(
      "the trace does not say what was answered to: word",
    );
  });
});
