import type { Pool } from "../model/pool.ts";
import type { Route, Some } from "../model/snapshot.ts";
import type { PodRuntime } from "./pod.ts";
import type { RouteRuntime } from "./view.ts";

/** How long a request may take at a pod, and what of it is tried again. */
export type Terms = Pick<Pool, "timeouts" | "retry">;

/** The terms of a route that has some of its own, for each pool that its sessions may be at; undefined: those of the pools. */
export function termsOf({ timeouts, retry, scope }: Route): ReadonlyMap<string, Terms> | undefined {
  if (timeouts === undefined && retry === undefined) return undefined;
  return new Map(
    scope.pools.map((pool) => [
      pool.name,
      { timeouts: over(pool.timeouts, timeouts), retry: over(pool.retry, retry) },
    ]),
  );
}

/** Each key by itself; one that is undefined is none. */
function over<Values extends object>(base: Values, own: Some<Values> = {}): Values {
  const said = Object.entries(own).filter(([, value]) => value !== undefined);
  return { ...base, ...(Object.fromEntries(said) as Partial<Values>) };
}

/** By name: a config that came since may have given the pod a pool of another index, and the request goes by its own view. */
export function termsAt({ terms }: Pick<RouteRuntime, "terms">, { pool }: PodRuntime): Terms {
  return termsIn(terms, pool.pool);
}

/** @param terms of a route that has some of its own */
export function termsIn(terms: ReadonlyMap<string, Terms> | undefined, pool: Pool): Terms {
  return terms?.get(pool.name) ?? pool;
}
