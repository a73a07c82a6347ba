import { setTimeout as sleep } from "node:timers/promises";
import type { Advice } from "../../src/doctor/advice.ts";
import type { Finding } from "../../src/doctor/finding.ts";
import { call, Jar } from "../../tools/fleet/client.ts";
import { type Fleet, SHARED, startFleet } from "../../tools/fleet/fleet.ts";
import { type PodApp, podApp } from "../../tools/fleet/pod-app.ts";
import { inParallel } from "../../tools/fleet/wait.ts";
import { findRedisServer } from "../../tools/gateway/redis.ts";
import { startPod, type TestPod } from "./pod.ts";

/** What doctor answers. */
export interface Diagnosis {
  readonly findings: readonly Finding[];
  readonly advice: readonly Advice[];
  readonly revision: number;
}

export const RETIRED = "a-retired-secret-of-a-fleet-of-more-than-32-bytes";
const READY = { readiness: { path: "/ready", period: "500ms", failure: 1 } };

/** A pool for each fault, so that none meets what another left behind: how many pods, and what the config says besides. */
const POOLS: Readonly<Record<string, readonly [pods: number, config: object]>> = {
  web: [3, { health: READY }],
  unready: [3, { health: READY }],
  flap: [2, { health: { readiness: { ...READY.readiness, period: "200ms" } } }],
  roll: [3, {}],
  dead: [1, {}],
  retry: [2, {}],
  slow: [1, { timeouts: { headers: "200ms" } }],
  full: [1, { maxInFlight: 1, queue: 0 }],
  errors: [1, {}],
  idle: [2, { affinity: [{ header: { name: "X-User", timeout: "1s" } }] }],
  nat: [2, { affinity: ["client-ip"] }],
  phone: [2, { affinity: ["client-ip"] }],
  hot: [2, {}],
  weights: [3, {}],
  scale: [4, {}],
  disagree: [2, {}],
  empty: [0, {}],
};

export const newJars = (count: number) => Array.from({ length: count }, () => new Jar());

type Started = ReadonlyMap<string, { readonly pod: TestPod; readonly app: PodApp }>;
type Stranger = { readonly sent?: number; readonly [told: string]: unknown };

/** Two edges and the pools of all faults, over real processes. */
export class Ailing {
  readonly fleet: Fleet;
  readonly pods: Started;
  /** Isolates that are none, by the heartbeats that they tell. */
  readonly strangers: Record<string, Stranger> = {};
  #stopped = false;
  #beating: Promise<void> | undefined;

  private constructor(fleet: Fleet, pods: Started) {
    this.fleet = fleet;
    this.pods = pods;
  }

  static async start(): Promise<Ailing> {
    const pods = new Map<string, { readonly pod: TestPod; readonly app: PodApp }>();
    for (const [name, [count]] of Object.entries(POOLS)) {
      for (let i = 0; i < count; i++) {
        const id = `${name}-${i}`;
        const app = podApp(id, "one", () => undefined);
        const strip = (url = "") => url.replace(`/${name}`, "") || "/";
        const pod = await startPod(id, (request, response) => {
          request.url = strip(request.url);
          app.listener(request, response);
        });
        pods.set(id, { pod, app });
      }
    }
    try {
      const fleet = await startFleet({
        edges: 2,
        pods: 0,
        redis: findRedisServer() !== undefined,
        env: { MOORING_SECRET_RETIRED: RETIRED },
        config: () => documentOf(pods, (pool) => (pool === "scale" ? 2 : POOLS[pool]![0])),
      });
      return new Ailing(fleet, pods);
    } catch (error) {
      await kill(pods);
      throw error;
    }
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#beating;
    await this.fleet.stop();
    await kill(this.pods);
  }

  /** The config with every pod that there is; at the start one pool has but half of its pods. */
  document(): object {
    return documentOf(this.pods, (pool) => POOLS[pool]![0]);
  }

  at(pool: string, edge = 0, path = ""): string {
    return `${this.fleet.edges[edge]!.url}/${pool}${path}`;
  }

  async doctor(): Promise<Diagnosis> {
    return (await this.fleet.admin.get<Diagnosis>("/v1/doctor")).json;
  }

  async ids(): Promise<string[]> {
    return (await this.doctor()).findings.map(({ id }) => id);
  }

  visit(jars: readonly Jar[], pool: string, edge = 0): Promise<void> {
    return inParallel(jars, 8, async (jar) => void (await jar.get(this.at(pool, edge))));
  }

  async podOf(jar: Jar, pool: string): Promise<string | undefined> {
    const { headers } = await jar.get(this.at(pool));
    return headers["mooring-decision"]?.toString().match(/pod=([\w-]+)/)?.[1];
  }

  /** The strangers tell their heartbeats from now on. */
  beat(): void {
    this.#beating ??= this.#beat();
  }

  async #beat(): Promise<void> {
    for (let batch = 1; !this.#stopped; batch++) {
      for (const [isolate, { sent = 0, ...told }] of Object.entries(this.strangers)) {
        const base = {
          incarnation: 0,
          revision: 99,
          feed: 0,
          counts: [],
          breaks: [],
          failed: [],
          served: {},
        };
        const body = JSON.stringify({ ...base, isolate, batch, ...told, sent: Date.now() + sent });
        await call(`${this.fleet.coordinator.url}/_mooring/internal/beat`, {
          method: "POST",
          body,
          headers: { authorization: `Bearer ${SHARED}`, "content-type": "application/json" },
        }).catch(() => undefined);
      }
      await sleep(500);
    }
  }
}

function documentOf(pods: Started, podsOf: (pool: string) => number): object {
  return {
    version: 1,
    explain: true,
    trustedProxies: ["127.0.0.0/8"],
    pools: Object.fromEntries(
      Object.entries(POOLS).map(([name, [, config]]) => {
        const ids = Array.from({ length: podsOf(name) }, (_, i) => `${name}-${i}`);
        return [name, { ...config, pods: ids.map((id) => ({ id, url: pods.get(id)!.pod.url })) }];
      }),
    ),
    routes: Object.keys(POOLS).map((name) => ({ path: `/${name}`, pool: name })),
  };
}

async function kill(pods: Started): Promise<void> {
  await Promise.all([...pods.values()].map(({ pod }) => pod.kill()));
}
