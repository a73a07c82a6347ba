import type { HealthView } from "../health/state.ts";
import type { PodTag } from "../model/pod.ts";
import type { Pool } from "../model/pool.ts";
import type { Match, Override, Route, RouteFault, Scope, Snapshot } from "../model/snapshot.ts";
import type { Moment } from "./moment.ts";
import type { Departed, RouteRuntime, View } from "./view.ts";

/** What the way of one request was decided by: plain data that replays to the same pod, without the deployment. */
export interface Trace {
  readonly version: 1;
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly revision: number;
  readonly incarnation: number;
  /** The part of the config that decides: its settings, the route that matched, and the pools of its scope, without urls. */
  readonly config: TracedConfig;
  /** The states of those pods that are not ready, by 12 hex digits of the tag. */
  readonly health: HealthView;
  /** What this edge alone held of pods, by the same: not to be sent what cannot be repeated, not to be sent new sessions. */
  readonly doubts: Readonly<Record<string, readonly [doubt: boolean, suspected: boolean]>>;
  /** The pods that left and that the request's session was on. */
  readonly departed: readonly Departed[];
  readonly request: TracedRequest;
  /** The heartbeat's. Milliseconds. */
  readonly period: number;
  /** Of the edge; undefined: none. */
  readonly zone: string | undefined;
  readonly cloudflare: boolean;
  /** What the outside answered, by what was asked, in order. */
  readonly answers: Readonly<Record<string, readonly unknown[]>>;
  readonly outcome: string;
  /** Of the pod that answered, or would; undefined: none. */
  readonly pool: string | undefined;
  readonly pod: string | undefined;
}

export interface TracedRequest {
  readonly method: string;
  /** Without the query. */
  readonly url: string;
  /** Those that decide; tokens, keys and values that no rule names are replaced. */
  readonly headers: readonly (readonly [string, string])[];
  readonly peer: string | undefined;
  readonly body: boolean;
}

export interface TracedConfig {
  readonly settings: Omit<Snapshot, "revision" | "pools" | "scopes" | "routes" | "trustedProxies">;
  readonly trustedProxies: readonly { readonly base: readonly number[]; readonly bits: number }[];
  /** Those of the scope, its primary first; times and tries as the route has them. */
  readonly pools: readonly Pool[];
  readonly route: {
    readonly host: string;
    readonly path: string;
    readonly pathType: Route["pathType"];
    /** Left out where it is false. */
    readonly ignoreCase?: true;
    /** Left out where it is 0. */
    readonly rank?: number;
    /** Left out where it takes any request. What it asks for was there: a replay does not ask again. */
    readonly match?: Match;
    /** Indexes of pools, with weights. */
    readonly sides: readonly (readonly [pool: number, weight: number])[];
    readonly overrides: readonly Override[];
    readonly headerBeatsSession: boolean;
    readonly sticky: Scope["sticky"];
    readonly issue: boolean;
    readonly fault?: RouteFault;
  };
}

/** How the pools of a scope stood when one was chosen from, in their order. */
export type Moments = readonly Moment[];

/** A token as a trace has it: of the length of a token, and none. */
export function placeholder(index: number): string {
  return `token-${index}`.padEnd(96, ".");
}

export function tracedConfig({ snapshot }: View, route: RouteRuntime): TracedConfig {
  const { host, path, pathType, ignoreCase, rank, conditions } = route;
  const { scope, sides, overrides, headerBeatsSession, issue, terms, fault } = route;
  const { revision: _, pools: __, scopes: ___, routes: ____, trustedProxies, ...settings } = snapshot;
  const pools = scope.pools.map(({ pool }, index) => ({
    ...pool,
    ...terms?.get(pool.name),
    index,
    pods: pool.pods.map((pod) => ({ ...pod, url: "", authority: "", basePath: "" })),
  }));
  return {
    settings,
    trustedProxies: trustedProxies.map(({ base, bits }) => ({ base: [...base], bits })),
    pools,
    route: {
      host,
      path,
      pathType,
      ...(ignoreCase ? { ignoreCase } : {}),
      ...(rank === 0 ? {} : { rank }),
      ...(conditions === undefined ? {} : { match: conditions.match }),
      sides: sides.map(({ pool, weight }) => [scope.pools.indexOf(pool), weight]),
      overrides: overrides.map(({ rule }) => rule),
      headerBeatsSession,
      sticky: scope.scope.sticky,
      issue,
      ...(fault === undefined ? {} : { fault: fault.fault }),
    },
  };
}

/** The config of a trace as a snapshot of that one route. */
export function snapshotOf(
  { settings, trustedProxies, pools, route }: TracedConfig,
  revision: number,
): Snapshot {
  const scope = {
    id: pools[0]!.name,
    index: 0,
    pools,
    pods: new Map<PodTag, Pool["pods"][number]>(
      pools.flatMap(({ pods }) => pods.map((pod) => [pod.tag, pod])),
    ),
    affinity: pools[0]!.affinity,
    sticky: route.sticky,
  };
  const sides = route.sides.map(([pool, weight]) => ({ pool: pools[pool]!, weight }));
  return {
    ...settings,
    revision,
    trustedProxies: trustedProxies.map(({ base, bits }) => ({ base: Uint8Array.from(base), bits })),
    pools,
    scopes: [scope],
    routes: [
      {
        ...route,
        cookiePath: route.path,
        ignoreCase: route.ignoreCase === true,
        rank: route.rank ?? 0,
        // The header or parameter may be the client's secret, and is in no trace.
        match: undefined,
        scope,
        sides,
      },
    ],
  };
}
