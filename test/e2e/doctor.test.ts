import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Advice } from "../../src/doctor/advice.ts";
import type { Finding } from "../../src/doctor/finding.ts";
import { checks } from "../../src/doctor/index.ts";
import { type FaultyRest, startFaultyRest } from "../../tools/chaos/rest/proxy.ts";
import { call, Jar } from "../../tools/fleet/client.ts";
import { type Fleet, SHARED, startFleet } from "../../tools/fleet/fleet.ts";
import { type PodApp, podApp } from "../../tools/fleet/pod-app.ts";
import { Tokens } from "../../tools/fleet/token.ts";
import { eventually, inParallel } from "../../tools/fleet/wait.ts";
import { findRedisServer } from "../../tools/gateway/redis.ts";
import { startPod, type TestPod } from "../support/pod.ts";

interface Diagnosis {
  readonly findings: readonly Finding[];
  readonly advice: readonly Advice[];
  readonly revision: number;
}

const RETIRED = "a-retired-secret-of-a-fleet-of-more-than-32-bytes";
const READY = { readiness: { path: "/ready", period: "500ms", failure: 1 } };

/** A pool for each fault, so that none meets what another left behind: how many pods, and what the config says besides. */
const POOLS: Readonly<Record<string, readonly [pods: number, config: object]>> = {
  web: [3, { health: READY }],
  unready: [3, { health: READY }],
  flap: [2, { health: { readiness: { ...READY.readiness, period: "200ms" } } }],
  roll: [3, {}],
  dead: [1, {}],
  retry: [2, {}],
  slow: [1, { timeouts: { headers: "200ms" } }],
  full: [1, { maxInFlight: 1, queue: 0 }],
  errors: [1, {}],
  idle: [2, { affinity: [{ header: { name: "X-User", timeout: "1s" } }] }],
  nat: [2, { affinity: ["client-ip"] }],
  phone: [2, { affinity: ["client-ip"] }],
  hot: [2, {}],
  weights: [3, {}],
  scale: [4, {}],
  disagree: [2, {}],
  empty: [0, {}],
};

const newJars = (count: number) => Array.from({ length: count }, () => new Jar());

