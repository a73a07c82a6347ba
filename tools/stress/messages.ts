import type { Trouble } from "../fleet/breaks/journal.ts";

/** What a process of clients is started with. */
export interface Setting {
  /** Urls of the edges. */
  readonly edges: readonly string[];
  readonly seed: number;
  /** Before the names of its users. */
  readonly name: string;
}

/** What a process of users is told in the end, and says when all is told. */
export const END = "end";

/** From now on so many users, who act at this rate together; those who are not there yet come evenly within `ramp` seconds. */
export interface Order {
  readonly users: number;
  /** In a second. */
  readonly rate: number;
  readonly ramp: number;
}

/** A session that was answered by another pod than before. Times in ms since the epoch. */
export interface Change {
  readonly user: string;
  readonly from: string;
  readonly to: string;
  /** When what the one before answered last was asked for, and when this one was heard of first. */
  readonly since: number;
  readonly at: number;
}

/** What a user was doing, and lost. */
export interface Interruption {
  readonly what: "cart" | "transfer" | "stream" | "socket";
  readonly user: string;
  /** That it was lost with. */
  readonly pod: string;
  /** When it was asked for what it answered or held, and when that was found to be lost. */
  readonly since: number;
  readonly at: number;
}

/** What one process of clients saw in about a second. */
export interface Tick {
  /** That have a session. */
  readonly users: number;
  /** Connections that are open. */
  readonly connections: number;
  /** Answers to requests, echoes of WebSockets, and events of streams. */
  readonly answers: number;
  readonly echoes: number;
  readonly events: number;
  /** From when they were due, in µs: HDR histograms, in base64. */
  readonly latency: string;
  readonly echo: string;
  readonly troubles: readonly Trouble[];
  readonly changes: readonly Change[];
  readonly interruptions: readonly Interruption[];
  /** Carts that lacked something though the very process that had taken it answered. */
  readonly robbed: readonly string[];
}
