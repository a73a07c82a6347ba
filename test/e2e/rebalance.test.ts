import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { BindingStore } from "../../src/model/ports.ts";
import { decision, Jar } from "../../tools/fleet/client.ts";
import { type Fleet, SHARED, startFleet } from "../../tools/fleet/fleet.ts";
import { eventually, inParallel } from "../../tools/fleet/wait.ts";
import { findRedisServer } from "../../tools/gateway/redis.ts";
import { DurableStore } from "../../worker/sessions/durable.ts";
import { redisClient } from "../../worker/sessions/redis.ts";
import { UpstashStore } from "../../worker/sessions/upstash.ts";

const IDLE = 300;
const ACTIVE = 100;
const RATE = 40;
const MINUTE = 60_000;

interface Status {
  readonly state: string;
  readonly moved: number;
  readonly left: number;
  readonly skew: { before: number; now: number; after?: number };
  readonly why?: string;
}
interface Session {
  readonly sid: string;
  readonly pod: string;
  readonly seen: number;
}
type Pods = { pods: { id: string; sessions: number }[] };
type Break = { at: number; sid: string; from: string; to: string; cause: string };

const stores = findRedisServer() === undefined ? ["durable"] : ["durable", "redis"];

/** The store as another client of it sees it, which can say of sessions that they were seen long ago. */
function outside(fleet: Fleet): BindingStore {
  if (fleet.redis !== undefined) {
    return new UpstashStore(redisClient({ ...fleet.redis.gateway, token: "rest-token-of-a-fleet" }));
  }
  const authorization = `Bearer ${SHARED}`;
  return new DurableStore((shard, body) => {
    const url = `${fleet.coordinator.url}/_mooring/internal/store/${shard}`;
    return fetch(url, { method: "POST", body, headers: { authorization } });
  });
}

