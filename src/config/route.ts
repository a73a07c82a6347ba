import * as z from "zod/mini";
import { reading } from "../affinity/option.ts";
import { parseHost } from "./host.ts";
import { parsePath } from "./path.ts";
import { weight } from "./pod.ts";

/** What a route may hold. That it has either a pool or a split, which pools exist and so on is {@link references}' part. */
export const route = z.strictObject({
  host: z._default(reading(parseHost), "*"),
  path: z._default(reading(parsePath), "/"),
  pool: z.optional(z.string()),
  split: z.optional(z.record(z.string(), weight)),
});

/** host + path → where new sessions go, the primary side first. */
export interface RouteConfig {
  readonly host: string;
  readonly path: string;
  readonly sides: readonly { readonly pool: string; readonly weight: number }[];
}

/** The sides of a route: a pool is a split with one side. */
export function sidesOf(route: {
  readonly pool?: string | undefined;
  readonly split?: Readonly<Record<string, number>> | undefined;
}): RouteConfig["sides"] {
  if (route.pool !== undefined) return [{ pool: route.pool, weight: 1 }];
  return Object.entries(route.split ?? {}).map(([pool, weight]) => ({ pool, weight }));
}
