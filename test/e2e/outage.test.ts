import { webcrypto } from "node:crypto";
import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { tagToHex } from "../../src/model/pod.ts";
import { keyRing } from "../../src/sessions/keyring.ts";
import { type Sealer, sealer, type Token } from "../../src/sessions/token.ts";
import { findRedisServer } from "../../tools/gateway/redis.ts";
import { call, decision, Jar } from "../support/client.ts";
import { startPod, type TestPod } from "../support/pod.ts";
import { SECRET, type Stack, startStack } from "../support/stack.ts";

const missing = findRedisServer() === undefined;
if (missing) {
  console.error("NO redis-server ON PATH: the tests of a Redis that goes and comes back do not run");
  if (process.env.CI === "true") throw new Error("CI needs a redis-server on PATH");
}
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

describe.skipIf(missing)("a store that goes and comes back", () => {
  let pods: TestPod[];
  let stack: Stack;
  let redis: Redis;
  let seals: Sealer;

  beforeAll(async () => {
    const subtle = webcrypto.subtle as SubtleCrypto;
    const chance = {
      word: () => 0,
      bytes: (length: number) => webcrypto.getRandomValues(new Uint8Array(length)),
    };
    seals = sealer(subtle, await keyRing(subtle, { current: SECRET }), chance);
    pods = await Promise.all(["web-0", "web-1", "web-2"].map((id) => startPod(id)));
    const listed = pods.map(({ id, url }) => ({ id, url }));
    stack = await startStack({
      redis: true,
      config: { version: 1, explain: true, pools: { web: { pods: listed } }, routes: [{ pool: "web" }] },
    });
    redis = new Redis(stack.redis!.url);
  });
  afterAll(async () => {
    redis?.disconnect();
    await stack?.stop();
    await Promise.all(pods.map((pod) => pod.kill()));
  });

  const nameOf = (jar: Jar) => [...jar.cookies.keys()][0]!;
  async function tokenOf(jar: Jar): Promise<Token> {
    return (await seals.open("web", jar.cookies.get(nameOf(jar))!))!.token;
  }
  const stored = async (sid: string) => (await redis.get(`mooring:s:${sid}`))?.split("|");

  it("is asked again by a session that moved without it, until it has heard: once it never was", async () => {
    const jar = new Jar();
    const home = (await jar.get(stack.url)).body.trim();
    const token = await tokenOf(jar);
    // A renewal settles epoch 1; what it found out must not be taken for news of epoch 2.
    jar.cookies.set(nameOf(jar), await seals.seal("web", { ...token, iat: token.iat - 1000 }));
    await jar.get(stack.url);
    await pause(300);
    const victim = pods.find(({ id }) => id === home)!;
    await redis.call("CLIENT", "PAUSE", "2500", "ALL");
    await victim.kill();
    const moved = await jar.get(stack.url);
    expect(decision(moved)).toMatchObject({ outcome: "moved", from: home });
    expect(await tokenOf(jar)).toMatchObject({ epoch: 2, flags: 1 });
    await jar.get(stack.url);
    expect(await tokenOf(jar)).toMatchObject({ epoch: 2, flags: 1 });
    await pause(8500);
    for (let i = 0; i < 4; i++) {
      expect(decision(await jar.get(stack.url)).outcome).toBe("kept");
      await pause(200);
    }
    const after = await tokenOf(jar);
    expect(after.flags).toBe(0);
    expect((await stored(token.sid))?.slice(0, 2)).toEqual([String(after.epoch), tagToHex(after.pod)]);
    await victim.revive();
    // Listed under the pod that holds it, and under no other once its edge has paid what it owes, with a heartbeat.
    const holding = async () => {
      const found: string[] = [];
      for (const index of await redis.keys("mooring:p:*")) {
        if ((await redis.zscore(index, token.sid)) !== null) found.push(index);
      }
      return found;
    };
    await vi.waitUntil(async () => (await holding()).length === 1, { timeout: 5000, interval: 50 });
    expect(await holding()).toEqual([`mooring:p:${tagToHex(after.pod)}`]);
  });

  it("names no pod that never answered: a failed second pod is undone", async () => {
    await pause(6000);
    const jar = new Jar();
    await jar.get(stack.url);
    const before = await tokenOf(jar);
    await pause(200);
    await Promise.all(pods.map((pod) => pod.kill()));
    expect((await jar.get(stack.url)).status).toBe(503);
    expect((await jar.get(stack.url, { method: "POST", body: "x" })).status).toBeGreaterThanOrEqual(502);
    await pause(500);
    expect((await stored(before.sid))?.[1]).toBe(tagToHex(before.pod));
    await Promise.all(pods.map((pod) => pod.revive()));
    expect(decision(await jar.get(stack.url)).outcome).toBe("kept");
  });

  it("holds the config from the start, for cold edges and a coordinator that lost its disk", async () => {
    expect(JSON.parse((await redis.get("mooring:snapshot")) ?? "{}")).toMatchObject({ revision: 1 });
  });
});

describe("a store that is configured wrongly", () => {
  it("stops no traffic, and readyz says what is wrong", async () => {
    const pod = await startPod("web-0");
    const stack = await startStack({
      config: {
        version: 1,
        pools: { web: { pods: [{ id: "web-0", url: pod.url }] } },
        routes: [{ pool: "web" }],
      },
      env: { UPSTASH_REDIS_REST_URL: "redis://127.0.0.1:6379", UPSTASH_REDIS_REST_TOKEN: "t" },
    });
    expect((await new Jar().get(stack.url)).status).toBe(200);
    const ready = await call(`${stack.url}/_mooring/readyz`);
    expect(ready.status).toBe(200);
    expect(ready.body).toContain("UPSTASH_REDIS_REST_URL");
    await stack.stop();
    await pod.kill();
  });
});
