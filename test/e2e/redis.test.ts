import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findRedisServer } from "../../tools/gateway/redis.ts";
import { decision, Jar } from "../support/client.ts";
import { startPod, type TestPod } from "../support/pod.ts";
import { type Stack, startStack } from "../support/stack.ts";

const missing = findRedisServer() === undefined;
if (missing) {
  console.error("NO redis-server ON PATH: the tests over a real Redis do not run");
  if (process.env.CI === "true") throw new Error("CI needs a redis-server on PATH");
}

describe.skipIf(missing)("bindings in a real Redis", () => {
  let pods: TestPod[];
  let stack: Stack;
  let redis: Redis;

  beforeAll(async () => {
    pods = await Promise.all(["web-0", "web-1", "web-2"].map((id) => startPod(id)));
    const listed = pods.map(({ id, url }) => ({ id, url }));
    const config = { version: 1, explain: true, pools: { web: { pods: listed } }, routes: [{ pool: "web" }] };
    stack = await startStack({ edges: 2, redis: true, config });
    redis = new Redis(stack.redis!.url, { maxRetriesPerRequest: 1 });
    // It is killed in the last test, which asks it nothing more.
    redis.on("error", () => redis.disconnect());
  });
  afterAll(async () => {
    redis?.disconnect();
    await stack?.stop();
    await Promise.all(pods.map((pod) => pod.kill()));
  });

  /** Calls by command since the server started, without our own INFO. */
  async function commands(): Promise<number> {
    const text = await redis.info("commandstats");
    const lines = [...text.matchAll(/^cmdstat_([a-z|]+):calls=([0-9]+)/gm)];
    return lines.filter(([, name]) => name !== "info").reduce((sum, [, , calls]) => sum + Number(calls), 0);
  }

  /** Until what was sent off path has arrived. */
  async function quiet(): Promise<number> {
    let last = -1;
    for (;;) {
      const now = await commands();
      if (now === last) return now;
      last = now;
      await new Promise((resolve) => setTimeout(resolve, 150));
    }
  }

  it("asks it nothing in 2,000 warm requests", async () => {
    const jars = Array.from({ length: 20 }, () => new Jar());
    for (const jar of jars) for (const edge of stack.edges) await jar.get(edge.url);
    const before = await quiet();
    await Promise.all(
      jars.map(async (jar, i) => {
        for (let n = 0; n < 100; n++) {
          const answer = await jar.get(stack.edges[(i + n) % 2]!.url);
          expect(decision(answer).outcome).toBe("kept");
        }
      }),
    );
    expect((await quiet()) - before).toBe(0);
  });

  it("tells it of a new session in two commands", async () => {
    const before = await quiet();
    await new Jar().get(stack.url);
    expect((await quiet()) - before).toBe(2);
  });

  it("serves without it, adds no error, and agrees on one pod at both edges", async () => {
    const victim = pods[0]!;
    const jars: Jar[] = [];
    while (jars.length < 8) {
      const jar = new Jar();
      if ((await jar.get(stack.url)).body.trim() === victim.id) jars.push(jar);
    }
    stack.redis!.kill();
    await victim.kill();
    for (const jar of jars) {
      const cookie = [...jar.cookies].map(([name, value]) => `${name}=${value}`).join("; ");
      const answers = await Promise.all(
        [0, 1, 0, 1].map((edge) => new Jar().get(stack.edges[edge]!.url, { headers: { cookie } })),
      );
      expect(new Set(answers.map((answer) => answer.status))).toEqual(new Set([200]));
      expect(new Set(answers.map((answer) => answer.body)).size).toBe(1);
      expect(decision(answers[0]!).outcome).toBe("moved");
    }
    for (let i = 0; i < 20; i++) expect((await new Jar().get(stack.url)).status).toBe(200);
  });
});
