import { randomBytes } from "node:crypto";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { startGateway } from "../gateway/gateway.ts";
import { Unreachable } from "../gateway/link.ts";
import { findRedisServer, startRedis } from "../gateway/redis.ts";
import type { Lifetime } from "../serve/lifetime.ts";
import { StartError } from "../serve/port.ts";
import { type Upstash, upstashFrom } from "../serve/upstash.ts";

/** Where bindings will live: `upstash` undefined means the embedded durable store. */
export interface StoreChoice {
  upstash: Upstash | undefined;
  /** Which one, in words. */
  words: string;
}

async function throughGateway(redisUrl: string, lifetime: Lifetime): Promise<Upstash> {
  const token = randomBytes(24).toString("base64url");
  try {
    const gateway = await startGateway({ redisUrl, token });
    lifetime.own(gateway, (started) => started.stop());
    return { url: gateway.url, token };
  } catch (error) {
    if (error instanceof Unreachable) throw new StartError(error.message);
    throw error;
  }
}

/** A URL as it may be shown: without its password. */
function shown(redisUrl: string): string {
  const url = new URL(redisUrl);
  url.password = url.password === "" ? "" : "…";
  return decodeURI(url.href);
}

function checked(redisUrl: string): string {
  if (!/^rediss?:\/\//.test(redisUrl) || !URL.canParse(redisUrl)) {
    throw new StartError("MOORING_REDIS_URL must be a URL that begins with redis:// or rediss://");
  }
  return redisUrl;
}

async function warnIfSilent({ url, token }: Upstash): Promise<string> {
  try {
    const response = await fetch(url, {
      method: "POST",
      headers: { authorization: `Bearer ${token}` },
      body: '["PING"]',
      signal: AbortSignal.timeout(3_000),
    });
    const text = await response.text();
    return response.ok ? "" : `; it does not answer yet: ${text.slice(0, 200)}`;
  } catch (error) {
    const { cause, message } = error as Error; // fetch says why only in the cause
    return `; it does not answer yet: ${cause instanceof Error ? cause.message : message}`;
  }
}

/**
 * Chooses the store in the stated order and starts what it needs. `state` is the folder for what must outlive this
 * run, if anything must. Redis over HTTP that does not answer is said, not refused: the edge serves without it.
 * Throws StartError when the variables are wrong, or MOORING_REDIS_URL cannot be reached.
 */
export async function chooseStore(
  env: NodeJS.ProcessEnv,
  state: string | undefined,
  lifetime: Lifetime,
): Promise<StoreChoice> {
  const given = upstashFrom(env);
  if (given !== undefined) {
    return { upstash: given, words: `Redis over HTTP at ${given.url}${await warnIfSilent(given)}` };
  }
  if (env.MOORING_REDIS_URL) {
    const redisUrl = checked(env.MOORING_REDIS_URL);
    const upstash = await throughGateway(redisUrl, lifetime);
    return { upstash, words: `Redis at ${shown(redisUrl)}` };
  }
  if (findRedisServer() !== undefined) {
    const dir = state === undefined ? undefined : join(state, "redis");
    if (dir !== undefined) mkdirSync(dir, { recursive: true });
    const redis = lifetime.own(await startRedis(dir === undefined ? {} : { dir }), (started) =>
      started.stop(),
    );
    const upstash = await throughGateway(redis.url, lifetime);
    return { upstash, words: `redis-server, started for this run on port ${redis.port}` };
  }
  return { upstash: undefined, words: "the embedded durable store (no Redis is configured or installed)" };
}
