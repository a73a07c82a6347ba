import { readFileSync } from "node:fs";
import { Core } from "../../src/core/core.ts";
import type { BindingStore } from "../../src/model/ports.ts";
import { settle } from "../../src/sessions/settle.ts";
import { Jar } from "../fleet/client.ts";
import { Call } from "../sim/call.ts";
import { SimCoordinator } from "../sim/coordinator.ts";
import { dice } from "../sim/dice.ts";
import { SimFleet } from "../sim/fleet.ts";
import { ANSWERED_BY } from "../sim/forwarder.ts";
import { Isolate } from "../sim/isolate.ts";
import { Loop } from "../sim/loop.ts";
import { Net, type Quality } from "../sim/net.ts";
import type { RequestEvent } from "../sim/plan.ts";
import { Pods, type SimPod } from "../sim/pods.ts";
import { SimProber } from "../sim/prober.ts";
import type { Ring } from "../sim/sealer.ts";
import { Store, type StoreWitness } from "../sim/store.ts";
import { type StorePath, StorePort } from "../sim/store-port.ts";
import { Trace } from "../sim/trace.ts";
import { configOf, hostOf, type KindName } from "./kinds.ts";
import { type Answer, type Ask, play, type Stage } from "./play.ts";
import type { Script } from "./script.ts";
import { emptyTally, type Tally } from "./tally.ts";

/** When every run begins. Milliseconds since the epoch. */
const START = 1_900_000_000_000;
/** A network that loses nothing: what is lost here is what stickiness loses. */
const QUALITY: Quality = { delay: [0.2, 3], loss: 0, twice: 0 };
const RING: Ring = { current: 1, next: undefined, previous: undefined, retired: undefined };
/** How long a pod works on a request. Milliseconds. */
const WORK = [1, 10] as const;
/** Time between heartbeats, as of those who host it themselves. Milliseconds. */
const PERIOD = 1000;
/** After the last visit: what is on its way arrives. Milliseconds. */
const REST = 60_000;

const SPEC: RequestEvent = {
  kind: "request",
  client: 0,
  edge: 0,
  around: false,
  count: 1,
  spread: 0,
  method: "GET",
  body: false,
  cookie: "newest",
  shared: false,
};

const FILE = new URL("../../build/core.wasm", import.meta.url);
let core: Core | undefined;

/** What one pod remembers, in one life. */
interface Memory {
  life: number;
  readonly seen: Map<string, number>;
}

export interface VirtualRun {
  readonly script: Script;
  readonly kinds: readonly KindName[];
  /** Of what edges and network throw dice for. */
  readonly seed: number;
  /** Period of the probes, as the config has it. */
  readonly probe?: string;
  /** Between an edge and its store; absent: nothing. */
  readonly between?: (store: BindingStore) => BindingStore;
  /** How long a session by a cookie may be idle; absent: as the kind has it. */
  readonly idle?: string;
}

/** Plays a script in virtual time, over the real edge, coordinator's rules and core: tools/sim says how. */
export async function runVirtually(run: VirtualRun): Promise<Record<string, Tally>> {
  const world = new World(run);
  try {
    return await world.run();
  } finally {
    world.end();
  }
}

class World {
  readonly #run: VirtualRun;
  readonly #loop = new Loop(START);
  readonly #net: Net;
  readonly #pods: Pods;
  readonly #memories: readonly Memory[];
  readonly #coordinator: SimCoordinator;
  readonly #document: string;
  readonly #isolates: Isolate[] = [];
  readonly #storePath: StorePath;
  readonly #jars = new Map<string, Jar>();
  /** What the pod that a request has reached last says to it. */
  readonly #said = new Map<Call, Answer>();
  #calls = 0;

  constructor(run: VirtualRun) {
    this.#run = run;
    const { script, kinds, seed, probe = "10s", idle } = run;
    const loop = this.#loop;
    this.#net = new Net(loop, dice(seed, "net"), QUALITY);
    this.#pods = new Pods(loop);
    this.#memories = Array.from({ length: script.model.pods }, () => ({ life: 0, seen: new Map() }));
    const listed = this.#memories.map((_, i) => ({ id: `web-${i}`, url: `http://web-${i}.pods.test:8080` }));
    this.#document = JSON.stringify(configOf(kinds, listed, probe, idle));
    const nobody: StoreWitness = { swapped: () => undefined, wrote: () => undefined };
    const store = new Store(loop, settle, nobody);
    const net = this.#net;
    const path = { loop, net, store, dice: dice(seed, "store"), tags: () => [] };
    this.#storePath = { ...path, style: "redis", believe: (answer) => answer };
    this.#coordinator = new SimCoordinator({
      loop,
      trace: new Trace(false, START),
      prober: new SimProber(loop, net, this.#pods),
      fleet: new SimFleet(loop, () => undefined),
      store: new StorePort(this.#storePath, "coordinator", () => true),
      snapshots: { get: () => Promise.resolve(undefined), put: () => Promise.resolve() },
      period: PERIOD,
      salt: `salt-${seed}`,
    });
  }

