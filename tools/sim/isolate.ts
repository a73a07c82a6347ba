import type { Core } from "../../src/core/core.ts";
import { Counters } from "../../src/metrics/counters.ts";
import type { Beat } from "../../src/model/beat.ts";
import { type PodTag, tagToHex } from "../../src/model/pod.ts";
import type { BindingStore, Clock, Swapped } from "../../src/model/ports.ts";
import type { Edge, Shipment } from "../../src/route/edge.ts";
import { route } from "../../src/route/route.ts";
import { Feed } from "../../src/sessions/feed.ts";
import { Generations } from "../../src/sessions/generations.ts";
import { Guard } from "../../src/sessions/guard.ts";
import { type Broken, breaksOf, guardOf, heard, misread, senderOf, suspectCandidates } from "./broken.ts";
import type { Call, Send } from "./call.ts";
import type { Told } from "./coordinator.ts";
import type { Dice } from "./dice.ts";
import { simForwarder } from "./forwarder.ts";
import { SimFreshness } from "./freshness.ts";
import { SimHeartbeat, TIMEOUT } from "./heartbeat.ts";
import type { Loop } from "./loop.ts";
import type { Net } from "./net.ts";
import { type Pods, podKey, type SimPod } from "./pods.ts";
import { type Ring, sealText, simKeyer, simSealer } from "./sealer.ts";
import { SimViews } from "./views.ts";

/** As in worker/edge/isolate.ts. */
const SETTLEMENTS = 4096;
const KEYED = 5000;

/** A probe of a pod that requests waited for. */
export interface Probe {
  readonly pod: PodTag;
  readonly key: string;
  readonly at: number;
  ended: number;
  well: boolean;
}

export interface IsolateParts {
  readonly index: number;
  readonly name: string;
  readonly loop: Loop;
  readonly net: Net;
  readonly pods: Pods;
  readonly core: Core;
  readonly dice: Dice;
  readonly skew: number;
  readonly ring: Ring;
  readonly period: number;
  readonly bundled: string | undefined;
  readonly broken: Broken | undefined;
  readonly storeFor: (me: string, alive: () => boolean) => BindingStore;
  readonly snapshotFor: (me: string, alive: () => boolean) => Promise<string | undefined>;
  readonly beat: (beat: Beat) => Told;
  /** A heartbeat had no answer. */
  readonly unreachable: (index: number) => void;
  /** The view is there: the request is decided now, before any other event. */
  readonly decided: (isolate: Isolate, call: Call) => void;
  readonly sent: (call: Call, shipment: Shipment) => void;
  readonly left: (call: Call, send: Send) => void;
  readonly reached: (call: Call, pod: SimPod, shipment: Shipment) => void;
  /** How long a pod works on a request; absent: as schedules have it. Milliseconds. */
  readonly work?: (dice: Dice) => number;
}

/** One isolate: the real edge of src/route over ports in virtual time. What it holds dies with it. */
export class Isolate {
  readonly name: string;
  readonly index: number;
  readonly ring: Ring;
  readonly edge: Edge;
  readonly views: SimViews;
  readonly heartbeat: SimHeartbeat;
  /** What the edge's clock should say. */
  readonly clock: Clock;
  readonly probes: Probe[] = [];
  readonly #broken: Broken | undefined;
  readonly #peers = new WeakMap<Request, string>();
  #alive = true;