/** Each fault is made over real processes, and doctor names it; a deployment that is well has none. */
describe("GET /doctor", { timeout: 120_000 }, () => {
  let fleet: Fleet;
  const pods = new Map<string, { readonly pod: TestPod; readonly app: PodApp }>();
  /** Isolates that are none, by the heartbeats that they tell. */
  const strangers: Record<string, object> = {};
  let stopped = false;
  let beating: Promise<void> | undefined;

  const document = (podsOf: (pool: string) => number = (pool) => POOLS[pool]![0]) => ({
    version: 1,
    explain: true,
    trustedProxies: ["127.0.0.0/8"],
    pools: Object.fromEntries(
      Object.entries(POOLS).map(([name, [, config]]) => {
        const ids = Array.from({ length: podsOf(name) }, (_, i) => `${name}-${i}`);
        return [name, { ...config, pods: ids.map((id) => ({ id, url: pods.get(id)!.pod.url })) }];
      }),
    ),
    routes: Object.keys(POOLS).map((name) => ({ path: `/${name}`, pool: name })),
  });

  beforeAll(async () => {
    for (const [name, [count]] of Object.entries(POOLS)) {
      for (let i = 0; i < count; i++) {
        const id = `${name}-${i}`;
        const app = podApp(id, "one", () => undefined);
        const strip = (url = "") => url.replace(`/${name}`, "") || "/";
        const pod = await startPod(id, (request, response) => {
          request.url = strip(request.url);
          app.listener(request, response);
        });
        pods.set(id, { pod, app });
      }
    }
    fleet = await startFleet({
      edges: 2,
      pods: 0,
      redis: findRedisServer() !== undefined,
      env: { MOORING_SECRET_RETIRED: RETIRED },
      config: () => document((pool) => (pool === "scale" ? 2 : POOLS[pool]![0])),
    });
  }, 60_000);
  afterAll(async () => {
    stopped = true;
    await beating;
    await fleet?.stop();
    await Promise.all([...pods.values()].map(({ pod }) => pod.kill()));
  });

  const at = (pool: string, edge = 0, path = "") => `${fleet.edges[edge]!.url}/${pool}${path}`;
  const doctor = async () => (await fleet.admin.get<Diagnosis>("/v1/doctor")).json;
  const idsOf = async () => (await doctor()).findings.map(({ id }) => id);
  const visit = (jars: readonly Jar[], pool: string, edge = 0) =>
    inParallel(jars, 8, async (jar) => void (await jar.get(at(pool, edge))));
  const podOf = async (jar: Jar, pool: string) =>
    (await jar.get(at(pool))).headers["mooring-decision"]?.toString().match(/pod=([\w-]+)/)?.[1];

  it("has nothing to say of a deployment that is well, and sizes its pools", async () => {
    const jars = newJars(24);
    // What is right after the start of a probe is not for long.
    await eventually(idsOf, (ids) => ids.length === 0);
    for (let round = 0; round < 4; round++) {
      for (const pool of ["web", "roll", "hot"]) await visit(jars, pool, round % 2);
    }
    const { findings, advice } = await eventually(
      doctor,
      (said) => said.advice.length >= 3 && said.findings.length === 0,
    );
    expect(findings).toEqual([]);
    const web = advice.find(({ evidence }) => evidence.pool === "web")!;
    const { requestsPerSecond, meanSeconds, connections } = web.evidence as Record<string, number>;
    expect(requestsPerSecond).toBeGreaterThan(0);
    expect(connections).toBeCloseTo(requestsPerSecond! * meanSeconds!, 1);
  });

  /** What is done to bring about what a check names. */
  const faults: Record<string, () => Promise<unknown>> = {
    "pods-not-ready": async () => pods.get("unready-0")!.app.behave({ ready: false }),
    "pods-flapping": async () => {
      for (let i = 0; i < 6; i++) {
        pods.get("flap-0")!.app.behave({ ready: i % 2 === 1 });
        await sleep(700);
      }
    },
    "pods-rolling": async () => {
      const jars = newJars(24);
      await visit(jars, "roll");
      for (const id of ["roll-0", "roll-1"]) {
        await pods.get(id)!.pod.kill();
        await visit(jars, "roll");
      }
    },
    "connect-failures": async () => {
      await pods.get("dead-0")!.pod.kill();
      for (let i = 0; i < 6; i++) await call(at("dead"), { method: "POST" });
    },
    "retries-spent": async () => {
      for (const id of ["retry-0", "retry-1"]) await pods.get(id)!.pod.kill();
      await visit(newJars(60), "retry");
    },
    "time-outs": () =>
      inParallel(newJars(5), 5, async (jar) => void (await jar.get(at("slow", 0, "/slow?ms=1000")))),
    "no-route": () => inParallel(newJars(20), 4, async (jar) => void (await jar.get(`${fleet.url}/none`))),
    "pods-empty": async () => expect((await call(at("empty"))).status).toBe(503),
    "pods-full": () =>
      inParallel(newJars(8), 8, async (jar) => void (await jar.get(at("full", 0, "/slow?ms=500")))),
    "pod-errors": () =>
      inParallel(newJars(8), 4, async (jar) => void (await jar.get(at("errors", 0, "/status?code=502")))),
    "idle-too-short": async () => {
      for (let round = 0; round < 2; round++) {
        for (let user = 0; user < 8; user++) await call(at("idle"), { headers: { "x-user": `u${user}` } });
        await sleep(2500);
      }
    },
    "address-shared": async () => {
      for (let i = 0; i < 16; i++) {
        const headers = { "x-forwarded-for": "198.51.100.7", "user-agent": `browser ${i}` };
        await call(at("nat", i % 2), { headers });
        await sleep(700);
      }
    },
    "address-changing": async () => {
      for (let i = 0; i < 12; i++) {
        await call(at("phone"), { headers: { "x-forwarded-for": `203.0.113.${i}`, cookie: "seen=before" } });
      }
    },
    "hot-session": async () => {
      const [greedy, ...others] = newJars(16);
      await visit(others, "hot");
      for (let i = 0; i < 300; i++) {
        await greedy!.get(at("hot"));
        await sleep(80);
      }
    },
    "uneven-weights": async () => {
      await fleet.admin.send("PATCH", "/v1/pools/weights/pods/weights-0", { body: { weight: 8 } });
      await visit(newJars(80), "weights");
    },
    "uneven-sessions": async () => {
      await visit(newJars(100), "scale");
      expect((await fleet.admin.putConfig(document())).status).toBe(200);
    },
    "edges-disagree": async () => {
      // On a busy machine the store may be too late to disagree with anybody: then once more.
      for (let attempt = 0; attempt < 5; attempt++) {
        const jars = newJars(30);
        await visit(jars, "disagree");
        await visit(jars, "disagree", 1);
        const copies = jars.map((jar) => jar.copy());
        await pods.get("disagree-0")!.pod.kill();
        // The one edge moves a session, and the other is shown the cookie from before that.
        await visit(jars, "disagree");
        await visit(copies, "disagree", 1);
        const found = await eventually(idsOf, (ids) => ids.includes("edges-disagree"), { within: 5000 });
        if (found.includes("edges-disagree")) return;
        await pods.get("disagree-0")!.pod.revive();
      }
    },
    "key-retired": async () => {
      const jar = new Jar();
      await jar.get(at("web"));
      const { name, token } = await fleet.tokens.find(jar, "web");
      const old = await new Tokens({ current: RETIRED }).seal({ ...token, sid: "7".repeat(32) }, "web");
      await call(at("web"), { headers: { cookie: `${name}=${old}` } });
    },
    "tokens-unknown": async () => {
      const jar = new Jar();
      await jar.get(at("slow"));
      const { name, token } = await fleet.tokens.find(jar, "slow");
      const replaced = new Tokens({ current: `${RETIRED}, and forgotten` });
      for (let i = 0; i < 12; i++) {
        const text = await replaced.seal({ ...token, sid: String(i).padStart(32, "0") }, "slow");
        await call(at("slow"), { headers: { cookie: `${name}=${text}` } });
      }
    },
    "clock-skew": async () => {
      strangers.skewed = { sent: 600_000 };
    },
    "config-behind": async () => {
      strangers.behind = { revision: 0 };
    },
    "keys-differ": async () => {
      strangers.foreign = { keys: ["zz"] };
    },
    "key-worn": async () => {
      strangers.worn = { keys: ["yy"], tallies: { mooring_tokens_sealed_total: { '["yy"]': 2 ** 30 } } };
    },
  };

  /** Heartbeats of isolates that are not there, as an edge tells them. */
  async function beat(): Promise<void> {
    for (let batch = 1; !stopped; batch++) {
      for (const [isolate, { sent = 0, ...told }] of Object.entries(strangers) as [
        string,
        { sent?: number },
      ][]) {
        const base = {
          incarnation: 0,
          revision: 99,
          feed: 0,
          counts: [],
          breaks: [],
          failed: [],
          served: {},
        };
        const body = JSON.stringify({ ...base, isolate, batch, ...told, sent: Date.now() + sent });
        await call(`${fleet.coordinator.url}/_mooring/internal/beat`, {
          method: "POST",
          body,
          headers: { authorization: `Bearer ${SHARED}`, "content-type": "application/json" },
        }).catch(() => undefined);
      }
      await sleep(500);
    }
  }

  it("names each fault once it is made, of the pool that has it", async () => {
    const seen = new Map<string, Finding>();
    beating = beat();
    const watching = async () => {
      for (const { id, ...rest } of (await doctor()).findings)
        seen.set(`${id} ${rest.evidence.pool ?? ""}`, { id, ...rest });
    };
    let making = true;
    // What takes long goes on beside the others, which come one by one: two cores serve them all.
    const slow = ["hot-session", "address-shared", "pods-flapping"];
    const inTurn = async () => {
      for (const [id, make] of Object.entries(faults)) if (!slow.includes(id)) await make();
    };
    const made = Promise.all([inTurn(), ...slow.map((id) => faults[id]!())]).finally(() => {
      making = false;
    });
    while (making) {
      await watching();
      await sleep(500);
    }
    await made;
    const wanted: Readonly<Record<string, string>> = {
      "pods-not-ready": "unready",
      "pods-flapping": "flap",
      "pods-rolling": "roll",
      "connect-failures": "dead",
      "retries-spent": "retry",
      "time-outs": "slow",
      "pods-empty": "empty",
      "pods-full": "full",
      "pod-errors": "errors",
      "idle-too-short": "idle",
      "address-shared": "nat",
      "address-changing": "phone",
      "hot-session": "hot",
      "uneven-weights": "weights",
      "uneven-sessions": "scale",
      "edges-disagree": "disagree",
      "key-retired": "web",
      "tokens-unknown": "slow",
    };
    const keys = Object.keys(faults).map((id) => `${id} ${wanted[id] ?? ""}`);
    const missing = await eventually(
      async () => {
        await watching();
        return keys.filter((key) => !seen.has(key));
      },
      (left) => left.length === 0,
      { within: 30_000, every: 500 },
    );
    expect(missing).toEqual([]);
    // What shows it is what was done; how much of it had been told by then is chance.
    const some = expect.any(Number);
    const evidence = (key: string) => seen.get(key)!.evidence;
    expect(evidence("pods-not-ready unready")).toMatchObject({
      pods: { "unready-0": "unready" },
      expected: 3,
    });
    expect(evidence("pods-rolling roll").pods).toEqual(["roll-0", "roll-1"]);
    expect(evidence("connect-failures dead")).toMatchObject({
      heartbeatsThatTold: { "dead-0": some },
    });
    expect(evidence("time-outs slow")).toMatchObject({ timedOut: some, timeoutsHeadersMs: 200 });
    expect(evidence("idle-too-short idle")).toMatchObject({ idleSeconds: 1, afterMoreThanIdle: some });
    expect(evidence("address-changing phone")).toMatchObject({ byClientsWithCookies: some });
    expect(evidence("uneven-weights weights")).toMatchObject({ pod: "weights-0", weight: 8, by: "operator" });
    expect(evidence("key-retired web")).toMatchObject({ sessionsEnded: 1 });
    expect(evidence("clock-skew ")).toMatchObject({
      isolates: 1,
      secondsAhead: { skewed: some },
    });
    expect(evidence("config-behind ")).toMatchObject({ holds: { behind: 0 } });
    expect(evidence("key-worn ")).toMatchObject({ key: "yy" });
    // No address of a pod or a client is in any of it.
    expect(JSON.stringify([...seen.values()])).not.toMatch(/127\.0\.0\.1|198\.51\.100|203\.0\.113/);
    // What is left of the checks is of the store.
    const left = Object.keys(checks).filter((id) => !Object.hasOwn(faults, id));
    expect(left).toEqual(["store-failing", "store-slow"]);
  });

  it("says no more of what is well again", async () => {
    pods.get("unready-0")!.app.behave({ ready: true });
    const still = await eventually(
      async () => (await doctor()).findings.filter(({ evidence }) => evidence.pool === "unready"),
      (found) => found.length === 0,
    );
    expect(still).toEqual([]);
    expect(await podOf(new Jar(), "unready")).toMatch(/^unready-\d$/);
  });
});

