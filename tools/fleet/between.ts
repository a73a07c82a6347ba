/** A connection between parts of a fleet: from an edge or the coordinator to the store, from an edge to the coordinator. */
export type Leg = "store" | "coordinator" | "pod";

/** Something that stands in a connection. */
export interface Between {
  /** Where it listens, instead of what is behind it. */
  readonly url: string;
  stop(): Promise<void>;
}

/**
 * Asked for each connection of a fleet before its parts start; what it answers stands between them from then on, undefined
 * leaves them as they are. Every part keeps its port over restarts, so what stands before it may stay.
 *
 * @param url of the part behind: the REST gateway, the coordinator, a pod
 * @param from `edge-0` and on, or `coordinator`; `fleet` for pods, as all find them in one config
 */
export type PutBetween = (leg: Leg, url: string, from: string) => Promise<Between | undefined>;
