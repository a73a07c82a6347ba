import { asOk, asTextOrNull } from "./answer.ts";
import type { RedisClient } from "./redis.ts";

/** Where the coordinator leaves its config for cold edges, and for itself after losing its disk. */
export interface SnapshotStore {
  /** What was put last; undefined when nothing was. Rejects when the store is down, slow or lying. */
  get(): Promise<string | undefined>;
  put(text: string): Promise<void>;
}

const KEY = "mooring:snapshot";

/** The snapshot in Redis, without expiry: it is what is left when everything else is gone. */
export class UpstashSnapshot implements SnapshotStore {
  readonly #redis: Pick<RedisClient, "run">;

  constructor(redis: Pick<RedisClient, "run">) {
    this.#redis = redis;
  }

  async get(): Promise<string | undefined> {
    return asTextOrNull(await this.#redis.run("GET", KEY)) ?? undefined;
  }

  async put(text: string): Promise<void> {
    asOk(await this.#redis.run("SET", KEY, text));
  }
}
