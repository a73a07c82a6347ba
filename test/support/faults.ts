import { afterAll, afterEach, beforeAll, expect } from "vitest";
import { duplicates } from "../../tools/chaos/pod/arrivals.ts";
import { type FaultyPod, startFaultyPod } from "../../tools/chaos/pod/pod.ts";
import { type Answer, call, type Jar, Jar as NewJar } from "./client.ts";
import { ADMIN, type Stack, type StackOptions, startStack } from "./stack.ts";

/** A pool of its own for one row of the fault table, so that no row meets what another left behind. */
export interface FaultPool {
  /** How many pods, 2 unless said: `NAME-0` and on. */
  readonly count?: number;
  /** What the config says of it besides. */
  readonly config?: object;
}

/** A request as it was sent, its answer, and how often it came to any pod. */
export interface Sent {
  readonly answer: Answer;
  readonly arrivals: number;
  /** Milliseconds. */
  readonly took: number;
}

export interface Faults {
  readonly stack: Stack;
  /** All of them. */
  readonly pods: readonly FaultyPod[];
  of(pool: string): FaultyPod[];
  /** The config of all pools, each at the path of its name; `more` over single pools. */
  config(more?: Record<string, object>): { readonly pools: Record<string, object> };
  /** One request with an id of its own. */
  send(jar: Jar, pool: string, options?: { method?: string; path?: string; edge?: number }): Promise<Sent>;
  /** A new session and the pod that it is on: this one, when one is named. */
  bound(pool: string, id?: string): Promise<{ jar: Jar; pod: FaultyPod }>;
  /** What the coordinator says of each pod. */
  states(pool: string): Promise<Record<string, string>>;
  /** Says what was seen, with times that nothing is held to. */
  tell(what: string, ...sent: readonly Sent[]): void;
}

/** Until what probes find is obeyed everywhere. */
export const SOON = { timeout: 15_000, interval: 50 };

/**
 * One stack for the tests of a file, with pods that err as they are told; faults end with their test. After each test no POST
 * or PATCH has come twice, to whichever pods.
 */
export function useFaults(
  pools: Readonly<Record<string, FaultPool>>,
  options: Omit<StackOptions, "config"> = {},
): Faults {
  let stack: Stack | undefined;
  const byPool = new Map<string, FaultyPod[]>();
  const all = () => [...byPool.values()].flat();
  let ids = 0;

  const config: Faults["config"] = (more = {}) => ({
    version: 1,
    explain: true,
    pools: Object.fromEntries(
      Object.entries(pools).map(([name, pool]) => {
        const listed = byPool.get(name)!.map(({ id, url }) => ({ id, url }));
        return [name, { pods: listed, ...pool.config, ...more[name] }];
      }),
    ),
    routes: Object.keys(pools).map((pool) => ({ path: `/${pool}`, pool })),
  });
  beforeAll(async () => {
    for (const [name, { count = 2 }] of Object.entries(pools)) {
      byPool.set(
        name,
        await Promise.all(Array.from({ length: count }, (_, i) => startFaultyPod(`${name}-${i}`))),
      );
    }
    stack = await startStack({ ...options, config: config() });
  });
  afterEach(async () => {
    for (const pod of all()) await pod.clear();
    expect(duplicates(all())).toEqual([]);
  });
  afterAll(async () => {
    await stack?.stop();
    await Promise.all(all().map((pod) => pod.stop()));
  });

  const send: Faults["send"] = async (jar, pool, { method = "GET", path = "", edge = 0 } = {}) => {
    const id = `${pool}-${++ids}`;
    const body = method === "POST" || method === "PATCH" ? { body: "x=1" } : {};
    const began = performance.now();
    const url = `${faults.stack.edges[edge]!.url}/${pool}${path}`;
    const answer = await jar.get(url, { method, headers: { "x-request-id": id }, ...body });
    const took = performance.now() - began;
    const arrivals = all().reduce((sum, pod) => sum + pod.count({ id, method }), 0);
    return { answer, arrivals, took };
  };
  const faults: Faults = {
    get stack() {
      if (stack === undefined) throw new Error("the stack did not start");
      return stack;
    },
    get pods() {
      return all();
    },
    of: (pool) => byPool.get(pool)!,
    config,
    send,
    bound: async (pool, id) => {
      for (let i = 0; i < 200; i++) {
        const jar = new NewJar();
        const { answer } = await send(jar, pool);
        const pod = faults.of(pool).find((one) => one.id === answer.body.trim());
        if (pod !== undefined && (id === undefined || pod.id === id)) return { jar, pod };
      }
      throw new Error(`no new session came to ${id ?? pool}`);
    },
    states: async (pool) => {
      const headers = { authorization: `Bearer ${ADMIN}` };
      const { body } = await call(`${faults.stack.url}/_mooring/v1/pools/${pool}/pods`, { headers });
      const { pods } = JSON.parse(body) as { pods: { id: string; state: string }[] };
      return Object.fromEntries(pods.map(({ id, state }) => [id, state]));
    },
    tell: (what, ...sent) => {
      const seen = sent.map(
        ({ answer, arrivals, took }) => `${answer.status} (${arrivals}×, ${Math.round(took)} ms)`,
      );
      console.log([what, ...seen].join("  "));
    },
  };
  return faults;
}
