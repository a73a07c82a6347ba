import { Redis } from "ioredis";
import { afterAll, beforeAll } from "vitest";
import { startGateway } from "../../tools/gateway/gateway.ts";
import { findRedisServer, startRedis } from "../../tools/gateway/redis.ts";
import { type RedisClient, redisClient } from "../../worker/sessions/redis.ts";
import { UpstashStore } from "../../worker/sessions/upstash.ts";

/** Whether there is no redis-server on PATH: says what is not tested then. Throws where there must be one. */
export function noRedis(untested: string): boolean {
  const missing = findRedisServer() === undefined;
  if (missing) {
    console.error(`NO redis-server ON PATH: ${untested}`);
    if (process.env.CI === "true") throw new Error("CI needs a redis-server on PATH");
  }
  return missing;
}

/** A real Redis with the REST gateway before it. What it has is there once the tests of the suite begin. */
export interface RestRedis {
  /** To look at it, and to change it, behind the back of the store. */
  readonly redis: Redis;
  /** Of the gateway, whose token is `t`. */
  readonly url: string;
  /** A client with time enough for a machine that is busy. */
  client(most?: number): RedisClient;
  /** A store with a memory of its own, as another isolate has. */
  open(): UpstashStore;
}

/** One for all tests of the suite that calls this; stopped after them. */
export function restRedis(): RestRedis {
  let redis: Redis | undefined;
  let url = "";
  const undo: (() => Promise<void>)[] = [];
  beforeAll(async () => {
    const server = await startRedis();
    undo.push(server.stop);
    const gateway = await startGateway({ redisUrl: server.url, token: "t" });
    undo.push(gateway.stop);
    url = gateway.url;
    const direct = new Redis(server.url);
    undo.push(async () => direct.disconnect());
    redis = direct;
  });
  afterAll(async () => {
    for (const step of undo.reverse()) await step();
  });
  const client = (most?: number) =>
    redisClient({ url, token: "t", timeout: 10_000, ...(most === undefined ? {} : { most }) });
  return {
    get redis() {
      if (redis === undefined) throw new Error("Redis is not there before the tests begin");
      return redis;
    },
    get url() {
      return url;
    },
    client,
    open: () => new UpstashStore(client()),
  };
}
