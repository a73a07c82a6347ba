import { StartError } from "./port.ts";

/** Where Redis answers over HTTP. */
export interface Upstash {
  url: string;
  token: string;
}

/** Reads the two variables, which only make sense together; undefined when neither is set. Throws StartError. */
export function upstashFrom(env: NodeJS.ProcessEnv): Upstash | undefined {
  const url = env.UPSTASH_REDIS_REST_URL;
  const token = env.UPSTASH_REDIS_REST_TOKEN;
  if (!url && !token) return undefined;
  if (!url) throw new StartError("UPSTASH_REDIS_REST_TOKEN is set, but UPSTASH_REDIS_REST_URL is not");
  if (!token) throw new StartError("UPSTASH_REDIS_REST_URL is set, but UPSTASH_REDIS_REST_TOKEN is not");
  if (!/^https?:\/\//.test(url))
    throw new StartError("UPSTASH_REDIS_REST_URL must begin with https:// or http://");
  return { url, token };
}
