import type { KillView } from "./kill.ts";
import type { SeenDecision } from "./page/parts/decision.js";
import type { PodStatus } from "./pod-process.ts";

/** A cart in a pod's memory. */
export interface CartView {
  /** The visitor's public name. */
  readonly visitor: string;
  readonly items: number;
  /** The simulated shopper whose cart it is; null for a person's. */
  readonly shopper: string | null;
}

export interface PodView {
  readonly id: string;
  readonly status: PodStatus;
  readonly alive: boolean;
  /** When the status became what it is; milliseconds since the epoch. */
  readonly since: number;
  /** Of a dead pod: the carts that went with it. */
  readonly carts: readonly CartView[];
  /** What its operator said of it, undefined when nothing. */
  readonly drain?: DrainView;
}

/** A pod that takes no new sessions. */
export interface DrainView {
  /** `drained`: the deadline has passed, and nobody is sent there any more. */
  readonly state: "draining" | "drained";
  /** Live sessions that are left; null while the store does not say. */
  readonly sessions: number | null;
  /** Milliseconds since the epoch. */
  readonly deadline: number | null;
}

export interface ShopperView {
  readonly name: string;
  /** The pod that the last answer came from; null before the first. */
  readonly pod: string | null;
  readonly items: number;
  readonly moves: number;
  /** Carts it has lost. */
  readonly lost: number;
  /** Requests that no pod answered. */
  readonly refused: number;
  /** What the edge decided about its last request; null when the edge did not say. */
  readonly last: SeenDecision | null;
}

/** Something that happened in the demo. */
export interface Happening {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly text: string;
}

/** What GET /demo/state answers, and each event of /demo/events. */
export interface DemoState {
  readonly pods: readonly PodView[];
  readonly shoppers: readonly ShopperView[];
  /** Whether the simulated shoppers are at it: only while a page is open. */
  readonly shopping: boolean;
  /** Whether pods can be drained and added from here: the control server has the admin token. */
  readonly operates: boolean;
  /** What the shoppers last saw of the edge. */
  readonly edge: "answers" | "silent" | "not asked";
  /** The latest first. */
  readonly kills: readonly KillView[];
  /** The latest first. */
  readonly happened: readonly Happening[];
}
