import type { Cause, Sid } from "../model/binding.ts";
import type { Outcome } from "../model/decision.ts";
import type { PodTag } from "../model/pod.ts";
import type { Background } from "../model/ports.ts";
import type { Refusal } from "../model/refusal.ts";
import type { Token } from "../sessions/token.ts";
import type { Carrier } from "./carrier.ts";
import type { Client } from "./client.ts";
import type { Edge } from "./edge.ts";
import type { Leg } from "./legs.ts";
import type { PodRuntime, PoolRuntime } from "./pods.ts";
import type { SourceRuntime } from "./source.ts";
import type { Target } from "./target.ts";
import type { RouteRuntime, View } from "./view.ts";

/** How long sessions last. Seconds. */
export interface Life {
  /** Until a session ends that is not seen. */
  readonly idle: number;
  /** From its beginning; undefined: it ends by silence alone. */
  readonly absolute: number | undefined;
}

/** The affinity key that carries the session of a request. */
export interface KeyRef {
  readonly source: SourceRuntime;
  readonly sid: Sid;
  /** The key. */
  readonly value: string;
  /** Whether it was made for a client that brought none, and has yet to be told of it. */
  readonly made: boolean;
  /** Its place in `Edge.keyed`. */
  readonly place: string;
}

/** One request on its way through the steps. */
export interface Trip {
  readonly edge: Edge;
  readonly view: View;
  readonly route: RouteRuntime;
  readonly request: Request;
  readonly target: Target;
  readonly client: Client;
  readonly background: Background;
  /** Milliseconds since the epoch, read once. */
  readonly now: number;
  /** A CORS preflight neither makes nor moves a session. */
  readonly preflight: boolean;
  /** How the tokens of the scope travel; undefined when it issues none. */
  readonly carrier: Carrier | undefined;
  /** Of the session by its carrier; the token's until a key is found to carry it. */
  life: Life;
  /** Set when a key carries the session. */
  keyed: KeyRef | undefined;
  /**
   * The sid of a key that no pod has minted, as far as the store knows: there is no session, but requests that bring it
   * had better stay together.
   */
  stranger: Sid | undefined;
  /** Set when the store was asked where the session of a key is, and gave no answer in time. */
  unheard: boolean;
  /** Set when a pod minted a key and the store did not take it in time: other edges may never hear of its session. */
  untold: boolean;
  /** Set when the pod took back the key that carries the session. */
  released: boolean;
  /** The side that a rule sends this one request to, past a session that stays where it is; undefined: none. */
  aside: PoolRuntime | undefined;
  /** The session as the request brought it: by its token, or its key as this isolate remembers it, or else the store. */
  held: Token | undefined;
  /** The session as it is with the response, for what lasts longer than that. */
  served: Token | undefined;
  /** What was spent waiting for pods, and for a place at one, so far. Milliseconds. */
  waited: number;
  /** When the last pod answered; 0: none has. Milliseconds since the epoch. */
  answered: number;
}

/** What the store must hear after the response. */
export type Errand = "none" | "create" | "renew";

/** Where a request goes and as whose. */
export interface Seat {
  readonly pod: PodRuntime;
  readonly outcome: Exclude<Outcome, "refused">;
  /** The session as it is with this request; undefined when it has none. */
  readonly session: Token | undefined;
  /** Whether the session's carrier must be told: the client that holds a token, or this isolate's memory of the key. */
  readonly issue: boolean;
  readonly errand: Errand;
  /** Id of the pod that a moved session left. */
  readonly from: string | undefined;
  readonly cause: Cause | undefined;
  /** The pod that this edge moved it from, just now: nobody has recorded that yet. Another generation is another pod. */
  readonly own?: PodTag | undefined;
  /** What the ledger is told of, where it is not one move from `from`. */
  readonly legs?: readonly Leg[] | undefined;
}

export type Seated = Seat | Refusal;

export const seconds = (ms: number): number => Math.floor(ms / 1000);

/** A seat of the session as it is, of which nobody need be told. */
export function kept(pod: PodRuntime, session: Token, issue: boolean, errand: Errand): Seat {
  return { pod, outcome: "kept", session, issue, errand, from: undefined, cause: undefined };
}
