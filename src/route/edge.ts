import type { Clues } from "../metrics/clues.ts";
import type { Counters } from "../metrics/counters.ts";
import type { Break } from "../model/beat.ts";
import type { Sid } from "../model/binding.ts";
import type { Pod, PodTag } from "../model/pod.ts";
import type { Background, BindingStore, Chance, Clock, Swapped } from "../model/ports.ts";
import type { Feed } from "../sessions/feed.ts";
import type { Generations } from "../sessions/generations.ts";
import type { Guard } from "../sessions/guard.ts";
import type { Keyer } from "../sessions/keyer.ts";
import type { Sealer } from "../sessions/token.ts";
import type { HeaderFields } from "./fields.ts";
import type { Keyed } from "./key-memory.ts";
import type { PodRuntime } from "./pods.ts";
import type { Watch } from "./socket.ts";
import type { Trip } from "./trip.ts";
import type { Untold } from "./untold.ts";
import type { View } from "./view.ts";

/**
 * Why no response came. `connect`: refused, reset or closed before a response began (workerd cannot tell these apart).
 * `timeout`: no response headers in time. `client`: the client's own body ended badly. `stalled`: it came no further in time. `garbage`: a response that no
 * client could be given.
 */
export type Failure = "connect" | "timeout" | "client" | "stalled" | "garbage";

export interface Shipment {
  readonly pod: Pod;
  /** Path and query as the client sent them. */
  readonly rest: string;
  readonly method: string;
  readonly headers: HeaderFields | Headers;
  /** Null when there is nothing in it; bytes when it may be sent again. */
  readonly body: ReadableStream | Uint8Array | null;
  /** The client's, for what only it can carry. */
  readonly request: Request;
  /** Until the response's headers, from when the body has been sent. Milliseconds. */
  readonly timeout: number;
  /** Until the response's headers, from now, whatever becomes of the body; undefined: no limit. Milliseconds. */
  readonly limit: number | undefined;
  /** Whether the response will be held: then its body must come as the pod sent it, compressed or not. */
  readonly held: boolean;
  /** Whether a try that is late must be ended, as the request lives on without it. */
  readonly abort: boolean;
  /** Told once the time for headers is long over, whether or not anyone has heard of it. */
  readonly forsake: () => void;
}

/** How requests reach pods. */
export interface Forwarder {
  send(shipment: Shipment, background: Background): Promise<Response | Failure>;
  /** Reads a body that says of itself that it is short. @param timeout for all of it, milliseconds */
  gather(
    body: ReadableStream,
    timeout: number,
    background: Background,
  ): Promise<Uint8Array | "client" | "stalled">;
  /** A GET of `path`; whether a connection came about. Any answer counts. */
  connects(pod: Pod, path: string, timeout: number): Promise<boolean>;
  /** The same response with other headers; knows what a 101 carries beside them. */
  dress(response: Response, headers: Headers): Response;
  /** The same 101 with its WebSocket pumped, until a side closes it or the watch says that it is over. */
  pump(response: Response, watch: Watch, background: Background): Response;
  /**
   * Calls `release` once when the response's body has ended, or its client or pod has gone.
   *
   * @param idle cuts a body of which nothing more comes for so long; undefined: no limit. Milliseconds
   */
  hold(response: Response, release: () => void, background: Background, idle: number | undefined): Response;
}

/** What an errand found out about a session's binding at one epoch and pod: without the store, one epoch may have two. */
export interface Settlement {
  readonly epoch: number;
  readonly pod: PodTag;
  /** The store knows more than the token did: the next request asks it. Else it holds what the token says, unless: */
  readonly ahead: boolean;
  /** The store was told nothing, as it did not answer: the next request tells it. */
  readonly owed?: true;
  /** What the store said to the request that asked it, too late for that: followed where it is late again. */
  readonly late?: Swapped;
  /**
   * What the store said of the session as it was here, when, and where it was meant to go: elsewhere, or nowhere. Who comes
   * late with the old cookie follows.
   */
  readonly moved?: { readonly to: PodTag; readonly answer: Swapped; readonly at: number };
}

/** Everything that steps of a request share: one for each isolate. Ports first, then state. */
export interface Edge {
  readonly clock: Clock;
  readonly chance: Chance;
  readonly forwarder: Forwarder;
  readonly store: BindingStore;
  readonly guard: Guard;
  readonly sealer: Sealer;
  readonly keyer: Keyer;
  /** The address that connected to us, as text; undefined when the platform does not tell. */
  readonly peer: (request: Request) => string | undefined;
  /** What the platform tells of where a request came from, such as its colo. */
  readonly origin: (request: Request) => Readonly<Record<string, unknown>> | undefined;
  /** The edge's own zone. */
  readonly zone: string | undefined;
  /** CF-* headers are the platform's own there, and pass. */
  readonly cloudflare: boolean;
  /** The deployment's own name in CDN-Loop. */
  readonly loopMark: string;

  readonly feed: Feed;
  readonly counters: Counters;
  /** What is noticed for checks; undefined: nobody looks. */
  readonly clues?: Clues | undefined;
  readonly settlements: Generations<Settlement>;
  /** Keyed sessions that this isolate knows, by scope, source and value. */
  readonly keyed: Generations<Keyed>;
  /** Expiries that were recorded, by sid and epoch: an old cookie may come back many times. */
  readonly expired: Generations<true>;
  /** When a move was last recorded, by all that is said of it: a client that never takes its new cookie makes it each time. */
  readonly told: Generations<number>;
  /** Compare-and-sets in flight, by sid and epoch. */
  readonly flights: Map<string, Promise<Swapped | undefined>>;
  readonly breaks: Break[];
  /** Keys that pods minted and the store has yet to hear of, by sid; the oldest first. */
  readonly untold: Map<Sid, Untold>;
  /** The epoch from which a session was last moved after a failed connection, and not answered there either, by sid. */
  readonly inVain: Generations<number>;

  /** The view to decide by now: refreshed first when it is too old. Undefined: no config was ever seen. */
  view(now: number, background: Background): View | undefined | Promise<View | undefined>;
  /** How long what the store said of a keyed session holds: the heartbeat's period. Milliseconds. */
  period(): number;
  /** Whether a view is older than it may be, and could not be refreshed. */
  stale(view: View, now: number): boolean;
  /** Asks the coordinator at once, once for all who wait; at most 150 ms. Never rejects. */
  refresh(background: Background): Promise<void>;
  /**
   * Calls `expire` in so many milliseconds, unless what it returns is called first. By a timer of the request's own: the
   * runtime takes one that waits for other requests alone for hung.
   */
  after(ms: number, expire: () => void): () => void;
  /** A request waits for the probe that another began: only those who record listen. */
  readonly joining?: ((probe: Promise<boolean>) => Promise<boolean>) | undefined;
  /** A pod is about to be chosen for a new session: only those who record or replay listen. */
  readonly choosing?: ((trip: Trip) => void) | undefined;
  /** Makes a choice that goes by what no trace holds: those who record note it, those who replay have the note. */
  readonly picking?: ((choose: () => number) => number) | undefined;
  /** A failure that the fleet should hear of soon. @param unreachable it could not be connected to */
  failed(pod: PodRuntime, unreachable: boolean): void;
  /** Something was counted or recorded that the coordinator has not heard of. */
  recorded(background: Background): void;
}

/** Breaks that are held at most until a heartbeat takes them; beyond that the oldest is dropped. */
export const MAX_BREAKS = 10_000;

export function recordBreak(edge: Edge, entry: Break): void {
  if (edge.breaks.length >= MAX_BREAKS) edge.breaks.shift();
  edge.breaks.push(entry);
}
