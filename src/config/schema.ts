import { readHeaderName } from "../affinity/keyed.ts";
import { Fault, reading, shown } from "../affinity/option.ts";
import { type Cidr, parseCidr } from "../model/cidr.ts";
import type { Announced, Limits, ZoneSource } from "../model/snapshot.ts";
import * as z from "../model/zod.ts";
import { zone } from "./pod.ts";
import { type PoolConfig, pool } from "./pool.ts";
import { cookiePathOf, type RouteConfig, readRoutePath, route, sidesOf } from "./route.ts";

const proxy = reading(
  (text): Cidr | Fault =>
    parseCidr(text) ??
    new Fault(`${shown(text)} is not a block of addresses`, 'write "10.0.0.0/8", "fd00::/8" or one address'),
);

/** Where the zone of a request is read: a header, else what the platform tells, each by the map if it has it; else default. */
const zoneSource = z.strictObject({
  header: z.optional(reading(readHeaderName)),
  cf: z.optional(z.enum(["colo", "country", "continent", "regionCode"])),
  map: z._default(z.record(z.string(), zone), () => ({})),
  default: z.optional(zone),
});

const whole = (least: number, most: number) =>
  z._default(z.int().check(z.minimum(least), z.maximum(most)), least);

/** Never below what every server takes; never above what the runtime hands over. */
const limits = z.strictObject({
  headers: whole(128, 10_000),
  headerBytes: whole(32 * 1024, 512 * 1024),
  url: whole(8 * 1024, 64 * 1024),
});

const announce = z.strictObject({
  forwarded: z._default(z.boolean(), false),
  via: z._default(z.boolean(), false),
});

/** The native config: shapes and values. What names what is checked by references. */
export const schema = z.strictObject({
  version: z.literal(1),
  pools: z.record(z.string(), pool),
  routes: z.array(route),
  trustedProxies: z._default(z.array(proxy), () => []),
  explain: z._default(z.boolean(), false),
  zone: z.optional(zoneSource),
  limits: z.prefault(limits, {}),
  announce: z.prefault(announce, {}),
});

/** The config as it was read, defaults filled in, names resolved to nothing yet. */
export interface Config {
  readonly explain: boolean;
  readonly zone: ZoneSource | undefined;
  readonly trustedProxies: readonly Cidr[];
  readonly limits: Limits;
  readonly announce: Announced;
  /** In the order of the document. */
  readonly pools: readonly PoolConfig[];
  readonly routes: readonly RouteConfig[];
}

export function toConfig(parsed: z.infer<typeof schema>): Config {
  return {
    explain: parsed.explain,
    zone: parsed.zone,
    trustedProxies: parsed.trustedProxies,
    limits: parsed.limits,
    announce: parsed.announce,
    pools: Object.entries(parsed.pools).map(([name, pool]) => ({ ...pool, name })),
    routes: parsed.routes.map(({ pool, split, ...route }) => ({
      ...route,
      // It was refused by references if it is none.
      path: readRoutePath(route.path, route.pathType) as string,
      cookiePath: cookiePathOf(route.path, route.pathType, route.ignoreCase),
      sides: sidesOf({ pool, split }),
    })),
  };
}
