import { readFileSync } from "node:fs";
import { Core } from "../../src/core/core.ts";
import { tagToHex } from "../../src/model/pod.ts";
import { Answers, tokenText } from "./answers.ts";
import { type Broken, beliefOf, ruleOf } from "./broken.ts";
import { Call } from "./call.ts";
import { Client } from "./client.ts";
import { SimCoordinator } from "./coordinator.ts";
import { carried } from "./demand.ts";
import { Departures } from "./departures.ts";
import { dice } from "./dice.ts";
import { firstDocument, MINTED, USER } from "./document.ts";
import { SimFleet } from "./fleet.ts";
import { Isolate } from "./isolate.ts";
import type { Answered } from "./late.ts";
import { Loop } from "./loop.ts";
import { Net } from "./net.ts";
import type { Plan, RequestEvent } from "./plan.ts";
import { Pods } from "./pods.ts";
import { SimProber } from "./prober.ts";
import { type Ring, readText } from "./sealer.ts";
import { Store } from "./store.ts";
import { type StorePath, StorePort } from "./store-port.ts";
import { Trace } from "./trace.ts";
import { Watch, type Watched } from "./watch.ts";

/** When every schedule begins. Milliseconds since the epoch. */
export const START = 1_900_000_000_000;
const HOST = "shop.test";

const FILE = new URL("../../build/core.wasm", import.meta.url);
let core: Core | undefined;

/** Everything of one schedule: edges, pods, store, coordinator, clients, and the watch over them. */
export class World implements Watched {
  readonly plan: Plan;
  readonly loop = new Loop(START);
  readonly trace: Trace;
  readonly net: Net;
  readonly pods: Pods;
  readonly store: Store;
  readonly coordinator: SimCoordinator;
  readonly isolates: (Isolate | undefined)[] = [];
  readonly clients: Client[];
  readonly watch: Watch;
  readonly answers: Answers;
  readonly departures: Departures;
  readonly retired = new Set<number>();
  lied = false;
  ring: Ring = { current: 1, next: undefined, previous: undefined, retired: undefined };
  readonly bundled: string;
  readonly #broken: Broken | undefined;
  readonly #path: StorePath;
  #calls = 0;
  #lives = 0;
  readonly #cutOff = new Map<number, number>();
  readonly #tags: number[] = [];