describe.skipIf(findRedisServer() === undefined)(
  "GET /doctor of a store in trouble",
  { timeout: 60_000 },
  () => {
    let fleet: Fleet;
    let store: FaultyRest;
    beforeAll(async () => {
      let starting: Promise<FaultyRest> | undefined;
      fleet = await startFleet({
        redis: true,
        config: (pods) => ({
          version: 1,
          pools: { web: { pods, affinity: [{ header: "X-User" }] } },
          routes: [{ pool: "web" }],
        }),
        between: async (leg, url, from) => {
          if (leg !== "store" || from === "coordinator") return undefined;
          starting ??= startFaultyRest(url);
          return starting;
        },
      });
      store = await starting!;
    });
    afterAll(async () => fleet?.stop());

    const found = async (id: string) => {
      const { findings } = (await fleet.admin.get<Diagnosis>("/v1/doctor")).json;
      return findings.find((finding) => finding.id === id);
    };
    let users = 0;
    const visit = () =>
      inParallel(Array.from({ length: 10 }), 4, async () => {
        expect((await call(fleet.url, { headers: { "x-user": `u${users++}` } })).status).toBe(200);
      });

    it("names a store that lags, and then one that is down; and neither before", async () => {
      await visit();
      expect(await found("store-slow")).toBeUndefined();
      expect(await found("store-failing")).toBeUndefined();
      const lag = store.inject("lag", { ms: 400 });
      for (let i = 0; i < 3; i++) await visit();
      const slow = await eventually(
        () => found("store-slow"),
        (finding) => finding !== undefined,
      );
      expect(slow).toMatchObject({ severity: "warning", evidence: { laterThanMs: 150 } });
      lag.lift();
      await fleet.redis!.kill();
      await visit();
      const failing = await eventually(
        () => found("store-failing"),
        (finding) => finding !== undefined,
      );
      expect(failing).toMatchObject({ severity: "error", evidence: { answersNow: false } });
    });
  },
);
