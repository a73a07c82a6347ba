import { Fault, shown } from "../affinity/option.ts";
import * as z from "../model/zod.ts";
import { policies } from "../policies/index.ts";
import { chain } from "./affinity.ts";
import { choice } from "./choice.ts";
import { DAY, duration, MINUTE, SECOND } from "./duration.ts";
import { percent } from "./percent.ts";
import { pod } from "./pod.ts";
import { outlier, probe, readiness } from "./probe.ts";
import { retry, timeouts } from "./timing.ts";

export const MAX_PODS = 10_000;

/** A DNS label (RFC 1123), so that it fits a cookie, a metric and a path; all digits would change their order in a map. */
export function parsePoolName(text: string): string | Fault {
  const hint = "use 1–63 lower-case letters, digits and dashes, beginning and ending with a letter or digit";
  if (!/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/.test(text)) {
    return new Fault(`${shown(text)} is not a pool name`, hint);
  }
  if (/^\d+$/.test(text)) return new Fault(`${shown(text)} is all digits`, "begin with a letter");
  return text;
}

const health = z.strictObject({
  readiness: z.optional(readiness),
  liveness: z.optional(probe),
  startup: z.optional(probe),
  outlier: z.optional(outlier),
  panic: z._default(percent, 0.5),
});

const isPlain = (input: unknown) => typeof input === "string" || typeof input === "number";

/** A duration alone, or a map with Envoy's other two parameters and their defaults. */
const slowStart = z.pipe(
  z.transform((input: unknown) => (isPlain(input) ? { window: input } : input)),
  z.strictObject({
    window: duration(0, DAY),
    aggression: z._default(z.number().check(z.minimum(0.1), z.maximum(10)), 1),
    minimum: z._default(percent, 0.1),
  }),
);

const webSocket = z.strictObject({
  onDrain: z._default(z.enum(["leave", "close"]), "leave"),
  jitter: z._default(duration(100, 10 * MINUTE), 5 * SECOND),
});

export const pool = z.strictObject({
  policy: z.prefault(choice("policy", policies), "consistent-hash"),
  pods: z.array(pod).check(z.maxLength(MAX_PODS)),
  affinity: chain,
  tableBits: z._default(z.int().check(z.minimum(10), z.maximum(18)), 16),
  strict: z._default(z.boolean(), false),
  failover: z._default(z.enum(["sticky", "temporary", "none"]), "sticky"),
  health: z.prefault(health, {}),
  slowStart: z.prefault(slowStart, "0s"),
  zones: z._default(z.enum(["any", "prefer"]), "any"),
  drain: z._default(duration(0, 7 * DAY), 5 * MINUTE),
  retry: z.prefault(retry, {}),
  timeouts: z.prefault(timeouts, {}),
  maxInFlight: z.optional(z.int().check(z.minimum(1), z.maximum(100_000))),
  queue: z._default(z.int().check(z.minimum(0), z.maximum(100_000)), 100),
  webSocket: z.optional(webSocket),
  empty: z._default(z.union([z.literal(500), z.literal(503)]), 503),
});

/** A pool as it was read, defaults filled in. Times in milliseconds, percents as fractions. */
export type PoolConfig = Readonly<z.infer<typeof pool>> & { readonly name: string };
