import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bundle } from "../build/bundle.ts";
import { Admin } from "./admin.ts";
import type { PutBetween } from "./between.ts";
import { call } from "./client.ts";
import { Member } from "./member.ts";
import { FleetPod } from "./pod-process.ts";
import { FleetRedis } from "./redis.ts";
import { Tokens } from "./token.ts";

export const SECRET = "a-secret-of-a-fleet-of-more-than-32-bytes";
export const SHARED = "a-shared-secret-of-a-fleet-of-more-than-32-bytes";
export const ADMIN = "admin-token-of-a-fleet";
const REST = "rest-token-of-a-fleet";

/** A pod as a config lists it. */
export interface ListedPod {
  readonly id: string;
  readonly url: string;
}

export interface FleetOptions {
  /** How many edges; 1 when absent. */
  readonly edges?: number;
  /** How many pods, `web-0` and on; 2 when absent. */
  readonly pods?: number;
  /** A real redis-server behind the REST gateway; else the embedded durable store. */
  readonly redis?: boolean;
  /** The config at start, given the pods, undefined for none; one pool `web` of all with `explain: true` when absent. */
  readonly config?: (pods: readonly ListedPod[]) => object | undefined;
  /** Variables of all edges and of the coordinator, over the usual ones. */
  readonly env?: Readonly<Record<string, string>>;
  /** Variables of each edge, over all others. */
  readonly edgeEnv?: (edge: number) => Readonly<Record<string, string>>;
  readonly between?: PutBetween;
  /** What bundle() wrote; without it the worker is built anew. */
  readonly bundleDir?: string;
}

/** A deployment as it is self-hosted, in processes of its own, each of which can be killed. */
export interface Fleet {
  readonly edges: readonly Member[];
  readonly coordinator: Member;
  readonly redis: FleetRedis | undefined;
  readonly pods: readonly FleetPod[];
  /** The first edge's url. */
  readonly url: string;
  readonly admin: Admin;
  /** Opens tokens that were sealed with {@link SECRET}. */
  readonly tokens: Tokens;
  /** The pods that run or ran, as a config lists them. */
  listed(): ListedPod[];
  /** The pod of this id. Throws when there is none. */
  pod(id: string): FleetPod;
  /** Starts one more pod, which no config names yet. */
  addPod(id?: string): Promise<FleetPod>;
  /** A path of the coordinator's own interface, such as `/breaks` or `/counts`, parsed. Rejects unless it is 200. */
  internal<T>(path: string): Promise<T>;
  /** The ledger: the newest 1,000 breaks, newest first, and the counts by cause of all there ever were. */
  breaks(): Promise<Breaks>;
  /** Ends everything, whatever state it is in, and removes its files. Rejects with all that went wrong. */
  stop(): Promise<void>;
}

export interface Breaks {
  readonly breaks: readonly {
    readonly at: number;
    readonly sid: string;
    readonly epoch: number;
    readonly pool: string;
    readonly from: string;
    readonly to: string;
    readonly cause: string;
  }[];
  readonly causes: readonly { readonly cause: string; readonly count: number }[];
}

/** Resolves once every part answers; rejects, with nothing left running, when one does not. Needs build/core.wasm. */
export async function startFleet(options: FleetOptions = {}): Promise<Fleet> {
  const { edges = 1, pods = 2, redis = false, between, config = oneWebPool } = options;
  const dir = mkdtempSync(join(tmpdir(), "mooring-fleet-"));
  const remove = () => rmSync(dir, { recursive: true, force: true, maxRetries: 3 });
  process.once("exit", remove); // a run that is interrupted stops no fleet
  const ends: (() => Promise<void> | void)[] = [remove, () => void process.off("exit", remove)];
  const stop = async () => {
    const failures: unknown[] = [];
    for (const end of ends.splice(0).reverse()) {
      try {
        await end();
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw new AggregateError(failures, "the fleet did not stop in order");
  };
  /** What `from` is to take for `url`. */
  const through = async (leg: Parameters<PutBetween>[0], url: string, from: string) => {
    const link = await between?.(leg, url, from);
    if (link === undefined) return url;
    ends.push(() => link.stop());
    return link.url;
  };
  const started: FleetPod[] = [];
  const urls = new Map<FleetPod, string>();
  const addPod = async (id = `web-${started.length}`) => {
    const pod = await FleetPod.start(id, join(dir, `${id}.arrivals`));
    ends.push(() => pod.kill());
    urls.set(pod, await through("pod", pod.url, "fleet"));
    started.push(pod);
    return pod;
  };
  const listed = () => started.map((pod) => ({ id: pod.id, url: urls.get(pod)! }));

  try {
    const bundleDir = options.bundleDir ?? (await bundle({ outdir: join(dir, "worker") })).dir;
    // One after another: their order is that of their ids.
    for (let i = 0; i < pods; i++) await addPod();
    const store = redis ? await FleetRedis.start(REST) : undefined;
    if (store !== undefined) ends.push(() => store.stop());

    const envOf = async (from: string): Promise<Record<string, string>> => {
      const env = { MOORING_SECRET: SECRET, MOORING_SHARED_SECRET: SHARED, MOORING_ADMIN_TOKEN: ADMIN };
      if (store === undefined) return env;
      const url = await through("store", store.gateway.url, from);
      return { ...env, UPSTASH_REDIS_REST_URL: url, UPSTASH_REDIS_REST_TOKEN: REST };
    };
    const document = config(listed());
    const first: Record<string, string> =
      document === undefined ? {} : { MOORING_CONFIG: JSON.stringify(document) };
    const coordinator = await Member.start({
      name: "coordinator",
      role: "coordinator",
      bundleDir,
      env: { ...(await envOf("coordinator")), ...first, ...options.env },
      disk: (life) => {
        const disk = join(dir, `disk-${life}`);
        mkdirSync(disk, { recursive: true });
        return disk;
      },
    });
    ends.push(() => coordinator.stop());

    const startEdge = async (_: unknown, i: number) => {
      const name = `edge-${i}`;
      const url = await through("coordinator", coordinator.url, name);
      const own = { MOORING_COORDINATOR_URL: url, ...options.env, ...options.edgeEnv?.(i) };
      const edge = await Member.start({
        name,
        role: "edge",
        bundleDir,
        env: { ...(await envOf(name)), ...own },
      });
      ends.push(() => edge.stop());
      return edge;
    };
    // All of them must have started or failed before anything is ended.
    const starts = await Promise.allSettled(Array.from({ length: edges }, startEdge));
    const members = starts.map((start) => {
      if (start.status === "rejected") throw start.reason;
      return start.value;
    });
    const internal = async <T>(path: string) => {
      const headers = { authorization: `Bearer ${SHARED}` };
      const { status, body } = await call(`${coordinator.url}/_mooring/internal${path}`, { headers });
      if (status !== 200) throw new Error(`the coordinator answered ${status} to ${path}: ${body}`);
      return JSON.parse(body) as T;
    };
    return {
      edges: members,
      coordinator,
      redis: store,
      pods: started,
      url: members[0]?.url ?? coordinator.url,
      admin: new Admin(
        members.map((edge) => edge.url),
        ADMIN,
      ),
      tokens: new Tokens({ current: SECRET }),
      listed,
      pod: (id) => {
        const pod = started.find((one) => one.id === id);
        if (pod === undefined) throw new Error(`there is no pod ${id}`);
        return pod;
      },
      addPod,
      internal,
      breaks: () => internal<Breaks>("/breaks"),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

function oneWebPool(pods: readonly ListedPod[]): object {
  return { version: 1, explain: true, pools: { web: { pods } }, routes: [{ pool: "web" }] };
}
