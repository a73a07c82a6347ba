import { setTimeout as sleep } from "node:timers/promises";
import { Redis } from "ioredis";
import { startGateway } from "../tools/gateway/gateway.ts";
import { findRedisServer, startRedis } from "../tools/gateway/redis.ts";
import { startChild } from "./child.ts";
import { openSession } from "./session.ts";
import { type Started, startEdge } from "./workers.ts";

const REQUESTS = 2000;
/** How long nothing may arrive before what was sent off path counts as arrived. Milliseconds. */
const QUIET = 500;

/** Redis commands for one warm sticky request, counted by Redis itself; null where no redis-server is installed. */
export async function measureRedis(bundleDir: string): Promise<number | null> {
  if (findRedisServer() === undefined) return null;
  const undo: (() => unknown)[] = [];
  try {
    const server = await startRedis({});
    undo.push(() => server.stop());
    const gateway = await startGateway({ redisUrl: server.url, token: "the-bench" });
    undo.push(() => gateway.stop());
    const redis = new Redis(server.url, { maxRetriesPerRequest: 1 });
    undo.push(() => redis.disconnect());
    const pod = await startChild("pod");
    undo.push(() => pod.stop());
    const started: Started = [];
    undo.push(async () => {
      for (const worker of started) await worker.stop();
    });
    const env = { UPSTASH_REDIS_REST_URL: gateway.url, UPSTASH_REDIS_REST_TOKEN: gateway.token };
    const edge = await startEdge(bundleDir, pod.port, started, env);
    const session = await openSession(edge.url);
    undo.push(() => session.close());
    await quiet(redis);
    if ((await redis.dbsize()) === 0)
      throw new Error("the session is not in Redis: nothing would be counted");
    const before = await quiet(redis);
    await session.warm(REQUESTS);
    return ((await quiet(redis)) - before) / REQUESTS;
  } finally {
    for (const step of undo.reverse()) await step();
  }
}

/** The number of commands so far, once it stands still. */
async function quiet(redis: Redis): Promise<number> {
  for (let last = -1; ; ) {
    const now = await commands(redis);
    if (now === last) return now;
    last = now;
    await sleep(QUIET);
  }
}

/** Calls since the server started, those of the bench itself left out. */
async function commands(redis: Redis): Promise<number> {
  const lines = [...(await redis.info("commandstats")).matchAll(/^cmdstat_([a-z|]+):calls=([0-9]+)/gm)];
  return lines
    .filter(([, name]) => name !== "info" && name !== "dbsize")
    .reduce((sum, [, , calls]) => sum + Number(calls), 0);
}
