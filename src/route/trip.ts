import type { Cause } from "../model/binding.ts";
import type { Outcome } from "../model/decision.ts";
import type { Background } from "../model/ports.ts";
import type { Refusal } from "../model/refusal.ts";
import type { Token } from "../sessions/token.ts";
import type { Client } from "./client.ts";
import type { Edge } from "./edge.ts";
import type { PodRuntime } from "./pods.ts";
import type { Target } from "./target.ts";
import type { CookieRuntime, RouteRuntime, View } from "./view.ts";

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
  /** The cookie of the scope; undefined for unkeyed requests. */
  readonly cookie: CookieRuntime | undefined;
}

/** What the store must hear after the response. */
export type Errand = "none" | "create" | "renew";

/** Where a request goes and as whose. */
export interface Seat {
  readonly pod: PodRuntime;
  readonly outcome: Exclude<Outcome, "refused">;
  /** The session as it is with this request; undefined when it has none. */
  readonly session: Token | undefined;
  /** Whether the client must be given the session's token. */
  readonly issue: boolean;
  readonly errand: Errand;
  /** Id of the pod that a moved session left. */
  readonly from: string | undefined;
  readonly cause: Cause | undefined;
}

export type Seated = Seat | Refusal;

export const seconds = (ms: number): number => Math.floor(ms / 1000);
