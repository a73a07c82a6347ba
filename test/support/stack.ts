import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bundle } from "../../tools/build/bundle.ts";
import { startGateway } from "../../tools/gateway/gateway.ts";
import { startRedis } from "../../tools/gateway/redis.ts";
import { startWorkerd, type Workerd } from "../../tools/serve/workerd.ts";
import { type Answer, call } from "./client.ts";

export const SECRET = "a-secret-for-tests-of-more-than-32-bytes";
export const SHARED = "a-shared-secret-for-tests-of-32-bytes-or-more";
export const ADMIN = "admin-token-for-tests";

export interface StackOptions {
  readonly edges?: number;
  /** A real redis-server behind the REST gateway; else the embedded durable store. */
  readonly redis?: boolean;
  readonly config?: object;
  /** Variables of the edges, over the usual ones. */
  readonly env?: Record<string, string>;
}

/** A coordinator and edges as plain workerd processes of the built bundle, as they are self-hosted. */
export interface Stack {
  readonly edges: readonly Workerd[];
  readonly coordinator: Workerd;
  readonly redis: { url: string; kill(): void } | undefined;
  /** The first edge's url. */
  readonly url: string;
  /** PUTs a config through an edge, on its newest revision. */
  put(config: object | string, edge?: number): Promise<Answer>;
  stop(): Promise<void>;
}

export async function startStack({ edges = 1, redis, config, env }: StackOptions = {}): Promise<Stack> {
  const dir = mkdtempSync(join(tmpdir(), "mooring-stack-"));
  const undo: (() => Promise<void> | void)[] = [() => rmSync(dir, { recursive: true, force: true })];
  const stop = async () => {
    for (const step of undo.reverse().splice(0)) await step();
  };
  try {
    const { dir: bundleDir } = await bundle({ outdir: join(dir, "worker") });
    const shared: Record<string, string> = {
      MOORING_SECRET: SECRET,
      MOORING_SHARED_SECRET: SHARED,
      MOORING_ADMIN_TOKEN: ADMIN,
    };
    const server = redis ? await startRedis({}) : undefined;
    if (server !== undefined) {
      undo.push(() => server.stop());
      const gateway = await startGateway({ redisUrl: server.url, token: "gateway-token" });
      undo.push(() => gateway.stop());
      shared.UPSTASH_REDIS_REST_URL = gateway.url;
      shared.UPSTASH_REDIS_REST_TOKEN = gateway.token;
    }
    const log = () => undefined;
    const first: Record<string, string> =
      config === undefined ? {} : { MOORING_CONFIG: JSON.stringify(config) };
    const coordinator = await startWorkerd({
      role: "coordinator",
      port: 0,
      env: { ...shared, ...first },
      bundleDir,
      log,
    });
    undo.push(() => coordinator.stop());
    const started: Workerd[] = [];
    for (let i = 0; i < edges; i++) {
      const edge = await startWorkerd({
        role: "edge",
        port: 0,
        env: { ...shared, MOORING_COORDINATOR_URL: coordinator.url, ...env },
        bundleDir,
        log,
      });
      undo.push(() => edge.stop());
      started.push(edge);
    }
    // A cold edge on a busy machine may ask for its config in vain once.
    const relayed = env?.MOORING_COORDINATOR_URL !== undefined;
    if (config !== undefined && !relayed) await Promise.all(started.map(({ url }) => ready(url)));
    const url = started[0]?.url ?? coordinator.url;
    const put = async (document: object | string, edge = 0) => {
      const base = `${started[edge]!.url}/_mooring/v1/config`;
      const authorization = `Bearer ${ADMIN}`;
      const { etag } = (await call(base, { headers: { authorization } })).headers;
      const condition = etag === undefined ? { "if-none-match": "*" } : { "if-match": etag };
      const body = typeof document === "string" ? document : JSON.stringify(document);
      const type = typeof document === "string" ? "application/yaml" : "application/json";
      return call(base, {
        method: "PUT",
        body,
        headers: { authorization, "content-type": type, ...condition },
      });
    };
    return { edges: started, coordinator, redis: server, url, put, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function ready(url: string): Promise<void> {
  const deadline = Date.now() + 15_000;
  for (;;) {
    const { status, body } = await call(`${url}/_mooring/readyz`);
    // Without a secret it never will be, which is what some tests are about.
    if (status === 200 || body.includes("MOORING_")) return;
    if (Date.now() > deadline) throw new Error(`${url} is not ready: ${body}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
