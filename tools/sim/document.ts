import { createHash } from "node:crypto";
import { compile } from "../../src/config/compile.ts";
import type { Config } from "../../src/config/schema.ts";
import { validate } from "../../src/config/validate.ts";
import type { Snapshot } from "../../src/model/snapshot.ts";
import type { Change, Plan, PoolPlan } from "./plan.ts";

/** The header that names a client, and the cookie that pods mint, where these carry the sessions. */
export const USER = "x-user";
export const MINTED = "SESSIONID";

interface PodDocument {
  readonly id: string;
  readonly url: string;
  readonly weight: number;
  readonly generation: number;
}

interface PoolDocument {
  readonly policy: string;
  readonly pods: readonly PodDocument[];
  readonly [option: string]: unknown;
}

/** The native config as far as schedules change it. */
export interface ConfigDocument {
  readonly version: 1;
  readonly pools: Readonly<Record<string, PoolDocument>>;
  readonly routes: readonly {
    readonly path: string;
    readonly pool?: string;
    readonly split?: Readonly<Record<string, number>>;
  }[];
}

export function podDocument(pool: string, index: number, weight: number, generation = 0): PodDocument {
  return { id: `${pool}-${index}`, url: `http://${pool}-${index}.pods.test:8080`, weight, generation };
}

/** The config that a schedule begins with. */
export function firstDocument(plan: Plan): ConfigDocument {
  const affinity = [affinityOf(plan)];
  const pools = Object.fromEntries(plan.pools.map((pool) => [pool.name, poolDocument(pool, affinity)]));
  return { version: 1, pools, routes: [route(plan.canary)] };
}

function affinityOf({ affinity, idle, absolute }: Plan): unknown {
  const timeout = `${idle}s`;
  switch (affinity) {
    case "cookie":
      return { cookie: { idle: timeout, absolute: `${absolute}s` } };
    case "header":
      return { header: { name: USER, timeout } };
    case "client-ip":
      return { "client-ip": { timeout } };
    case "learn":
      return { learn: { cookie: MINTED, timeout } };
  }
}

function route(canary: number | undefined) {
  if (canary === undefined) return { path: "/", pool: "web" };
  return { path: "/", split: { web: 100 - canary, canary } };
}

/** The longest wait for a place at a pod. Milliseconds. */
export const QUEUE = 400;

function poolDocument(pool: PoolPlan, affinity: unknown): PoolDocument {
  const { name, weights, policy, failover, strict, attempts, panic, probe, startup } = pool;
  const { onTimeout, maxInFlight } = pool;
  const start = startup && {
    path: "/started",
    period: `${startup.period}ms`,
    timeout: "400ms",
    failure: startup.failure,
  };
  const readiness =
    probe === undefined
      ? undefined
      : {
          path: "/ready",
          period: `${probe.period}ms`,
          timeout: "400ms",
          failure: probe.failure,
          gates: probe.gates,
        };
  return {
    policy,
    pods: weights.map((weight, i) => podDocument(name, i, weight)),
    affinity,
    failover,
    strict,
    tableBits: 10,
    health: { panic: `${panic * 100}%`, ...(readiness && { readiness }), ...(start && { startup: start }) },
    retry: { attempts, on: ["connect", ...(onTimeout ? ["timeout"] : [])] },
    timeouts: { headers: "2s", queue: `${QUEUE}ms` },
    ...(maxInFlight === undefined ? {} : { maxInFlight, queue: 4 }),
  };
}

/** The document after an operator's change; the same when there is nothing to change. */
export function changed(document: ConfigDocument, change: Change): ConfigDocument {
  if (change.what === "ramp") {
    return { ...document, routes: [route(change.weight)] };
  }
  const pool = document.pools[change.pool];
  if (pool === undefined) return document;
  const put = (next: Partial<PoolDocument>): ConfigDocument => ({
    ...document,
    pools: { ...document.pools, [change.pool]: { ...pool, ...next } as PoolDocument },
  });
  if (change.what === "policy") return put({ policy: change.policy });
  const id = `${change.pool}-${change.pod}`;
  const known = pool.pods.find((pod) => pod.id === id);
  switch (change.what) {
    case "add":
      return known === undefined
        ? put({ pods: [...pool.pods, podDocument(change.pool, change.pod, 1)] })
        : document;
    case "remove":
      return pool.pods.length > 1 ? put({ pods: pool.pods.filter((pod) => pod !== known) }) : document;
    case "replace":
      return put({
        pods: pool.pods.map((pod) => (pod === known ? { ...pod, generation: pod.generation + 1 } : pod)),
      });
    case "weight":
      return put({ pods: pool.pods.map((pod) => (pod === known ? { ...pod, weight: change.weight } : pod)) });
  }
}

/** Compiled before in this process: schedules, edges and revisions often have the same document. */
const configs = new Map<string, Config>();
const snapshots = new Map<string, Snapshot>();
const KEPT = 200;

/** The real compiler, remembered. Throws for a document that is not valid: every document here is made to be. */
export async function compileDocument(text: string, revision: number): Promise<Snapshot> {
  const key = `${revision}\n${text}`;
  const known = snapshots.get(key);
  if (known !== undefined) return known;
  let config = configs.get(text);
  if (config === undefined) {
    const read = validate(JSON.parse(text));
    if (!read.ok) throw new Error(`a schedule's config is not valid: ${JSON.stringify(read.errors)}`);
    config = read.config;
    if (configs.size >= KEPT) configs.clear();
    configs.set(text, config);
  }
  const snapshot = await compile(config, revision, sha256);
  if (snapshots.size >= KEPT) snapshots.clear();
  snapshots.set(key, snapshot);
  return snapshot;
}

/** As a promise of a microtask: WebCrypto would answer in real time. */
function sha256(data: Uint8Array): Promise<ArrayBuffer> {
  const digest = createHash("sha256").update(data).digest();
  return Promise.resolve(new Uint8Array(digest).buffer);
}
