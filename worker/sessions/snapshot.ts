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
  readonly #redis: Pick<RedisClient, "get" | "set">;

  constructor(redis: Pick<RedisClient, "get" | "set">) {
    this.#redis = redis;
  }

  async get(): Promise<string | undefined> {
    return asTextOrNull(await this.#redis.get<unknown>(KEY)) ?? undefined;
  }

  async put(text: string): Promise<void> {
    try {
      asOk(await this.#redis.set(KEY, text));
    } catch (error) {
      throw new Error(reasonOf(error));
    }
  }
}

/** The client's errors repeat the command: here that is the whole config with its salt, which no log may have. */
function reasonOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  const command = text.indexOf(", command was:");
  return command < 0 ? text : text.slice(0, command);
}
