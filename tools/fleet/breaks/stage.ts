import { webcrypto } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { affinities } from "../../../src/affinity/index.ts";
import { podTag } from "../../../src/config/tag.ts";
import type { PodTag } from "../../../src/model/pod.ts";
import { keyer } from "../../../src/sessions/keyer.ts";
import { fractions } from "../../chaos/chance.ts";
import { startTcpProxy, type TcpProxy } from "../../chaos/tcp/proxy.ts";
import { call } from "../client.ts";
import { Door } from "../door.ts";
import { type Fleet, type ListedPod, SECRET, startFleet } from "../fleet.ts";
import { KeyReader } from "../token.ts";
import { eventually } from "../wait.ts";
import { type Away, Journal } from "./journal.ts";
import { type Kind, POOLS, type Shop, Shopper } from "./shopper.ts";

/** The secret at start, and those that a script rotates to, one after another. */
export const SECRETS: readonly string[] = [
  SECRET,
  ...Array.from({ length: 19 }, (_, i) => `secret-${i + 1}-of-a-fleet-that-rotates-its-keys`),
];

/** Half of what an edge waits for the store: what it asks passes a proxy on its way, both ways. Milliseconds. */
const SLOW = 75;
/** Half of what an edge waits for a probe of a pod. Milliseconds. */
const STILL = 250;
/** How often this process looks whether it stands still. Milliseconds. */
const STEP = 50;

export interface StageOptions {
  readonly edges: number;
  readonly pods: number;
  readonly clients: Readonly<Record<Kind, number>>;
  readonly seed: number;
  /** How long a step lets what it did last. Milliseconds. */
  readonly hold: number;
  /** What clients wait between two requests at most. Milliseconds. */
  readonly think: number;
  readonly bundleDir: string;
  say(line: string): void;
}

/** The fleet of the breaks, with something to err in each of its connections, and what a script does to it. */
export class Stage {
  readonly fleet: Fleet;
  readonly door: Door;
  readonly journal = new Journal();
  /** Opens whatever any of the secrets has sealed. */
  readonly keys = new KeyReader(SECRETS);
  readonly shoppers: readonly Shopper[];
  readonly options: StageOptions;
  /** By `edge-0 store`, `edge-0 coordinator`, `coordinator store`, `pod web-0`. */
  readonly wires: ReadonlyMap<string, TcpProxy>;
  readonly draw: () => number;
  /** The pods of the config, with their weights. */
  readonly listed = new Map<string, number>();
  /** Which of the secrets seals now; the next one is known everywhere. */
  key = 0;
  /** Writes that came too late or were wrong, and were taken nevertheless. */
  intruded = 0;
  readonly #began = Date.now();

  private constructor(
    fleet: Fleet,
    wires: ReadonlyMap<string, TcpProxy>,
    options: StageOptions,
    sidOf: Shop["sidOf"],
  ) {
    this.fleet = fleet;
    this.wires = wires;
    this.options = options;
    this.draw = fractions(options.seed);
    // What clients draw must not depend on how many answers they had when the script drew.
    const clientDraw = fractions(options.seed + 1);
    this.door = new Door(fleet.edges, clientDraw);
    for (const { id } of fleet.pods) this.listed.set(id, 2);
    const shop: Shop = {
      door: this.door,
      keys: this.keys,
      sidOf,
      tagOf,
      seats: new Map(),
      edges: options.edges,
      draw: clientDraw,
      elapsed: () => this.elapsed,
    };
    this.shoppers = (Object.keys(POOLS) as Kind[]).flatMap((kind) =>
      Array.from({ length: options.clients[kind] }, (_, i) => new Shopper(kind, `${kind}-${i}`, shop)),
    );
  }

