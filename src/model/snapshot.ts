import type { Cidr } from "./cidr.ts";
import type { Pod, PodTag } from "./pod.ts";
import type { AffinityConfig, Pool, RetryConfig, Timeouts } from "./pool.ts";

/** One side of a split; a plain route has one side of weight 1. */
export interface Side {
  readonly pool: Pool;
  /** Relative share of new sessions; an integer ≥ 0. */
  readonly weight: number;
}

/**
 * The routes that share sessions. Its id is the name of the primary pool, so that adding a canary beside a pool, or
 * taking it away, keeps every session; routes with the same primary share one scope, whose pods are those of all sides.
 */
export interface Scope {
  readonly id: string;
  readonly index: number;
  /** The pools of every side of every route of this scope, the primary first, each once. */
  readonly pools: readonly Pool[];
  /** Every pod that a token of this scope may name. */
  readonly pods: ReadonlyMap<PodTag, Pod>;
  /** The primary pool's chain. */
  readonly affinity: readonly AffinityConfig[];
  /** `primary`: only pods of the primary hold sessions; what another side serves is bound to nothing. */
  readonly sticky: "all" | "primary";
}

/** A rule that chooses the side of a new session: by a header, or else by a cookie, of the request. */
export interface Override {
  /** Lower case. */
  readonly header: string | undefined;
  readonly cookie: string | undefined;
  /** Undefined, without a pattern: any that is not empty. */
  readonly value: string | undefined;
  /** Found anywhere in the text, which may be empty. */
  readonly pattern: string | undefined;
  /** Index in `Route.sides`. */
  readonly side: number;
}

/**
 * How a path is compared: by whole segments from its start; as a whole; as a pattern, without case, from its start; by
 * characters from its start; or as a pattern of the whole, with case.
 */
export const PATH_TYPES = ["prefix", "exact", "regex", "start", "pattern"] as const;
export type PathType = (typeof PATH_TYPES)[number];

/** Some keys of what pools say, for the requests of one route; one that is undefined is not there. */
export type Some<Values> = { readonly [Key in keyof Values]?: Values[Key] | undefined };

/** What a header, or a parameter of the query, must be; without value, prefix and pattern it must be there. */
export interface Condition {
  /** Of a header in lower case; `host` is the request's, without port, as value and prefix in lower case. Of a parameter as it is decoded. */
  readonly name: string;
  readonly value?: string | undefined;
  readonly prefix?: string | undefined;
  /** Found anywhere in the text. */
  readonly pattern?: string | undefined;
  /** Turns the condition: it fits what it would not, and what is not there. */
  readonly not: boolean;
}

/** What a route asks of a request besides host and path, all of it; at least one thing. */
export interface Match {
  /** One of them, in upper case; none: any. */
  readonly methods: readonly string[];
  readonly headers: readonly Condition[];
  readonly query: readonly Condition[];
}

/** What a route does to a share of its own requests on purpose; each part is drawn by itself, for each request anew. */
export interface RouteFault {
  /** Answered with this status, 200–599, and no pod is asked. Share as a fraction. */
  readonly abort?: { readonly share: number; readonly status: number } | undefined;
  /** Before a pod is asked. Milliseconds. */
  readonly delay?: { readonly share: number; readonly for: number } | undefined;
}

/** host + path, and what `match` asks for → scope. */
export interface Route {
  /** Lower case, no port: `shop.example.com`, `*.example.com` (one or more labels), or `*` for any. */
  readonly host: string;
  /** A prefix begins with `/`, and has no slash at the end unless it is the root; a pattern stands as it was written. */
  readonly path: string;
  /** That of cookies of path `matched`. */
  readonly cookiePath: string;
  readonly pathType: PathType;
  /** Whether the path is compared without the case of ASCII letters; never of a pattern, which says it itself. */
  readonly ignoreCase: boolean;
  /** Of a host's routes those of the highest are tried first, whatever their paths. */
  readonly rank: number;
  /** Undefined: any request. */
  readonly match: Match | undefined;
  readonly scope: Scope;
  /** Where a new session goes; the primary side first. */
  readonly sides: readonly Side[];
  /** The first that fits goes before the weights. */
  readonly overrides: readonly Override[];
  /** Whether rules of headers go before a session that is there, too. */
  readonly headerBeatsSession: boolean;
  /** Whether sessions begin here; those that come are kept all the same. */
  readonly issue: boolean;
  /** Each key that is there goes before the pools', for requests of this route. */
  readonly timeouts?: Some<Timeouts> | undefined;
  /** The same; its budget is the pool's. */
  readonly retry?: Some<RetryConfig> | undefined;
  readonly fault?: RouteFault | undefined;
}

/** Where the zone of a request is read, in this order: header, platform, default. */
export interface ZoneSource {
  /** Lower case. */
  readonly header?: string | undefined;
  readonly cf?: "colo" | "country" | "continent" | "regionCode" | undefined;
  /** What was read to a zone; what is not in it is a zone itself. */
  readonly map: Readonly<Record<string, string>>;
  readonly default?: string | undefined;
}

/** What a request may have at most. */
export interface Limits {
  /** Headers; those of one name count as one. */
  readonly headers: number;
  /** Characters of all headers together, four more for each. */
  readonly headerBytes: number;
  /** Characters of path and query. */
  readonly url: number;
}

/** What pods are told of a request beside X-Forwarded-For, -Proto and -Host. */
export interface Announced {
  /** Forwarded (RFC 7239). */
  readonly forwarded: boolean;
  readonly via: boolean;
}

/** Compiled config: immutable, numbered. */
export interface Snapshot {
  readonly revision: number;
  readonly explain: boolean;
  /** Undefined: requests have the zone of their edge. */
  readonly zone: ZoneSource | undefined;
  readonly trustedProxies: readonly Cidr[];
  readonly limits: Limits;
  /** Undefined: nothing of it. */
  readonly announce: Announced | undefined;
  readonly pools: readonly Pool[];
  readonly scopes: readonly Scope[];
  readonly routes: readonly Route[];
}
