/** What users, networks and pods are made of. Times in seconds; parts of all from 0 to 1. */
export interface Model {
  readonly pods: number;
  /** Isolates of the edge. Each request comes to any of them. */
  readonly edges: number;
  readonly users: number;
  /** Over how long the users come, and how long the run lasts at most. */
  readonly arrive: number;
  readonly length: number;
  /** Visits of a user, on average, and the pause between two of them. */
  readonly visits: number;
  readonly think: number;
  /** The part of the visits that is a transfer in three steps, and the pause between two steps. */
  readonly transfers: number;
  readonly step: number;
  /** The part of the users that is on a phone, and how often in an hour a phone gets another address. */
  readonly phones: number;
  readonly changes: number;
  /** The part of the addresses that is a NAT's, and how many users share one of these. */
  readonly behindNat: number;
  readonly usersPerNat: number;
  /** How often in an hour each pod restarts, and how long it is away. */
  readonly restarts: number;
  readonly down: number;
  /** How long a client's connection may be silent until its next request needs another. */
  readonly keepAlive: number;
}

/** Where nothing else is said. */
export const BASE: Model = {
  pods: 6,
  edges: 4,
  users: 300,
  arrive: 14_400,
  length: 18_000,
  visits: 20,
  think: 30,
  transfers: 0.2,
  step: 5,
  phones: 0.6,
  changes: 2,
  behindNat: 0.4,
  usersPerNat: 20,
  restarts: 0.25,
  down: 20,
  keepAlive: 75,
};

/** The same in small, for real processes in real time: what takes minutes takes seconds. */
export const SMALL: Model = {
  ...BASE,
  pods: 4,
  edges: 2,
  users: 40,
  arrive: 3,
  length: 16,
  visits: 14,
  think: 0.6,
  step: 0.2,
  changes: 900,
  usersPerNat: 5,
  restarts: 180,
  down: 1,
  keepAlive: 0.5,
};

interface Parameter {
  readonly text: string;
  readonly unit: string;
  /** Where its value is from. */
  readonly source: string;
}

const ASSUMED = "assumed";
const SWEPT = "assumed; swept below";

/** Every parameter as the report names it. */
export const PARAMETERS: Readonly<Record<keyof Model, Parameter>> = {
  pods: { text: "pods of the pool", unit: "pods", source: SWEPT },
  edges: { text: "isolates of the edge; each request comes to any", unit: "isolates", source: ASSUMED },
  users: { text: "users of a run", unit: "users", source: "as many as give small errors" },
  arrive: { text: "over how long they come", unit: "s", source: ASSUMED },
  length: { text: "after which a run ends", unit: "s", source: "as long as nearly all sessions last" },
  visits: { text: "visits of a user, on average (geometric)", unit: "visits", source: ASSUMED },
  think: { text: "pause between two visits, on average (exponential)", unit: "s", source: ASSUMED },
  transfers: { text: "visits that are a transfer in three steps", unit: "of all", source: ASSUMED },
  step: { text: "pause between two steps, on average (exponential)", unit: "s", source: ASSUMED },
  phones: { text: "users on a phone", unit: "of all", source: ASSUMED },
  changes: { text: "addresses that a phone changes to in an hour (Poisson)", unit: "/h", source: SWEPT },
  behindNat: { text: "addresses that are a NAT's", unit: "of all", source: ASSUMED },
  usersPerNat: { text: "users that share the address of a NAT", unit: "users", source: SWEPT },
  restarts: { text: "restarts of each pod in an hour (Poisson)", unit: "/h", source: SWEPT },
  down: { text: "how long a pod is away when it restarts", unit: "s", source: ASSUMED },
  keepAlive: {
    text: "silence after which a connection is not used again (for `connection` alone)",
    unit: "s",
    source: "nginx's default `keepalive_timeout`; swept below",
  },
};
