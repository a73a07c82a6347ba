import type { BindingStore } from "../../src/model/ports.ts";
import { shardSender } from "../edge/link.ts";
import type { Env } from "../env.ts";
import { DurableStore } from "./durable.ts";
import { redisClient } from "./redis.ts";
import { type SnapshotStore, UpstashSnapshot } from "./snapshot.ts";
import { UpstashStore } from "./upstash.ts";

/** The stores of a deployment. The snapshot is written only where a Redis outlives the coordinator's disk. */
export interface Stores {
  readonly store: BindingStore;
  readonly snapshot: SnapshotStore | undefined;
  /** What is wrong with the configured store, and what to do; undefined when it can be used. */
  readonly problem: string | undefined;
}

/**
 * Redis over HTTP when it is configured, else the embedded durable store, else none.
 *
 * @param sent called with how many Redis commands a request has
 */
export function openStore(env: Env, sent?: (commands: number) => void): Stores {
  const { UPSTASH_REDIS_REST_URL: url, UPSTASH_REDIS_REST_TOKEN: token } = env;
  if (url && token) {
    const problem = badUrl(url) ?? badToken(token);
    if (problem !== undefined) return { store: absent(problem), snapshot: undefined, problem };
    const counted = sent === undefined ? {} : { sent };
    const store = new UpstashStore(redisClient({ url, token, ...counted }));
    const snapshot = new UpstashSnapshot(redisClient({ url, token, most: SNAPSHOT, ...counted }));
    return { store, snapshot, problem: undefined };
  }
  const send = shardSender(env);
  const store = send === undefined ? absent(NONE) : new DurableStore(send);
  return { store, snapshot: undefined, problem: undefined };
}

const NONE = "no binding store: set UPSTASH_REDIS_REST_URL, or bind STORE";

/** The longest snapshot that is read back: the largest config, quoted within its record and that within its answer. Bytes. */
const SNAPSHOT = 32 << 20;

/** Each request would fail for such a url, and its error could repeat what is secret in it. */
function badUrl(url: string): string | undefined {
  const parsed = /^https?:\/\/[^/]/i.test(url.trim()) && URL.parse(url.trim());
  if (!parsed)
    return "UPSTASH_REDIS_REST_URL must be an http or https url: redis:// needs a REST gateway in front";
  const { username, password, search, hash } = parsed;
  if (username + password + search + hash === "") return undefined;
  return "UPSTASH_REDIS_REST_URL must be an address alone: the token belongs into UPSTASH_REDIS_REST_TOKEN";
}

function badToken(token: string): string | undefined {
  if (/^[\x21-\x7e]+$/.test(token)) return undefined;
  return "UPSTASH_REDIS_REST_TOKEN has a blank or another character that no header may have";
}

/** Without a store sessions live by their cookies alone: every call says that there is none. */
function absent(reason: string): BindingStore {
  const none = () => Promise.reject(new Error(reason));
  return {
    kind: "none",
    create: none,
    renew: none,
    swap: none,
    release: none,
    index: none,
    read: none,
    expires: none,
    count: none,
    list: none,
  };
}
