import type { Core } from "../core/core.ts";
import type { HealthView } from "../health/state.ts";
import { type PodTag, tagToHex } from "../model/pod.ts";
import type { PathType, Route, Scope, Side, Snapshot } from "../model/snapshot.ts";
import { Generations } from "../sessions/generations.ts";
import type { Opened } from "../sessions/token.ts";
import { type Carrier, type CookieRuntime, carrierRuntime } from "./carrier.ts";
import { type Asking, type Conditions, conditionsOf } from "./condition.ts";
import { hiddenCookies } from "./hidden.ts";
import { type LiveCookies, liveCookies } from "./ingress-cookie.ts";
import { Matcher } from "./match.ts";
import { type PodRuntime, PoolRuntime } from "./pods.ts";
import { type RuleRuntime, ruleRuntime } from "./rule.ts";
import { type SourceRuntime, sourceRuntime } from "./source.ts";
import { type FaultRuntime, faultOf } from "./strike.ts";
import { type Terms, termsOf } from "./terms.ts";

/** Verified tokens that are remembered for each scope, in each of two generations. */
const VERIFIED = 8192;

/** Which state of the fleet a view shows. A lower revision is taken only from a newer incarnation. */
export interface Stamp {
  /** When the coordinator's disk was new. Milliseconds since the epoch. */
  readonly incarnation: number;
  readonly revision: number;
  /** Of the sids of keyed sessions; the coordinator has made it once. */
  readonly salt?: string;
}

/** A pod that left the config while tokens may still name it. */
export interface Departed {
  readonly tag: PodTag;
  readonly pool: string;
  readonly id: string;
}

/** A token that opened before, with what would be computed from it again and again. */
export interface Verified extends Opened {
  /** Renewal age in seconds. */
  readonly renewal: number;
}

export interface ScopeRuntime {
  readonly scope: Scope;
  readonly pools: readonly PoolRuntime[];
  /** Those whose pods hold sessions: all, or the primary alone. */
  readonly holders: readonly PoolRuntime[];
  /** What a session may be on. */
  readonly pods: ReadonlyMap<PodTag, PodRuntime>;
  /** The pods that hold no sessions, of the other sides. */
  readonly others: ReadonlyMap<PodTag, PodRuntime>;
  /** How its tokens travel; undefined: it issues none. */
  readonly carrier: Carrier | undefined;
  /** The same, where that is a cookie. */
  readonly cookie: CookieRuntime | undefined;
  /** The sources of the chain before the token, all of them where there is none, and those behind it. */
  readonly ahead: readonly SourceRuntime[];
  readonly behind: readonly SourceRuntime[];
  /** Where it reads the cookies of ingress-nginx, too. */
  readonly live: LiveCookies | undefined;
  /** Those of both whose keys pods mint. */
  readonly minting: readonly SourceRuntime[];
  /** Whether a request would rather be refused than be decided on a view that may be wrong. */
  readonly strict: boolean;
  readonly verified: Generations<Verified>;
}

export interface SideRuntime {
  readonly pool: PoolRuntime;
  readonly weight: number;
}

export interface RouteRuntime {
  readonly host: string;
  readonly path: string;
  readonly cookiePath: string;
  readonly pathType: PathType;
  readonly ignoreCase: boolean;
  readonly rank: number;
  /** Undefined: it takes any request. */
  readonly conditions: Conditions | undefined;
  readonly scope: ScopeRuntime;
  /** With the weights of the config, or those that an operator gave. */
  sides: readonly SideRuntime[];
  /** Sum of the sides' weights. */
  total: number;
  readonly overrides: readonly RuleRuntime[];
  readonly headerBeatsSession: boolean;
  readonly issue: boolean;
  /** By name of the pool, where the route says something of its own; undefined: each pool's. */
  readonly terms: ReadonlyMap<string, Terms> | undefined;
  readonly fault: FaultRuntime | undefined;
  /** How the cookies begin that its pods must not see. */
  readonly hidden: readonly string[];
}

/** A snapshot with everything that this isolate keeps beside it. */
export class View {
  readonly stamp: Stamp;
  readonly snapshot: Snapshot;
  readonly pools: readonly PoolRuntime[];
  readonly scopes: readonly ScopeRuntime[];
  readonly departed: ReadonlyMap<PodTag, Departed>;
  /** When the coordinator last confirmed it. Milliseconds since the epoch. */
  at: number;
  /** By name of the pool: what an operator says of weights. */
  weights: Readonly<Record<string, number>> = {};
  /** The same by tag of the pod, in 12 hex digits. */
  podWeights: Readonly<Record<string, number>> = {};
  readonly #routes: readonly RouteRuntime[];
  readonly #matcher: Matcher<RouteRuntime>;

