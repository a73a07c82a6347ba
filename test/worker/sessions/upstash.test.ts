import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startGateway } from "../../../tools/gateway/gateway.ts";
import { findRedisServer, startRedis } from "../../../tools/gateway/redis.ts";
import { redisClient } from "../../../worker/sessions/redis.ts";
import { UpstashStore } from "../../../worker/sessions/upstash.ts";
import { bindingKey } from "../../../worker/sessions/value.ts";
import { bindingStoreContract } from "../../support/binding-store.ts";

const missing = findRedisServer() === undefined;
if (missing) {
  console.error("NO redis-server ON PATH: the store over Redis is not tested");
  if (process.env.CI === "true") throw new Error("CI needs a redis-server on PATH");
}

describe.skipIf(missing)("bindings in a real Redis, over the gateway", () => {
  let redis: Redis;
  let url: string;
  const undo: (() => Promise<void>)[] = [];
  const open = () => new UpstashStore(redisClient({ url, token: "t", timeout: 10_000 }));

  beforeAll(async () => {
    const server = await startRedis();
    undo.push(server.stop);
    const gateway = await startGateway({ redisUrl: server.url, token: "t" });
    undo.push(gateway.stop);
    url = gateway.url;
    redis = new Redis(server.url);
    undo.push(async () => redis.disconnect());
  });
  afterAll(async () => {
    for (const step of undo.reverse()) await step();
  });

  bindingStoreContract(
    "the Upstash store",
    async () => open(),
    async (sid) => void (await redis.set(bindingKey(sid), "7|no pod|000000000001|A||1|2")),
  );
});
