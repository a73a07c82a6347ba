import { Redis } from "ioredis";
import type { Command } from "./command.ts";

/** One reply of Redis: bulk and status strings as bytes, integers, nil, lists, errors. */
export type Reply = Buffer | number | null | Error | Reply[];

/** Redis is not there, or not in time. */
export class Unreachable extends Error {
  override readonly name = "Unreachable";
}

export interface Link {
  /** Sends commands back to back, each with its own reply; a failed one replies with its Error. Rejects Unreachable. */
  send(commands: readonly Command[]): Promise<Reply[]>;
  close(): void;
}

/** Milliseconds: for connecting and for one reply; and the longest wait before connecting again. */
const TIMES = { connect: 2000, reply: 2000, again: 1000 };

/** More replies outstanding than this, and a command is refused at once. */
const OUTSTANDING = 20_000;

/**
 * One connection to Redis that comes back by itself. Nothing waits for a connection: without one a command fails at
 * once, and one whose connection drops fails then; none is sent twice. Rejects when Redis cannot be reached at first.
 */
export async function openLink(redisUrl: string): Promise<Link> {
  const redis = new Redis(redisUrl, {
    lazyConnect: true,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    connectTimeout: TIMES.connect,
    commandTimeout: TIMES.reply,
    retryStrategy: (times) => Math.min(50 * times, TIMES.again),
  });
  let trouble = "";
  redis.on("error", (error) => {
    trouble = error.message;
  });
  redis.on("ready", () => {
    trouble = "";
  });
  // A connection that is given up counts as ready until the other side has closed it, or two seconds are over.
  let leaving = false;
  redis.on("close", () => {
    leaving = false;
  });
  let outstanding = 0;

  const reply = async ([name, ...args]: Command): Promise<Reply> => {
    outstanding++;
    try {
      return (await redis.callBuffer(name, ...args)) as Reply;
    } catch (error) {
      if (isReply(error)) return error;
      // Its reply may still come, in its turn: only a new connection forgets it. So does ioredis' own queue.
      if (/timed out/i.test(String(error)) && redis.status === "ready" && !leaving) {
        leaving = true;
        redis.disconnect(true);
      }
      throw error;
    } finally {
      outstanding--;
    }
  };

  try {
    await redis.connect();
  } catch (error) {
    redis.disconnect();
    const { host = "", port = "" } = redis.options;
    throw new Unreachable(`Redis at ${host}:${port} cannot be reached: ${trouble || String(error)}`);
  }
  return {
    async send(commands) {
      if (redis.status !== "ready" || leaving)
        throw new Unreachable(`ERR Redis is not reachable: ${trouble || redis.status}`);
      if (outstanding + commands.length > OUTSTANDING)
        throw new Unreachable("ERR too many commands are waiting for Redis");
      const results = await Promise.allSettled(commands.map(reply));
      return results.map((result) => {
        if (result.status === "fulfilled") return result.value;
        throw new Unreachable(`ERR Redis did not answer: ${trouble || String(result.reason)}`);
      });
    },
    close: () => redis.disconnect(),
  };
}

/** Whether Redis itself replied with this error. */
function isReply(error: unknown): error is Error {
  return error instanceof Error && error.name === "ReplyError";
}
