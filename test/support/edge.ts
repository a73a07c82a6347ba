import { createHash, webcrypto } from "node:crypto";
import { compile } from "../../src/config/compile.ts";
import { parseConfig } from "../../src/config/parse.ts";
import type { HealthView } from "../../src/health/state.ts";
import { Counters } from "../../src/metrics/counters.ts";
import type { Background } from "../../src/model/ports.ts";
import type { Edge, Failure, Shipment } from "../../src/route/edge.ts";
import { route } from "../../src/route/route.ts";
import { View } from "../../src/route/view.ts";
import { Feed } from "../../src/sessions/feed.ts";
import { Generations } from "../../src/sessions/generations.ts";
import { Guard } from "../../src/sessions/guard.ts";
import { keyer } from "../../src/sessions/keyer.ts";
import { keyRing, type Secrets } from "../../src/sessions/keyring.ts";
import { sealer } from "../../src/sessions/token.ts";
import { testCore } from "./core.ts";
import { MemoryStore } from "./memory-store.ts";
import { seeded } from "./seeded.ts";

export const SECRETS: Secrets = { current: "a-secret-of-an-edge-in-tests-32-bytes" };
const subtle = webcrypto.subtle as SubtleCrypto;
const digest = async (data: Uint8Array) => new Uint8Array(createHash("sha256").update(data).digest()).buffer;

export interface EdgeOptions {
  readonly config: object;
  readonly secrets?: Secrets;
  /** Shared by several edges of one test. */
  readonly store?: MemoryStore;
  /** Milliseconds since the epoch; may move. */
  readonly now?: () => number;
  /** How a pod answers; 200 with its id when absent. */
  readonly pod?: (shipment: Shipment) => Response | Failure | Promise<Response | Failure>;
  /** Whether a pod of this id can be connected to, for the probe before a doubted one; it can when absent. */
  readonly connects?: (id: string) => boolean;
  readonly origin?: Edge["origin"];
  readonly zone?: string;
  readonly refresh?: Edge["refresh"];
  /** Calls the release of a lease; at once when absent. */
  readonly hold?: (release: () => void) => void;
  /** How a wait for a place at a pod ends; never by itself when absent. */
  readonly after?: Edge["after"];
}

/** The real steps of src/route in Node, over real crypto, a store in memory and pods that are a function. */
export class TestEdge {
  readonly edge: Edge;
  readonly store: MemoryStore;
  readonly view: View;
  readonly shipped: Shipment[] = [];
  readonly #work: Promise<unknown>[] = [];
  readonly #background: Background = { waitUntil: (work) => void this.#work.push(work) };

  private constructor(edge: Edge, view: View, store: MemoryStore, shipped: Shipment[]) {
    this.edge = edge;
    this.view = view;
    this.store = store;
    this.shipped = shipped;
  }

  static async start(options: EdgeOptions): Promise<TestEdge> {
    const { config, secrets = SECRETS, store = new MemoryStore(), now = Date.now } = options;
    const { pod = ({ pod: { id } }: Shipment) => new Response(id), connects = () => true } = options;
    const { origin = () => undefined, zone, refresh = async () => undefined } = options;
    const { after = () => () => undefined, hold = (release: () => void) => release() } = options;
    const parsed = parseConfig(JSON.stringify(config));
    if (!parsed.ok) throw new Error(JSON.stringify(parsed.errors));
    const snapshot = await compile(parsed.config, 1, digest);
    const stamp = { incarnation: 1, revision: 1, salt: "5a".repeat(16) };
    const view = new View(stamp, snapshot, [], testCore(), undefined, now());
    const chance = seeded(20_261_127);
    const shipped: Shipment[] = [];
    const clock = { now };
    const edge: Edge = {
      clock,
      chance,
      forwarder: {
        send: async (shipment) => {
          shipped.push(shipment);
          return pod(shipment);
        },
        connects: async ({ id }) => connects(id),
        gather: async (body) => new Uint8Array(await new Response(body).arrayBuffer()),
        dress: (response, headers) => {
          const { status, statusText } = response;
          return new Response(response.body, { status, statusText, headers });
        },
        pump: (response) => response,
        hold: (response, release) => {
          hold(release);
          return response;
        },
      },
      store,
      // The store in memory is never late.
      guard: new Guard(clock, () => () => undefined),
      sealer: sealer(subtle, await keyRing(subtle, secrets), chance),
      keyer: keyer(subtle),
      peer: () => "203.0.113.7",
      cloudflare: false,
      loopMark: "mooring;id=00000000",
      origin,
      zone,
      feed: new Feed(),
      counters: new Counters(),
      settlements: new Generations(4096),
      keyed: new Generations(5000),
      expired: new Generations(4096),
      told: new Generations(4096),
      flights: new Map(),
      untold: new Map(),
      breaks: [],
      inVain: new Generations(4096),
      view: () => view,
      period: () => 1000,
      refresh,
      stale: () => false,
      failed: () => undefined,
      after,
      recorded: () => undefined,
    };
    return new TestEdge(edge, view, store, shipped);
  }

  health(states: HealthView): void {
    this.view.apply(states);
  }

  /** The steps, from an absolute url. */
  ask(url: string, init: RequestInit = {}): Promise<Response> {
    const { method = "GET", headers, body } = init;
    // A Request of Node costs more than all the steps; without a body they read no more than this of it.
    const plain = { url, method, headers: new Headers(headers), body: null };
    const request = body == null ? (plain as unknown as Request) : new Request(url, init);
    return route(this.edge, request, this.#background);
  }

  /** Until all that went on behind the responses is done. */
  async idle(): Promise<void> {
    while (this.#work.length > 0) await Promise.all(this.#work.splice(0));
  }
}

/** What a Mooring-Decision says first. */
export function outcomeOf(response: Response): string {
  return response.headers.get("mooring-decision")?.split(";")[0] ?? "";
}

/** Name and value of each cookie that a response sets. */
export function cookiesOf(response: Response): [name: string, value: string][] {
  return response.headers.getSetCookie().map((line) => {
    const [pair = ""] = line.split(";");
    const at = pair.indexOf("=");
    return [pair.slice(0, at), pair.slice(at + 1)];
  });
}
