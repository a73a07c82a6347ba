import { readCookieName, readHeaderName } from "../affinity/keyed.ts";
import { reading } from "../affinity/option.ts";
import * as z from "../model/zod.ts";
import { parseHost } from "./host.ts";
import { parsePath } from "./path.ts";
import { weight } from "./pod.ts";

/** A rule that chooses the side of a new session: a header or cookie of the request, of one value or of any. */
const override = z.strictObject({
  header: z.optional(reading(readHeaderName)),
  cookie: z.optional(reading(readCookieName)),
  value: z.optional(z.string().check(z.minLength(1), z.maxLength(1024))),
  pool: z.string(),
});

/** What a route may hold. That it has either a pool or a split, which pools exist and so on is {@link references}' part. */
export const route = z.strictObject({
  host: z._default(reading(parseHost), "*"),
  path: z._default(reading(parsePath), "/"),
  pool: z.optional(z.string()),
  split: z.optional(z.record(z.string(), weight)),
  overrides: z._default(z.array(override).check(z.maxLength(32)), () => []),
});

/** host + path → where new sessions go, the primary side first. */
export interface RouteConfig {
  readonly host: string;
  readonly path: string;
  /** The path as the document has it. */
  readonly written: string;
  readonly sides: readonly { readonly pool: string; readonly weight: number }[];
  /** The first that fits a request without a session chooses its side. */
  readonly overrides: readonly OverrideConfig[];
}

/** Either a header or a cookie; without a value any that is not empty fits. */
export interface OverrideConfig {
  readonly header?: string | undefined;
  readonly cookie?: string | undefined;
  readonly value?: string | undefined;
  readonly pool: string;
}

/** The sides of a route: a pool is a split with one side. */
export function sidesOf(route: {
  readonly pool?: string | undefined;
  readonly split?: Readonly<Record<string, number>> | undefined;
}): RouteConfig["sides"] {
  if (route.pool !== undefined) return [{ pool: route.pool, weight: 1 }];
  return Object.entries(route.split ?? {}).map(([pool, weight]) => ({ pool, weight }));
}