  static async open(options: StageOptions): Promise<Stage> {
    const wires = new Map<string, TcpProxy>();
    const fleet = await startFleet({
      edges: options.edges,
      pods: options.pods,
      redis: true,
      bundleDir: options.bundleDir,
      config: (pods) => document(pods, () => 2),
      // The first of the three steps of a rotation is done: both keys are known everywhere.
      env: { MOORING_SECRET_NEXT: SECRETS[1]! },
      between: async (leg, url, from) => {
        const wire = await startTcpProxy(url, { seed: options.seed });
        wires.set(leg === "pod" ? `pod ${url}` : `${from} ${leg}`, wire);
        return wire;
      },
    });
    const { salt } = await fleet.internal<{ salt: string }>("/config");
    const names = keyer(webcrypto.subtle as SubtleCrypto);
    const labels = {
      keyed: `${POOLS.keyed} ${affinities.header.label!({ name: "x-client", timeout: 0 })}\n`,
      learned: `${POOLS.learned} ${affinities.learn.label!({ cookie: "SESSIONID", timeout: 0 })}\n`,
    };
    const sidOf: Shop["sidOf"] = (kind, value) => names.sid(salt, labels[kind as keyof typeof labels], value);
    return new Stage(fleet, wires, options, sidOf);
  }

  /** Seconds since the beginning. */
  get elapsed(): string {
    return this.since(Date.now());
  }

