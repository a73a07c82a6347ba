import type { Pod, PodTag } from "../model/pod.ts";
import type { Pool } from "../model/pool.ts";
import type { Route, Scope, Side, Snapshot } from "../model/snapshot.ts";
import { compared } from "./match.ts";
import type { PoolConfig } from "./pool.ts";
import type { RouteConfig } from "./route.ts";
import type { Config } from "./schema.ts";
import { type Digest, podTag } from "./tag.ts";

/**
 * Compiles a valid config into the snapshot that edges serve from.
 *
 * @throws when two pods of one scope have the same tag (about 2⁻²² with ten thousand pods), naming both
 */
export async function compile(config: Config, revision: number, digest: Digest): Promise<Snapshot> {
  const pools = await Promise.all(config.pools.map((pool, index) => compilePool(pool, index, digest)));
  const byName = new Map(pools.map((pool) => [pool.name, pool]));
  const sides = config.routes.map(({ sides }) =>
    sides.map(({ pool, weight }): Side => ({ pool: byName.get(pool)!, weight })),
  );
  const scopes = scopesOf(config.routes, sides);
  const byPrimary = new Map(scopes.map((scope) => [scope.id, scope]));
  const routes = config.routes.map(
    (
      {
        host,
        path,
        cookiePath,
        pathType,
        ignoreCase,
        rank,
        match,
        overrides,
        headerBeatsSession,
        issue,
        timeouts,
        retry,
        fault,
      },
      i,
    ): Route => ({
      host,
      path,
      cookiePath,
      pathType,
      ignoreCase,
      rank,
      match: match && compared(match),
      scope: byPrimary.get(sides[i]![0]!.pool.name)!,
      sides: sides[i]!,
      overrides: overrides.map(({ header, cookie, value, pattern, pool }) => ({
        header,
        cookie,
        value,
        pattern,
        side: sides[i]!.findIndex((side) => side.pool.name === pool),
      })),
      headerBeatsSession,
      issue,
      timeouts,
      retry,
      fault,
    }),
  );
  return {
    revision,
    explain: config.explain,
    zone: config.zone,
    trustedProxies: config.trustedProxies,
    limits: config.limits,
    announce: config.announce.forwarded || config.announce.via ? config.announce : undefined,
    pools,
    scopes,
    routes,
  };
}

async function compilePool(pool: PoolConfig, index: number, digest: Digest): Promise<Pool> {
  const {
    name,
    policy,
    tableBits,
    affinity,
    health,
    failover,
    strict,
    drain,
    slowStart,
    zones,
    retry,
    timeouts,
    maxInFlight,
    queue,
    webSocket,
    empty,
  } = pool;
  const pods = await Promise.all(
    pool.pods.map(
      async ({ id, url, weight, zone, generation }, at): Promise<Pod> => ({
        id,
        pool: name,
        index: at,
        tag: await podTag(name, id, generation, digest),
        url: url.url,
        authority: url.authority,
        basePath: url.basePath,
        weight,
        zone,
        generation,
      }),
    ),
  );
  return {
    name,
    index,
    pods,
    policy,
    tableBits,
    affinity,
    readiness: health.readiness,
    liveness: health.liveness,
    startup: health.startup,
    outlier: health.outlier,
    failover,
    strict,
    panic: health.panic,
    drain,
    slowStart,
    zones,
    retry,
    timeouts,
    maxInFlight,
    queue,
    webSocket,
    empty,
  };
}

/** One scope for each primary pool, in the order in which routes name them. */
function scopesOf(routes: readonly RouteConfig[], sidesOf: readonly (readonly Side[])[]): Scope[] {
  const members = new Map<Pool, Set<Pool>>();
  const strict = new Set<Pool>();
  for (const [i, sides] of sidesOf.entries()) {
    const primary = sides[0]!.pool;
    if (routes[i]!.sticky === "primary") strict.add(primary);
    const pools = members.get(primary) ?? new Set([primary]);
    for (const { pool } of sides) pools.add(pool);
    members.set(primary, pools);
  }
  return [...members].map(([primary, pools], index) => ({
    id: primary.name,
    index,
    pools: [...pools],
    pods: podsOf(primary.name, [...pools]),
    affinity: primary.affinity,
    sticky: strict.has(primary) ? "primary" : "all",
  }));
}

function podsOf(scope: string, pools: readonly Pool[]): ReadonlyMap<PodTag, Pod> {
  const pods = new Map<PodTag, Pod>();
  for (const pod of pools.flatMap((pool) => pool.pods)) {
    const other = pods.get(pod.tag);
    if (other !== undefined) {
      const names = `${other.pool}/${other.id} and ${pod.pool}/${pod.id}`;
      throw new Error(`pods ${names} have the same tag in scope ${scope}: rename one of them`);
    }
    pods.set(pod.tag, pod);
  }
  return pods;
}
