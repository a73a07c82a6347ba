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
}

/** Redis over HTTP when it is configured, else the embedded durable store, else none. */
export function openStore(env: Env): Stores {
  const { UPSTASH_REDIS_REST_URL: url, UPSTASH_REDIS_REST_TOKEN: token } = env;
  if (url && token) {
    const client = redisClient({ url, token });
    return { store: new UpstashStore(client), snapshot: new UpstashSnapshot(client) };
  }
  const send = shardSender(env);
  return { store: send === undefined ? absent() : new DurableStore(send), snapshot: undefined };
}

/** Without a store sessions live by their cookies alone: every call says that there is none. */
function absent(): BindingStore {
  const none = () => Promise.reject(new Error("no binding store: set UPSTASH_REDIS_REST_URL, or bind STORE"));
  return {
    kind: "none",
    create: none,
    renew: none,
    swap: none,
    index: none,
    read: none,
    count: none,
    list: none,
  };
}
