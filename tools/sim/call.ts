import type { PodTag } from "../../src/model/pod.ts";
import type { Background } from "../../src/model/ports.ts";
import type { Token } from "../../src/sessions/token.ts";
import type { RequestEvent } from "./plan.ts";

/** One try at a pod. */
export interface Send {
  readonly pod: PodTag;
  readonly key: string;
  readonly at: number;
  ended: number | undefined;
  /** A failure's name, or the status. */
  result: string | undefined;
}

/** What the rules of sessions demand of a request, read from its token and its edge's view as it was decided. */
export type Demand =
  /** No session of ours: whatever it is given, its sid is new. */
  | { readonly want: "new"; readonly why: string }
  /** The session stays where its token says. */
  | { readonly want: "keep"; readonly pod: PodTag }
  /** It may be moved: its pod does not keep it, an operator moved it, or the store is known to know more. */
  | {
      readonly want: "move";
      readonly why: string;
      /** Its pod keeps nothing, and another takes sessions. */
      readonly elsewhere?: boolean;
      /** Its home is back, and this edge alone could not reach it just now. */
      readonly avoided?: boolean;
    }
  /** Nothing can be said. */
  | { readonly want: "any" };

/** One client request on its way, as the watch sees it; also what the edge's code runs under. */
export class Call implements Background {
  readonly id: number;
  readonly client: number;
  readonly edge: number;
  readonly isolate: string;
  readonly spec: RequestEvent;
  /** The token that it carries and this edge can open, and its text. */
  token: Token | undefined;
  text: string | undefined;
  /** The affinity key that it brings, where one carries the session. */
  key: string | undefined;
  /** Pods mint its key. */
  mints = false;
  /** The address that it comes from. */
  readonly ip: string;
  /** Its key is retired. */
  retired = false;
  readonly arrived: number;
  /** When it came by the edge's own clock, which is what it is judged by. Milliseconds since the epoch. */
  now = 0;
  /** When the edge had the view that it decided by. */
  decided: number | undefined;
  demand: Demand = { want: "any" };
  /** Everything of the view that the choice of a pod depends on. */
  viewKey = "";
  /** Whether any pod took sessions in that view. */
  open = false;
  /** When the coordinator made the answer that the view rests on: true time. */
  toldAt = Number.NEGATIVE_INFINITY;
  readonly sends: Send[] = [];
  /** Probes of this request that found no connection, by pod key. */
  readonly unconnected: string[] = [];
  /** Milliseconds spent waiting for pods. */
  podTime = 0;
  answered: number | undefined;

  constructor(
    id: number,
    client: number,
    edge: number,
    isolate: string,
    spec: RequestEvent,
    arrived: number,
    ip = `203.0.113.${client}`,
  ) {
    this.id = id;
    this.client = client;
    this.edge = edge;
    this.isolate = isolate;
    this.spec = spec;
    this.arrived = arrived;
    this.ip = ip;
  }

  /** What goes on after the response goes on by itself here; a rejection there would be a bug, and is not hidden. */
  waitUntil(_work: Promise<unknown>): void {}
}
