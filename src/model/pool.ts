import { type Pod, tagToHex } from "./pod.ts";

/** A probe with the fields of Kubernetes' httpGet. Times in milliseconds. */
export interface Probe {
  readonly path: string;
  /** Another port of the pod's host, where the base path of its url means nothing. */
  readonly port?: number | undefined;
  /** Where it is not that of the pod's url. */
  readonly scheme?: "HTTP" | "HTTPS" | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly period: number;
  readonly timeout: number;
  readonly success: number;
  readonly failure: number;
  readonly initialDelay: number;
}

export interface ReadinessProbe extends Probe {
  /** `new`: an unready pod keeps its bound sessions; `all`: it loses them too, as with kubelet. */
  readonly gates: "new" | "all";
}

/** When one isolate keeps its new sessions from a pod that fails: fields of Istio's outlierDetection. Milliseconds. */
export interface Outlier {
  /** Answers of 5xx in a row, or none; 0: off. */
  readonly consecutive5xx: number;
  /** Answers of 502, 503 or 504 in a row, or none; 0: off. */
  readonly consecutiveGatewayErrors: number;
  /** For each of these without another one, an ejection is forgiven. */
  readonly interval: number;
  /** The first ejection lasts this long, the n-th in a row n times that. */
  readonly baseEjection: number;
  /** The fraction of the pool's pods that may be out at once. */
  readonly maxEjection: number;
  /** With less than this fraction of the pool's pods left, none is kept out. */
  readonly minHealth: number;
}

/** What one affinity source was configured with; `source` names a line of the affinity registry. */
export interface AffinityConfig {
  readonly source: string;
  readonly options: Readonly<Record<string, unknown>>;
}

/** The balancing policy by its name in the policy registry, with its parsed options. */
export interface PolicyConfig {
  readonly name: string;
  readonly options: Readonly<Record<string, unknown>>;
}

export interface RetryConfig {
  /** Tries in all, the first included. */
  readonly attempts: number;
  /** Retries allowed per request of the last 10 s, as a fraction. */
  readonly budget: number;
  readonly on: readonly ("connect" | "timeout")[];
  /** Methods that are sent again though they are not idempotent. */
  readonly methods: readonly string[];
  /** Whether short bodies are held, so that their requests can be sent again. */
  readonly bodies: boolean;
}

/** Milliseconds; what is absent has no limit. */
export interface Timeouts {
  /** Of each try: until the response's headers, from when the body has been sent. */
  readonly headers: number;
  /** From when the request came until the response's headers, over all tries and waiting. */
  readonly total?: number | undefined;
  /** Between two pieces of a response's body. */
  readonly idleBody?: number | undefined;
  /** For a turn at a pod that is at its cap. */
  readonly queue: number;
}

/** How a pod that is new, or back, comes to its full share of new sessions. */
export interface SlowStart {
  /** Until it has it; 0: at once. Milliseconds. */
  readonly window: number;
  /** Over 1 it gets more of its share early: the share grows with (time/window)^(1/aggression). */
  readonly aggression: number;
  /** The share that it gets from the start, as a fraction. */
  readonly minimum: number;
}

/** What becomes of a WebSocket whose session must leave its pod. */
export interface WebSocketConfig {
  /** `leave`: it passes untouched, and ends with its pod. `close`: it is pumped, so that it can be closed with 1012. */
  readonly onDrain: "leave" | "close";
  /** Over how long the closings spread. Milliseconds. */
  readonly jitter: number;
}

/** Pods that share policy, affinity and health. A Kubernetes Service becomes a pool. Times in milliseconds. */
export interface Pool {
  readonly name: string;
  readonly index: number;
  readonly pods: readonly Pod[];
  readonly policy: PolicyConfig;
  /** log2 of the slots of the hash table; never derived from the number of pods. */
  readonly tableBits: number;
  /** In order of preference; the first that yields a key wins. Empty: requests are unkeyed. */
  readonly affinity: readonly AffinityConfig[];
  readonly readiness: ReadinessProbe | undefined;
  readonly liveness?: Probe | undefined;
  readonly startup?: Probe | undefined;
  readonly outlier?: Outlier | undefined;
  readonly failover: "sticky" | "temporary" | "none";
  readonly strict: boolean;
  /** Below this fraction of admitted pods, unready and ejected ones admit again. */
  readonly panic: number;
  readonly drain: number;
  readonly slowStart: SlowStart;
  /** Whether new sessions prefer pods of their request's zone. */
  readonly zones: "any" | "prefer";
  readonly retry: RetryConfig;
  readonly timeouts: Timeouts;
  /** Requests that one isolate has in flight at a pod at most; absent: any number. */
  readonly maxInFlight?: number | undefined;
  /** Requests that wait for their turn at one pod at most. */
  readonly queue: number;
  /** Absent: WebSockets pass untouched. */
  readonly webSocket?: WebSocketConfig | undefined;
  /**
   * What becomes of new requests while it has no pods at all. 500: as a side of a split it keeps its share, which gets that.
   * 503: other sides take them, and without one they get that.
   */
  readonly empty: 500 | 503;
}

/**
 * The pool with the weights that an operator gave to its pods; itself where none of them has one, or they would leave no pod
 * any weight.
 *
 * @param given by 12 hex digits of the tag
 */
export function weighed(pool: Pool, given: Readonly<Record<string, number>>): Pool {
  const pods = pool.pods.map((pod) => {
    const weight = given[tagToHex(pod.tag)] ?? pod.weight;
    return weight === pod.weight ? pod : { ...pod, weight };
  });
  const other = pods.some((pod, i) => pod !== pool.pods[i]);
  return other && pods.some(({ weight }) => weight > 0) ? { ...pool, pods } : pool;
}