  constructor(
    stamp: Stamp,
    snapshot: Snapshot,
    departed: readonly Departed[],
    core: Core,
    before: View | undefined,
    at: number,
  ) {
    this.stamp = stamp;
    this.snapshot = snapshot;
    this.at = at;
    this.departed = new Map(departed.map((pod) => [pod.tag, pod]));
    const known = new Map<PodTag, PodRuntime>();
    for (const pool of before?.pools ?? []) for (const pod of pool.pods) known.set(pod.pod.tag, pod);
    this.pools = snapshot.pools.map((pool) => new PoolRuntime(pool, core, known));
    // With them first: the tables that are taken over were built of them.
    if (before !== undefined) this.weighPods(before.podWeights);
    for (const pool of this.pools) {
      const old = before?.pools.find((other) => other.pool.name === pool.pool.name);
      if (old !== undefined) pool.inherit(old);
    }
    this.scopes = snapshot.scopes.map((scope) => this.#scope(scope, core, before));
    const hidden = hiddenCookies(snapshot);
    this.#routes = snapshot.routes.map((route) => this.#route(route, hidden(route)));
    this.#matcher = new Matcher(this.#routes);
    if (before !== undefined) this.weigh(before.weights);
  }

  /** As {@link Matcher.match}. */
  match(host: string, path: string, request?: Asking, passed?: RouteRuntime[]): RouteRuntime | undefined {
    return this.#matcher.match(host, path, request, passed);
  }

  apply(health: HealthView): void {
    for (const pool of this.pools) pool.apply(health, tagToHex);
  }

  /** Takes in the weights that an operator gave. A split that they would leave without any keeps those of the config. */
  weigh(weights: Readonly<Record<string, number>>): void {
    if (JSON.stringify(weights) === JSON.stringify(this.weights)) return;
    this.weights = weights;
    for (const [i, { sides }] of this.snapshot.routes.entries()) {
      if (sides.length < 2) continue;
      const given = this.#sides(sides, (side) => weights[side.pool.name] ?? side.weight);
      Object.assign(this.#routes[i]!, given.total > 0 ? given : this.#sides(sides, (side) => side.weight));
    }
  }

  /** Takes in the weights that an operator gave to pods. A pool that they would leave without any keeps those of the config. */
  weighPods(given: Readonly<Record<string, number>>): void {
    if (JSON.stringify(given) === JSON.stringify(this.podWeights)) return;
    this.podWeights = given;
    for (const pool of this.pools) pool.weigh(given);
  }

  /** Gives back the memory of tables that no view uses any more. */
  free(): void {
    for (const pool of this.pools) pool.free();
    for (const { live } of this.scopes) live?.free();
  }

  #scope(scope: Scope, core: Core, before: View | undefined): ScopeRuntime {
    const pools = scope.pools.map((pool) => this.pools[pool.index]!);
    const holders = scope.sticky === "primary" ? pools.slice(0, 1) : pools;
    const podsOf = (some: readonly PoolRuntime[]) =>
      new Map(some.flatMap(({ pods }) => pods.map((pod): [PodTag, PodRuntime] => [pod.pod.tag, pod])));
    const at = scope.affinity.findIndex(({ source }) => source === "cookie" || source === "token");
    const sources = scope.affinity.map((affinity, i) => sourceRuntime(scope.id, affinity, at >= 0 && i > at));
    const isThere = (source: SourceRuntime | undefined) => source !== undefined;
    const ahead = sources.slice(0, at < 0 ? sources.length : at).filter(isThere);
    const behind = at < 0 ? [] : sources.slice(at).filter(isThere);
    const carrier = carrierRuntime(scope, scope.affinity[at], core);
    const cookie = carrier?.header === undefined ? carrier : undefined;
    const live = cookie?.options.ingressNginx;
    const old = before?.scopes.find((other) => other.scope.id === scope.id);
    // What an idle timeout makes of a token is remembered with it, so another timeout starts anew.
    const sameIdle = old?.carrier !== undefined && old.carrier.idle === carrier?.idle;
    return {
      scope,
      pools,
      holders,
      pods: podsOf(holders),
      others: podsOf(pools.filter((pool) => !holders.includes(pool))),
      carrier,
      cookie,
      ahead,
      behind,
      live: live && liveCookies(live.name ?? cookie!.options.name!, live, scope, pools, core),
      minting: [...ahead, ...behind].filter(({ carrier }) => carrier === "minted"),
      strict: scope.pools[0]!.strict,
      verified: sameIdle ? old.verified : new Generations(VERIFIED),
    };
  }

  #sides(sides: readonly Side[], weigh: (side: Side) => number): Pick<RouteRuntime, "sides" | "total"> {
    const all = sides.map((side) => ({ pool: this.pools[side.pool.index]!, weight: weigh(side) }));
    return { sides: all, total: all.reduce((sum, side) => sum + side.weight, 0) };
  }

  #route(route: Route, hidden: readonly string[]): RouteRuntime {
    const terms = termsOf(route);
    return {
      host: route.host,
      path: route.path,
      cookiePath: route.cookiePath,
      pathType: route.pathType,
      ignoreCase: route.ignoreCase,
      rank: route.rank,
      conditions: route.match && conditionsOf(route.match),
      scope: this.scopes[route.scope.index]!,
      ...this.#sides(route.sides, (side) => side.weight),
      overrides: route.overrides.map(ruleRuntime),
      headerBeatsSession: route.headerBeatsSession,
      issue: route.issue,
      terms,
      fault: faultOf(route, terms),
      hidden,
    };
  }
}