  async run(): Promise<Record<string, Tally>> {
    const { script, kinds } = this.#run;
    const loop = this.#loop;
    const { pods, keepAlive, length } = script.model;
    const tallies = Object.fromEntries(kinds.map((kind) => [kind, emptyTally(pods)]));
    const failures: unknown[] = [];
    loop.after(0, () => void this.#begin().catch((error) => failures.push(error)));
    for (const { at, back, pod } of script.restarts) {
      loop.after(at, () => this.#kill(pod));
      loop.after(back, () => this.#revive(pod));
    }
    for (const kind of kinds) {
      for (const user of script.users) {
        const stage = this.#stage(`${kind} ${user.name}`);
        const playing = () => play(user, kind, stage, tallies[kind]!, keepAlive * 1000);
        loop.after(user.visits[0]!.at, () => void playing().catch((error) => failures.push(error)));
      }
    }
    await loop.run(START + length * 1000 + REST);
    if (failures.length > 0) throw new AggregateError(failures, "the world broke down");
    if (core!.traps > 0) throw new Error("the core trapped");
    return tallies;
  }

  end(): void {
    for (const isolate of this.#isolates) isolate.die();
  }

  async #begin(): Promise<void> {
    core ??= new Core(new WebAssembly.Module(readFileSync(FILE)));
    await this.#coordinator.start(this.#document);
    for (let index = 0; index < this.#run.script.model.edges; index++) this.#startEdge(index, core);
  }

  #startEdge(index: number, core: Core): void {
    const name = `edge-${index}`;
    const { between = (store) => store } = this.#run;
    const nothing = () => undefined;
    this.#isolates[index] = new Isolate({
      index,
      name,
      core,
      loop: this.#loop,
      net: this.#net,
      pods: this.#pods,
      dice: dice(this.#run.seed, name),
      skew: 0,
      ring: RING,
      period: PERIOD,
      bundled: this.#document,
      broken: undefined,
      storeFor: (me, alive) => between(new StorePort(this.#storePath, me, alive)),
      snapshotFor: () => Promise.resolve(undefined),
      beat: (beat) => this.#coordinator.beat(beat),
      unreachable: nothing,
      decided: nothing,
      sent: nothing,
      left: nothing,
      reached: (call, pod) => this.#reached(call, pod),
      work: (dice) => dice.between(...WORK),
    });
  }

  #stage(user: string): Stage {
    const loop = this.#loop;
    return {
      until: (at) => loop.sleep(START + at - loop.now),
      ask: (ask) => this.#ask(user, ask),
      lives: (pod, life) => {
        const memory = this.#memories[pod]!;
        return this.#processes(pod)[0]!.mode === "up" && String(memory.life) === life;
      },
    };
  }

  async #ask(
    user: string,
    { kind, edge, method, number, address, headers }: Ask,
  ): Promise<Answer | undefined> {
    let jar = this.#jars.get(user);
    if (jar === undefined) {
      jar = new Jar();
      this.#jars.set(user, jar);
    }
    const isolate = this.#isolates[edge]!;
    const call = new Call(++this.#calls, number, edge, user, SPEC, this.#loop.now, address);
    const cookie: Record<string, string> = jar.cookie === "" ? {} : { cookie: jar.cookie };
    const url = `https://${hostOf(kind)}/visit?n=${number}`;
    const response = await isolate.serve(
      call,
      new Request(url, { method, headers: { ...headers, ...cookie } }),
    );
    jar.keep(response.headers.getSetCookie());
    const said = this.#said.get(call);
    this.#said.delete(call);
    return response.status === 200 && response.headers.has(ANSWERED_BY) ? said : undefined;
  }

  /** A pod tells what it remembers of the user, and remembers this request. */
  #reached(call: Call, process: SimPod): void {
    const pod = Number(process.key.split("/")[1]!.slice("web-".length));
    const { life, seen } = this.#memories[pod]!;
    const { isolate: user, client: number } = call;
    this.#said.set(call, { pod, life: String(life), last: seen.get(user) });
    seen.set(user, number);
  }

  #kill(pod: number): void {
    const memory = this.#memories[pod]!;
    memory.life++;
    memory.seen.clear();
    for (const process of this.#processes(pod)) process.mode = "dead";
  }

  #revive(pod: number): void {
    for (const process of this.#processes(pod)) process.mode = "up";
  }

  /** A pod serves the pool of each kind. */
  #processes(pod: number): SimPod[] {
    return this.#run.kinds.map((pool) => this.#pods.of({ pool, id: `web-${pod}`, generation: 0 }));
  }
}