describe.each(stores)("three pods become five, with the %s store", (kind) => {
  let fleet: Fleet;
  const idle: Jar[] = [];
  const active: Jar[] = [];
  const path = "/v1/pools/web/rebalance";
  const url = (edge: number) => fleet.edges[edge]!.url;
  const sidOf = async (jar: Jar) => (await fleet.tokens.find(jar, "web")).token.sid;
  const status = async () => (await fleet.admin.get<Status>(path)).json;
  const post = (body: object, pool = "web") =>
    fleet.admin.send<Status>("POST", `/v1/pools/${pool}/rebalance`, { body });

  async function listed(): Promise<Session[]> {
    const { json } = await fleet.admin.get<{ sessions: Session[] }>("/v1/sessions?pool=web&limit=1000");
    return json.sessions;
  }
  async function breaks(): Promise<Break[]> {
    return (await fleet.admin.get<{ breaks: Break[] }>("/v1/ledger?limit=1000")).json.breaks;
  }

  beforeAll(async () => {
    const config = (pods: readonly object[]) => ({
      version: 1,
      explain: true,
      pools: { web: { pods } },
      routes: [{ pool: "web" }],
    });
    fleet = await startFleet({ edges: 2, pods: 3, redis: kind === "redis", config });
    // One after another at first: an edge that starts cold under a crowd may take its store for slow, and do without it.
    const jars = Array.from({ length: IDLE + ACTIVE }, () => new Jar());
    for (const [i, jar] of jars.slice(0, 6).entries()) await jar.get(url(i % 2));
    await inParallel(jars.slice(6), 6, async (jar) => void (await jar.get(url(0))));
    const store = outside(fleet);
    await eventually(listed, (found) => found.length === jars.length, { within: 3000 });
    // The first are made older than they are. What a busy store was not told of the others it is told now.
    await inParallel(jars.entries(), 8, async ([i, jar]) => {
      const { sid, pod, home, exp } = (await fleet.tokens.find(jar, "web")).token;
      const now = Date.now();
      const age = i < IDLE ? 20 * MINUTE : 0;
      const binding = { sid, epoch: 1, pod, home, state: "A", cause: "", exp: exp * 1000 } as const;
      const via = "web@*";
      if (age > 0) await store.release(sid, pod);
      await store.create(
        { ...binding, via, created: now - 3 * age },
        { ttl: 60 * MINUTE, expires: now + 40 * MINUTE - age },
      );
    });
    idle.push(...jars.slice(0, IDLE));
    active.push(...jars.slice(IDLE));
    const seen = (await listed()).map((one) => Date.now() - one.seen);
    expect(seen.filter((age) => age > 15 * MINUTE)).toHaveLength(IDLE);
    await fleet.addPod();
    await fleet.addPod();
    expect((await fleet.admin.putConfig(config(fleet.listed()))).status).toBe(200);
  }, 90_000);
  afterAll(async () => fleet?.stop());

  it("says what is wrong with a request before anything moves", async () => {
    expect(await post({}, "none")).toMatchObject({ status: 404, json: { code: "no-such-pool" } });
    expect((await fleet.admin.get("/v1/pools/none/rebalance")).status).toBe(404);
    expect(await fleet.admin.send("DELETE", path)).toMatchObject({
      status: 409,
      json: { code: "not-running" },
    });
    for (const body of [
      { rate: 0 },
      { rate: 101 },
      { rate: 1.5 },
      { target: 0.9 },
      { dryRun: 1 },
      { x: 1 },
    ]) {
      const [name] = Object.keys(body);
      expect(await post(body)).toMatchObject({ status: 422, json: { errors: [{ path: name }] } });
    }
    expect(await fleet.admin.send("PATCH", path)).toMatchObject({
      status: 405,
      headers: { allow: "GET, HEAD, POST, DELETE" },
    });
  });

  it("moves idle sessions alone, none twice, no faster than it was told, over a crash of the coordinator", async () => {
    const before = new Map((await listed()).map(({ sid, pod }) => [sid, pod]));
    const planned = (await post({ dryRun: true, rate: RATE, target: 1 })).json;
    expect(planned.state).toBe("planned");
    expect(planned.skew.before).toBeGreaterThan(1.5);
    expect(planned.skew.after).toBe(1);
    expect(await breaks()).toEqual([]);

    const begun = await post({ rate: RATE, target: 1 });
    expect(begun).toMatchObject({ status: 200, json: { state: "running", moved: 0, left: planned.left } });
    expect(await post({})).toMatchObject({ status: 409, json: { code: "already-running" } });
    let crashed = false;
    const kept: string[] = [];
    const done = await eventually(
      async () => {
        const now = await status();
        if (!crashed && now.moved > 0) {
          crashed = true;
          await fleet.coordinator.restart();
        }
        // The others go on, at both edges, all the while.
        for (const [i, jar] of active.entries()) {
          const answer = await jar.get(url(i % 2));
          kept.push(String(decision(answer).outcome));
        }
        return now;
      },
      ({ state }) => state !== "running" && state !== undefined,
      { within: 60_000, every: 100 },
    );
    expect(crashed).toBe(true);
    expect(done).toMatchObject({ state: "done", moved: planned.left, left: 0, skew: { now: 1 } });
    expect(new Set(kept)).toEqual(new Set(["kept"]));

    const told = await breaks();
    expect(new Set(told.map(({ cause }) => cause))).toEqual(new Set(["rebalanced"]));
    expect(told).toHaveLength(planned.left);
    expect(new Set(told.map(({ sid }) => sid)).size).toBe(planned.left);
    const unseen = new Set(await Promise.all(idle.map(sidOf)));
    for (const { sid, from, to } of told) {
      expect(unseen).toContain(sid);
      expect(before.get(sid)).toBe(from);
      expect(["web-3", "web-4"]).toContain(to);
    }
    for (const { at } of told) {
      const within = told.filter((other) => other.at >= at && other.at < at + 1000);
      expect(within.length).toBeLessThanOrEqual(RATE);
    }
    const { json } = await fleet.admin.get<Pods>("/v1/pools/web/pods");
    expect(json.pods.map(({ sessions }) => sessions)).toEqual([80, 80, 80, 80, 80]);
  });

  it("is what clients meet when they come back: at either edge, each once, and told why", async () => {
    const told = new Map((await breaks()).map((one) => [one.sid, one]));
    for (const [i, jar] of idle.entries()) {
      const one = told.get(await sidOf(jar));
      const said = decision(await jar.get(url(i % 2)));
      if (one === undefined) expect(said.outcome).toBe("kept");
      else expect(said).toMatchObject({ outcome: "moved", from: one.from, pod: one.to, cause: "rebalanced" });
      expect(decision(await jar.get(url((i + 1) % 2))).outcome).toBe("kept");
    }
    // What edges saw of it is in the ledger already.
    const reported = await eventually(
      () => fleet.breaks(),
      ({ causes }) => causes.length > 1,
      { within: 3000 },
    );
    expect(reported.causes).toEqual([{ cause: "rebalanced", count: told.size }]);
  });

  it("has nobody to move to when no pod takes sessions", async () => {
    for (const { id } of fleet.listed()) {
      await fleet.admin.send("PATCH", `/v1/pools/web/pods/${id}`, { body: { state: "draining" } });
    }
    expect(await post({})).toMatchObject({ status: 409, json: { code: "no-pod" } });
  });
});