  constructor(parts: IsolateParts) {
    const { loop, net, dice, name, broken } = parts;
    this.name = name;
    this.index = parts.index;
    this.ring = parts.ring;
    this.#broken = broken;
    const me = `edge-${parts.index}`;
    const alive = () => this.#alive;
    const born = loop.now;
    const clock = {
      now: () => Math.floor((broken === "expiry-ignored" ? born : loop.now) + parts.skew),
    };
    // Timers and views go by the same clock as the rest; a broken one only tells requests the wrong time.
    const wall = () => Math.floor(loop.now + parts.skew);
    this.clock = { now: wall };
    const after = (ms: number, callback: () => void) => loop.after(ms, () => alive() && callback());
    const counters = new Counters();
    const breaks = breaksOf(broken, parts.index);
    const feed = new Feed();
    const waiting = { count: 0 };
    this.views = new SimViews(parts.core);
    const post = async (beat: Beat) => {
      const sent = net.call(me, "coordinator", alive, () => parts.beat(beat), TIMEOUT);
      const told = await sent.catch((error: unknown) => {
        parts.unreachable(parts.index);
        throw error;
      });
      return heard(broken, told, this.views.current?.stamp);
    };
    const shared = { loop, now: wall, alive, views: this.views };
    const busy = () => waiting.count > 0;
    const { period } = parts;
    this.heartbeat = new SimHeartbeat({
      ...shared,
      dice,
      post,
      isolate: name,
      feed,
      counters,
      breaks,
      busy,
      period,
    });
    const snapshot = () => parts.snapshotFor(me, alive);
    const freshness = new SimFreshness({
      ...shared,
      heartbeat: this.heartbeat,
      snapshot,
      bundled: parts.bundled,
    });
    const forwarder = simForwarder({ ...parts, me, alive, waiting });
    this.edge = {
      clock,
      chance: dice,
      forwarder: {
        ...forwarder,
        send: senderOf(broken, forwarder.send),
        connects: async (pod, path, timeout) => {
          const probe: Probe = {
            pod: pod.tag,
            key: podKey(pod),
            at: loop.now,
            ended: Number.POSITIVE_INFINITY,
            well: false,
          };
          this.probes.push(probe);
          probe.well = await forwarder.connects(pod, path, timeout);
          probe.ended = loop.now;
          return probe.well;
        },
      },
      store: parts.storeFor(me, alive),
      guard: new Guard({ now: wall }, after, guardOf(broken)),
      sealer: simSealer(parts.ring, dice),
      keyer: simKeyer,
      peer: (request) => this.#peers.get(request),
      cloudflare: false,
      loopMark: "mooring;id=00000000",
      origin: () => undefined,
      zone: undefined,
      feed,
      counters,
      settlements: new Generations(SETTLEMENTS),
      expired: new Generations(SETTLEMENTS),
      told: new Generations(SETTLEMENTS),
      keyed: new Generations(KEYED),
      flights: new Map<string, Promise<Swapped | undefined>>(),
      untold: new Map(),
      inVain: new Generations(SETTLEMENTS),
      breaks,
      view: async (_now, background) => {
        const view = await freshness.view(wall());
        if (view !== undefined) {
          for (const pool of view.pools) misread(broken, pool);
          if (broken === "own-suspicion") for (const pool of view.pools) suspectCandidates(pool, wall);
          parts.decided(this, background as Call);
        }
        return view;
      },
      period: () => this.heartbeat.period,
      refresh: async () => undefined,
      stale: (view) => freshness.isStale(view, wall()),
      recorded: () => this.heartbeat.touch(),
      after,
      failed: (pod, unreachable) => this.heartbeat.failed(unreachable ? tagToHex(pod.pod.tag) : undefined),
    };
  }

  get alive(): boolean {
    return this.#alive;
  }

  /** Everything that it waits for will never come. */
  die(): void {
    this.#alive = false;
    this.views.free();
  }

  async serve(call: Call, request: Request): Promise<Response> {
    this.#peers.set(request, call.ip);
    call.now = this.clock.now();
    const response = await route(this.edge, request, call);
    if (this.#broken !== "cookie-without-pod" || call.token === undefined || response.status < 502)
      return response;
    const scope = this.views.current?.scopes[0];
    if (scope?.cookie === undefined) return response;
    const text = sealText(this.ring.current, scope.scope.id, call.token, call.id);
    response.headers.append("set-cookie", `${scope.cookie.secureName}=${text}; Path=/`);
    return response;
  }
}