  /** The same of a moment. */
  since(at: number): string {
    return ((at - this.#began) / 1000).toFixed(1);
  }

  say(line: string): void {
    this.options.say(`+${this.elapsed} s: ${line}`);
  }

  hold(times = 1): Promise<void> {
    return sleep(this.options.hold * times);
  }

  /** One of them by the script's chance. Throws when there is none. */
  one<T>(of: readonly T[]): T {
    if (of.length === 0) throw new Error("nothing to choose from");
    return of[Math.floor(this.draw() * of.length)]!;
  }

  /** So many of them, each once. */
  some<T>(of: readonly T[], count: number): T[] {
    const left = [...of];
    return Array.from({ length: Math.min(count, left.length) }, () => {
      return left.splice(Math.floor(this.draw() * left.length), 1)[0]!;
    });
  }

  wire(name: string): TcpProxy {
    const wire = this.wires.get(name.startsWith("pod ") ? `pod ${this.fleet.pod(name.slice(4)).url}` : name);
    if (wire === undefined) throw new Error(`nothing stands in ${name}`);
    return wire;
  }

  /** Writes the pods and weights that are listed now, at this edge, and waits until every edge has them. */
  async put(edge = 0): Promise<void> {
    const pods = this.fleet.listed().filter(({ id }) => this.listed.has(id));
    await this.#intrude(edge);
    const answer = await this.fleet.admin.putConfig(
      document(pods, (id) => this.listed.get(id)!),
      edge,
    );
    if (answer.status !== 200) throw new Error(`a PUT was answered with ${answer.status}: ${answer.body}`);
    this.journal.wrote(answer.json.revision);
    // A heartbeat of 1 s, with what jitter and a busy machine add.
    await sleep(1500);
  }

  /** Two who would spoil the config: one has read an older revision, one writes what is none. */
  async #intrude(edge: number): Promise<void> {
    const { admin } = this.fleet;
    const current = await admin.config(edge);
    if (current === undefined) throw new Error("there is no config");
    const write = (body: object, etag: string) =>
      admin.send("PUT", "/v1/config", { body, headers: { "if-match": etag }, edge });
    const late = await write(current.config, `"${current.revision - 1}"`);
    const wrong = await write({ version: 1, pools: {}, routes: [{ pool: "nowhere" }] }, current.etag);
    if (late.status !== 412) this.intruded++;
    if (wrong.status !== 422) this.intruded++;
    if ((await admin.config(edge))?.revision !== current.revision) this.intruded++;
  }

  /** Until every edge shows a pod in a state that was ordered, at most 10 s. */
  async heard(state: string): Promise<void> {
    for (const edge of this.door.open) {
      await eventually(
        () => this.fleet.admin.get<{ pools: { states: Record<string, number> }[] }>("/v1/pools", edge),
        ({ json }) => json.pools.every(({ states }) => (states[state] ?? 0) > 0),
      );
    }
  }

  /** What the operator says of a pod in every pool. */
  async order(pod: string, body: object): Promise<void> {
    for (const pool of Object.values(POOLS)) {
      const path = `/v1/pools/${pool}/pods/${pod}`;
      const answer = await this.fleet.admin.send("PATCH", path, { body });
      if (answer.status !== 200) throw new Error(`PATCH ${path} was answered with ${answer.status}`);
    }
  }

  /** Until the shared view takes every listed pod for ready, at every edge: one that was ejected may be out for 30 s. */
  async ready(): Promise<void> {
    for (const pool of Object.values(POOLS)) {
      const found = await eventually(
        () => this.fleet.admin.get<{ pods: { state: string }[] }>(`/v1/pools/${pool}/pods`),
        ({ status, json }) => status === 200 && json.pods.every(({ state }) => state === "ready"),
        { within: 120_000, every: 200 },
      );
      if (found.status !== 200 || !found.json.pods.every(({ state }) => state === "ready")) {
        throw new Error(`not ready again: ${found.body}`);
      }
    }
  }

  /**
   * Watches how long a store and edges that are there take to answer, until it is told to end. On a busy machine a store may
   * be too slow for the edges, which is to them as if it were away; and where nothing moves for as long as an edge waits for
   * a probe, nothing can be said of what it should have found. This process is watched as well: what stands before each pod
   * runs in it, and while it stands still a pod that is dead seems to hang.
   */
  watch(): () => void {
    const { gateway } = this.fleet.redis!;
    const headers = { authorization: `Bearer ${gateway.token}` };
    let running = true;
    const each = async (url: string, slow: readonly (readonly [Away, number])[]) => {
      while (running) {
        const from = Date.now();
        await call(url, { headers, timeout: 10_000 }).catch(() => undefined);
        for (const [what, limit] of slow) if (Date.now() - from > limit) this.journal.was(what, from);
        await sleep(100);
      }
    };
    const own = async () => {
      while (running) {
        const from = Date.now();
        await sleep(STEP);
        if (Date.now() - from > STEP + STILL) this.journal.was("machine", from);
      }
    };
    void own();
    void each(`${gateway.url}/ping`, [["slow-store", SLOW]]);
    for (const { url } of this.fleet.edges) void each(`${url}/_mooring/livez`, [["machine", STILL]]);
    return () => {
      running = false;
    };
  }

  /** Pods that are listed; the script has them all alive between its steps. */
  get pods(): string[] {
    return [...this.listed.keys()];
  }
}

/** Tags by pool and pod. */
const tags = new Map<string, Promise<PodTag>>();

function tagOf(pool: string, pod: string): Promise<PodTag> {
  const name = `${pool} ${pod}`;
  const known = tags.get(name) ?? podTag(pool, pod, 0, (data) => webcrypto.subtle.digest("SHA-256", data));
  tags.set(name, known);
  return known;
}

/** Three pools over the same pods, one for each kind of client, told apart by host. */
function document(pods: readonly ListedPod[], weight: (id: string) => number): object {
  const common = {
    pods: pods.map((pod) => ({ ...pod, weight: weight(pod.id) })),
    health: { readiness: { path: "/ready", period: "1s", failure: 2, initialDelay: "0s" } },
    timeouts: { headers: "3s" },
  };
  return {
    version: 1,
    explain: true,
    pools: {
      [POOLS.cookie]: common,
      [POOLS.keyed]: { ...common, affinity: [{ header: { name: "x-client" } }] },
      [POOLS.learned]: { ...common, affinity: [{ learn: { cookie: "SESSIONID" } }] },
    },
    routes: Object.values(POOLS).map((pool) => ({ host: `${pool}.test`, pool })),
  };
}
