import { setTimeout as sleep } from "node:timers/promises";
import { Redis } from "ioredis";
import { type Gateway, startGateway } from "../gateway/gateway.ts";
import { type RedisProcess, startRedis } from "../gateway/redis.ts";
import { onFreePort } from "./ports.ts";

/** What a client, and not the store, asks a Redis. */
const OURS = new Set(["info", "client", "hello", "config", "ping", "command", "auth", "select"]);
const BACK_MS = 5000;

/** A real redis-server behind the project's REST gateway; what it holds is lost when it is killed. */
export class FleetRedis {
  readonly port: number;
  /** redis:// of the server. */
  readonly url: string;
  /** The REST API in front of it. */
  readonly gateway: Gateway;
  #server: RedisProcess | undefined;
  #paused = false;

  private constructor(server: RedisProcess, gateway: Gateway) {
    this.#server = server;
    this.port = server.port;
    this.url = server.url;
    this.gateway = gateway;
  }

  /** Rejects where there is no redis-server on PATH. */
  static async start(token: string): Promise<FleetRedis> {
    const server = await onFreePort((port) => startRedis({ port }));
    try {
      return new FleetRedis(server, await startGateway({ redisUrl: server.url, token }));
    } catch (error) {
      await server.stop();
      throw error;
    }
  }

  get pid(): number | undefined {
    return this.#server?.pid;
  }

  /** SIGKILL; resolves when it is gone. The gateway stays, and answers 503. */
  async kill(): Promise<void> {
    const dying = this.#server;
    this.#server = undefined;
    this.#paused = false;
    dying?.kill();
    await dying?.stop();
  }

  /** Starts it again on the same port, with nothing in it; resolves when it answers through the gateway. */
  async restart(): Promise<void> {
    await this.kill();
    this.#server = await startRedis({ port: this.port });
    const deadline = Date.now() + BACK_MS;
    const { url, token } = this.gateway;
    for (;;) {
      const headers = { authorization: `Bearer ${token}` };
      const answer = await fetch(`${url}/ping`, { headers });
      await answer.arrayBuffer();
      if (answer.ok) return;
      if (Date.now() > deadline) throw new Error("the gateway does not reach Redis again");
      await sleep(20);
    }
  }

  /** SIGSTOP: it holds its connections and says nothing, until {@link resume}. */
  pause(): void {
    if (this.pid === undefined) throw new Error("Redis is dead");
    process.kill(this.pid, "SIGSTOP");
    this.#paused = true;
  }

  resume(): void {
    if (this.#paused && this.pid !== undefined) process.kill(this.pid, "SIGCONT");
    this.#paused = false;
  }

  /** One command on a connection of its own. Rejects when Redis errs or is not there. */
  async call(name: string, ...args: string[]): Promise<unknown> {
    const redis = new Redis(this.url, {
      lazyConnect: true,
      enableReadyCheck: false,
      maxRetriesPerRequest: 0,
      retryStrategy: () => null,
    });
    // The command rejects with it as well.
    redis.on("error", () => undefined);
    try {
      await redis.connect();
      return await redis.call(name, ...args);
    } finally {
      redis.disconnect();
    }
  }

  /**
   * Calls by command in lower case since the server started, those inside scripts too, as Upstash bills them; without
   * what clients ask for themselves.
   */
  async commandstats(): Promise<Record<string, number>> {
    const text = String(await this.call("INFO", "commandstats"));
    const lines = [...text.matchAll(/^cmdstat_([a-z0-9_.|-]+):calls=([0-9]+)/gm)];
    const counts = lines.map(([, name = "", calls]) => [name, Number(calls)] as const);
    return Object.fromEntries(counts.filter(([name]) => !OURS.has(name.split("|")[0]!)));
  }

  async stop(): Promise<void> {
    this.resume();
    await this.gateway.stop();
    await this.#server?.stop();
    this.#server = undefined;
  }
}
