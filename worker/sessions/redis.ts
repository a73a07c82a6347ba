import { Redis } from "@upstash/redis/cloudflare";

/** What the stores use of the client. */
export type RedisClient = Pick<
  Redis,
  "pipeline" | "eval" | "evalsha" | "get" | "set" | "mget" | "zcount" | "zrange" | "zrem" | "zscore"
>;

export interface RedisOptions {
  /** Base URL of the REST API of Upstash, or of a gateway that speaks it. */
  readonly url: string;
  readonly token: string;
  /** Milliseconds that one HTTP request may take, its body included. */
  readonly timeout?: number;
}

/** A client that asks once, gives up in time, and says so by rejecting. */
export function redisClient({ url, token, timeout = 1000 }: RedisOptions): RedisClient {
  return new Redis({
    url,
    token,
    // A function: a signal that is given as such makes the client resolve with null when it fires.
    signal: () => AbortSignal.timeout(timeout),
    retry: { retries: 0 },
    enableTelemetry: false,
    automaticDeserialization: false,
    // It would put commands of several client requests into one promise, which dies with the request that made it.
    enableAutoPipelining: false,
    // Raw answers: the client's decoder turns what it does not know into null, that is, into "absent".
    responseEncoding: false,
  });
}

/** `(score` in a range of a sorted set excludes it. */
export function after(score: number): `(${number}` {
  return `(${score}`;
}