  constructor(plan: Plan, broken: Broken | undefined, keepTrace: boolean) {
    this.plan = plan;
    this.#broken = broken;
    this.trace = new Trace(keepTrace, START);
    const { loop } = this;
    this.net = new Net(loop, dice(plan.seed, "net"), plan.quality);
    this.pods = new Pods(loop);
    this.watch = new Watch(this);
    this.answers = new Answers(this.watch);
    this.departures = new Departures(this.watch);
    this.store = new Store(loop, ruleOf(broken), this.watch);
    this.clients = Array.from({ length: plan.clients }, (_, i) => new Client(i));
    this.bundled = JSON.stringify(firstDocument(plan));
    const shared = { loop, net: this.net, store: this.store, style: plan.store };
    const believe = beliefOf(broken);
    this.#path = { ...shared, dice: dice(plan.seed, "store"), tags: () => this.#tags, believe };
    const prober = new SimProber(loop, this.net, this.pods);
    const up = () => this.coordinator.up;
    this.coordinator = new SimCoordinator({
      loop,
      trace: this.trace,
      prober,
      fleet: new SimFleet(loop, () => this.watch.checks.ejections++),
      store: new StorePort(this.#path, "coordinator", () => true),
      snapshots: {
        get: () => this.#snapshotFor("coordinator", () => true),
        put: (text) =>
          this.net.call("coordinator", "store", up, () => {
            if (this.store.mode !== "up" && this.store.mode !== "slow")
              throw new Error("the store is not well");
            this.store.snapshot = text;
          }),
      },
      period: plan.cloudflare ? 2000 : 1000,
    });
    this.watch.reach = { wasDown: (edge, now) => now - (this.#cutOff.get(edge) ?? 0) < 12_500 };
  }

  async begin(): Promise<void> {
    core ??= new Core(new WebAssembly.Module(readFileSync(FILE)));
    await this.coordinator.start(this.bundled);
    for (const pod of this.coordinator.snapshot!.pools.flatMap((pool) => pool.pods)) this.#tags.push(pod.tag);
    for (let edge = 0; edge < this.plan.skews.length; edge++) this.startEdge(edge);
  }

  /** A new isolate, which knows nothing. */
  startEdge(index: number): void {
    const { loop, net, pods, plan } = this;
    const name = `edge-${index}.${++this.#lives}`;
    this.isolates[index]?.die();
    this.isolates[index] = new Isolate({
      index,
      name,
      loop,
      net,
      pods,
      core: core!,
      dice: dice(plan.seed, name),
      skew: plan.skews[index]!,
      ring: this.ring,
      period: plan.cloudflare ? 2000 : 1000,
      bundled: plan.bundled ? this.bundled : undefined,
      broken: this.#broken,
      storeFor: (me, alive) => this.#storeOf(me, alive),
      snapshotFor: (me, alive) => this.#snapshotFor(me, alive),
      beat: (beat) => this.coordinator.beat(beat),
      unreachable: (edge) => this.unreachable(edge),
      decided: (isolate, call) => {
        const scope = isolate.views.current!.match(HOST, "/")?.scope.scope.id;
        const found =
          scope === undefined ? undefined : carried(this.#carried.get(call) ?? [], isolate, scope);
        call.token = found?.token;
        call.text = found?.text;
        call.retired = found?.retired === true;
        this.watch.decided(isolate, call);
      },
      sent: (call, shipment) => {
        this.trace.say(loop.now, `  r${call.id} → ${shipment.pod.id}.${shipment.pod.generation}`);
        this.departures.sent(call, shipment);
      },
      left: (call, send) => this.watch.places.take(call, send),
      reached: (call, pod) => this.watch.reached(call, pod),
    });
    this.trace.say(loop.now, `${name} starts with key ${this.ring.current}`);
  }

  stopEdge(index: number): void {
    this.isolates[index]?.die();
    this.isolates[index] = undefined;
  }

  #storeOf(me: string, alive: () => boolean): StorePort {
    const port = new StorePort(this.#path, me, alive);
    const swap = port.swap.bind(port);
    port.swap = async (asked, keep) => {
      const answer = await swap(asked, keep);
      const { op, epoch, sid } = asked;
      this.trace.say(
        this.loop.now,
        `  ${me} ${op} ${sid.slice(0, 8)} from ${epoch}: ${answer.verdict} ${answer.epoch}`,
      );
      this.watch.believed(asked, answer);
      return answer;
    };
    return port;
  }

  async #snapshotFor(me: string, alive: () => boolean): Promise<string | undefined> {
    return this.net.call(me, "store", alive, () => {
      if (this.store.mode !== "up" && this.store.mode !== "slow") throw new Error("the store is not well");
      return this.store.snapshot;
    });
  }

  /** An edge may not have been able to reach the coordinator: what it decides by may be old from now on. */
  unreachable(edge: number): void {
    this.#cutOff.set(edge, this.loop.now);
  }

  readonly #carried = new Map<Call, readonly string[]>();

  /** One request of a client to an edge; resolves when the client has its answer, or has given up. */
  request(client: Client, edge: number, spec: RequestEvent): Promise<Answered> {
    const id = ++this.#calls;
    const values = client.cookies(spec.cookie, dice(this.plan.seed, `client ${id}`));
    const { loop, net } = this;
    return new Promise((resolve) => {
      const gone = { status: 0, pod: undefined, begins: false, view: "" };
      // Who hears nothing for so long goes away.
      loop.after(30_000, () => resolve(gone));
      net.send(
        "client",
        `edge-${edge}`,
        () => {
          const isolate = this.isolates[edge];
          if (isolate === undefined) return resolve(gone);
          void this.#serve(id, client, isolate, spec, values, resolve);
        },
        () => resolve(gone),
      );
    });
  }

  async #serve(
    id: number,
    client: Client,
    isolate: Isolate,
    spec: RequestEvent,
    values: readonly string[],
    resolve: (heard: Answered) => void,
  ): Promise<void> {
    const { loop, net, watch, trace } = this;
    const call = new Call(id, client.index, isolate.index, isolate.name, spec, loop.now);
    this.#carried.set(call, values);
    let response: Response;
    try {
      response = await isolate.serve(call, requestOf(spec, client.name, values, this.#keyOf(call, client)));
    } catch (error) {
      watch.fail(
        "bug",
        `request ${id} threw: ${error instanceof Error ? (error.stack ?? error.message) : error}`,
      );
      return;
    }
    this.#carried.delete(call);
    const heard = this.answers.answered(call, isolate, response);
    const token = heard.cookie === undefined ? undefined : readText(heard.cookie.text)?.token;
    const by = heard.pod === undefined ? "no pod" : tagToHex(heard.pod).slice(0, 6);
    const had = call.token === undefined ? "no token" : tokenText(call.token);
    const given = token === undefined ? "" : `, given ${tokenText(token)}`;
    trace.say(
      loop.now,
      `r${id} client ${client.index} at ${isolate.name} ${spec.method}: ${had} (${call.demand.want}) → ${heard.status} by ${by}${given}`,
    );
    client.unheardAt = heard.minted !== undefined && isolate.edge.guard.open ? isolate.index : undefined;
    const deliver = () => {
      if (heard.cookie !== undefined) client.set(heard.cookie.name, heard.cookie.text);
      if (heard.minted !== undefined) client.minted = heard.minted;
      const begins = call.demand.want === "new";
      resolve({ status: heard.status, pod: heard.pod, begins, view: call.viewKey });
    };
    net.send(`edge-${isolate.index}`, "client", deliver, () =>
      resolve({ status: 0, pod: undefined, begins: false, view: "" }),
    );
  }

  /** Who forgets its key comes without one; who forges brings one that nobody knows. */
  #keyOf(call: Call, client: Client): { readonly name: string; readonly value: string } | undefined {
    const { affinity } = this.plan;
    const { cookie } = call.spec;
    call.mints = affinity === "learn";
    if (affinity === "client-ip") call.key = call.ip;
    if (affinity === "cookie" || affinity === "client-ip" || cookie === "none") return undefined;
    const name = affinity === "header" ? USER : MINTED;
    call.key = affinity === "header" ? `user-${client.index}` : client.minted;
    if (cookie === "forged") call.key = `nobody-${call.id}`;
    return call.key === undefined ? undefined : { name, value: call.key };
  }

  /** Memory of the core outlives a world. */
  end(): void {
    for (const isolate of this.isolates) isolate?.die();
    if (core !== undefined && core.traps > 0) throw new Error("the core trapped");
  }
}

function requestOf(
  spec: RequestEvent,
  name: string | undefined,
  values: readonly string[],
  key: { readonly name: string; readonly value: string } | undefined,
): Request {
  const headers = new Headers({
    "x-forwarded-for": "10.9.9.9",
    forwarded: "for=10.9.9.9",
    "x-real-ip": "10.9.9.9",
  });
  const cookies = ["theme=dark", ...values.map((value) => `${name}=${value}`)];
  if (key?.name === MINTED) cookies.push(`${MINTED}=${key.value}`);
  else if (key !== undefined) headers.set(key.name, key.value);
  headers.set("cookie", cookies.join("; "));
  const url = `https://${HOST}/cart?n=1`;
  if (spec.method === "PREFLIGHT") {
    headers.set("access-control-request-method", "POST");
    return new Request(url, { method: "OPTIONS", headers });
  }
  if (spec.body) return new Request(url, { method: "PUT", headers, body: "x" });
  return new Request(url, { method: spec.method, headers });
}
