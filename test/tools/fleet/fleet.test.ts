import { existsSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startTcpProxy, type TcpProxy } from "../../../tools/chaos/tcp/proxy.ts";
import { call, decision, Jar, open } from "../../../tools/fleet/client.ts";
import { type Fleet, startFleet } from "../../../tools/fleet/fleet.ts";
import { findRedisServer } from "../../../tools/gateway/redis.ts";

const missing = findRedisServer() === undefined;
if (missing) {
  console.error("NO redis-server ON PATH: the fleet is not tested");
  if (process.env.CI === "true") throw new Error("CI needs a redis-server on PATH");
}
const ROTATED = "another-secret-of-a-fleet-of-more-than-32-bytes";
/** A zombie is gone, too: only its parent has not asked yet. */
const alive = (pid: number) => existsSync(`/proc/${pid}/exe`);

describe.skipIf(missing || process.platform !== "linux")("a fleet of real processes", () => {
  let fleet: Fleet;
  const asked: string[] = [];
  /** Between the first edge and the coordinator. */
  let wire: TcpProxy;

  beforeAll(async () => {
    fleet = await startFleet({
      edges: 2,
      redis: true,
      between: async (leg, url, from) => {
        asked.push(`${from} → ${leg}`);
        if (leg !== "coordinator" || from !== "edge-0") return undefined;
        wire = await startTcpProxy(url);
        return wire;
      },
    });
  });
  afterAll(async () => fleet?.stop());

  const bound = async (edge = 0) => {
    const jar = new Jar();
    const pod = (await jar.get(fleet.edges[edge]!.url)).body.trim();
    return { jar, pod: fleet.pod(pod) };
  };
  async function eventually<T>(ask: () => Promise<T>, good: (found: T) => boolean): Promise<T> {
    const deadline = Date.now() + 10_000;
    for (;;) {
      const found = await ask();
      if (good(found) || Date.now() > deadline) return found;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  it("asks for something to put into each of its connections", () => {
    expect(asked.sort()).toEqual([
      "coordinator → store",
      "edge-0 → coordinator",
      "edge-0 → store",
      "edge-1 → coordinator",
      "edge-1 → store",
      "fleet → pod",
      "fleet → pod",
    ]);
  });

  it("moves a session when its pod is killed, and can tell from every side", async () => {
    const { jar, pod } = await bound();
    const { token } = await fleet.tokens.find(jar, "web");
    await fleet.redis!.call("CONFIG", "RESETSTAT");
    await pod.kill();
    const moved = await jar.get(fleet.edges[1]!.url);
    expect(decision(moved)).toMatchObject({ outcome: "moved", from: pod.id, cause: "pod-gone" });
    await pod.revive();
    expect((await call(pod.url)).body.trim()).toBe(pod.id);

    const after = (await fleet.tokens.find(jar, "web")).token;
    expect(after).toMatchObject({ sid: token.sid, epoch: 2, home: token.home });
    expect(await fleet.redis!.call("GET", `mooring:s:${token.sid}`)).toMatch(/^2\|/);
    expect(await fleet.redis!.commandstats()).toMatchObject({ eval: 1 });
    const ledger = await eventually(
      () => fleet.breaks(),
      ({ breaks }) => breaks.length > 0,
    );
    expect(ledger.breaks).toMatchObject([{ sid: token.sid, epoch: 2, from: pod.id, cause: "pod-gone" }]);
  });

  it("remembers what arrived at a pod that was killed at once, and only that", async () => {
    const { jar, pod } = await bound();
    const headers = { "x-request-id": "one-of-a-kind" };
    await jar.post(`${fleet.url}/cart?item=tea`, { headers });
    await pod.kill();
    await pod.revive();
    const arrivals = fleet.pods.flatMap((one) => one.arrivals({ method: "POST", id: "one-of-a-kind" }));
    expect(arrivals).toEqual([{ method: "POST", path: "/cart", id: "one-of-a-kind" }]);
    expect(pod.arrivals({ id: "one-of-a-kind" })).toHaveLength(1);
  });

  it("has pods with a memory of their own, that mint sessions, stream and dawdle", async () => {
    const pod = fleet.pods[0]!;
    const jar = new Jar();
    await jar.get(`${pod.url}/login`);
    expect(jar.cookies.get("SESSIONID")).toMatch(/^web-0\./);
    await jar.post(`${pod.url}/cart?item=tea`);
    const cart = await jar.post(`${pod.url}/cart?item=cake`);
    expect(JSON.parse(cart.body)).toMatchObject({ pod: "web-0", items: ["tea", "cake"] });
    const visit = async (n: number) => JSON.parse((await jar.get(`${pod.url}/visit?n=${n}`)).body);
    expect(await visit(7)).toMatchObject({ pod: "web-0", last: null });
    expect(await visit(8)).toMatchObject({ pod: "web-0", last: 7 });
    await jar.get(`${pod.url}/logout`);
    expect(jar.cookies.size).toBe(0);

    const first = await call(`${pod.url}/mcp`, { method: "POST" });
    const headers = { "mcp-session-id": String(first.headers["mcp-session-id"]) };
    const mcp = async (method: string) => (await call(`${pod.url}/mcp`, { method, headers })).status;
    expect([await mcp("POST"), await mcp("DELETE"), await mcp("POST")]).toEqual([200, 200, 404]);

    const stream = await open(`${fleet.url}/sse?events=3&every=1`);
    expect(stream.headers["content-type"]).toBe("text/event-stream");
    let events = "";
    for await (const chunk of stream) events += chunk;
    expect(events.match(/data: web-[01]\n\n/g)).toHaveLength(3);

    await pod.behave({ ready: false, status: 418 });
    expect((await call(`${pod.url}/ready`)).status).toBe(503);
    expect((await call(pod.url)).status).toBe(418);
    await pod.behave({ ready: true, status: 200 });
    pod.pause();
    await expect(call(pod.url, { timeout: 200 })).rejects.toThrow();
    pod.resume();
    expect((await call(`${pod.url}/ready`)).status).toBe(200);
  });

  it("rotates keys by restarting an edge with other variables, on the same port", async () => {
    const { jar, pod } = await bound(1);
    const before = jar.cookie;
    const { url, env, pid } = fleet.edges[1]!;
    await fleet.edges[1]!.restart({
      env: { MOORING_SECRET: ROTATED, MOORING_SECRET_PREVIOUS: env.MOORING_SECRET },
    });
    expect(fleet.edges[1]!.url).toBe(url);
    expect(fleet.edges[1]!.pid).not.toBe(pid);
    const kept = await jar.get(url);
    expect(decision(kept)).toMatchObject({ outcome: "kept", pod: pod.id });
    expect(jar.cookie).not.toBe(before);
    await fleet.edges[1]!.restart({
      env: { MOORING_SECRET: env.MOORING_SECRET, MOORING_SECRET_PREVIOUS: undefined },
    });
    expect(fleet.edges[1]!.env).toEqual(env);
  });

  it("takes a pod more by a PUT on the revision in force, and a coordinator less", async () => {
    const pod = await fleet.addPod();
    const current = await fleet.admin.config<{ pools: { web: object } }>();
    expect(current?.revision).toBe(1);
    const config = { ...current!.config, pools: { web: { pods: fleet.listed() } } };
    expect(await fleet.admin.putConfig(config)).toMatchObject({ status: 200, json: { revision: 2 } });
    expect((await fleet.admin.config(1))?.etag).toBe('"2"');
    const jar = new Jar();
    while ((await jar.get(fleet.url)).body.trim() !== pod.id) jar.cookies.clear();

    const { incarnation } = await fleet.internal<{ incarnation: number }>("/config");
    await fleet.coordinator.kill();
    expect(decision(await jar.get(fleet.url)).outcome).toBe("kept");
    expect((await fleet.admin.get("/v1/config")).status).toBe(503);
    await fleet.coordinator.restart();
    expect(await fleet.internal("/config")).toMatchObject({ incarnation, revision: 2 });
    await fleet.coordinator.restart({ empty: true });
    const anew = await fleet.internal<{ incarnation: number; revision: number }>("/config");
    expect(anew.incarnation).toBeGreaterThan(incarnation);
    // The store has kept the config for it.
    expect(anew.revision).toBe(2);
  });

  it("cuts an edge off from its coordinator, which serves on by what it knows, and catches up", async () => {
    const { jar } = await bound();
    const fault = await wire.inject("partition");
    const { config, revision } = (await fleet.admin.config(1))!;
    const later = String(revision + 1);
    expect((await fleet.admin.putConfig(config, 1)).status).toBe(200);
    expect(decision(await jar.get(fleet.edges[1]!.url)).revision).toBe(later);
    const apart = await jar.get(fleet.edges[0]!.url);
    expect(apart.status).toBe(200);
    expect(decision(apart).revision).not.toBe(later);
    await fault.lift();
    const caught = await eventually(
      () => jar.get(fleet.edges[0]!.url),
      (answer) => decision(answer).revision === later,
    );
    expect(decision(caught).revision).toBe(later);
  });

  it("loses its Redis and has it back on the same port, empty", async () => {
    const redis = fleet.redis!;
    redis.pause();
    const { url, token } = redis.gateway;
    const ping = { headers: { authorization: `Bearer ${token}` }, timeout: 200 };
    await expect(call(`${url}/ping`, ping)).rejects.toThrow();
    redis.resume();
    expect((await call(`${url}/ping`, ping)).body).toBe('{"result":"PONG"}');
    await redis.call("SET", "kept", "no");
    const { pid } = redis;
    await redis.kill();
    expect(alive(pid!)).toBe(false);
    await redis.restart();
    expect(await redis.call("GET", "kept")).toBeNull();
  });

  it("leaves nothing running, whatever state it is in", async () => {
    fleet.edges[0]!.pause();
    fleet.pods[0]!.pause();
    await fleet.pods[1]!.kill();
    const parts = [...fleet.edges, ...fleet.pods, fleet.coordinator, fleet.redis!];
    const pids = parts.flatMap(({ pid }) => pid ?? []);
    expect(pids).toHaveLength(6);
    await fleet.stop();
    expect(pids.filter(alive)).toEqual([]);
    await expect(call(fleet.url)).rejects.toThrow("ECONNREFUSED");
  });
});
