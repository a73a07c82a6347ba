import * as z from "../model/zod.ts";
import { DAY, duration, HOUR, SECOND } from "./duration.ts";
import { percent } from "./percent.ts";

const attempts = z.int().check(z.minimum(1), z.maximum(5));
const on = z.array(z.enum(["connect", "timeout"]));
const methods = z.array(z.enum(["POST", "PATCH"]));
const bodies = z.boolean();
const headers = duration(100, HOUR);
const total = duration(100, DAY);

/** What is tried again at the pods of a pool. */
export const retry = z.strictObject({
  attempts: z._default(attempts, 2),
  budget: z._default(percent, 0.2),
  on: z._default(on, () => ["connect" as const]),
  methods: z._default(methods, () => []),
  bodies: z._default(bodies, false),
});

/** How long requests may take at the pods of a pool. */
export const timeouts = z.strictObject({
  headers: z._default(headers, 15 * SECOND),
  total: z.optional(total),
  idleBody: z.optional(duration(SECOND, DAY)),
  queue: z._default(duration(0, HOUR), 5 * SECOND),
});

/** What a route says of it for its own requests; each key goes before its pool's. The budget is the pool's alone. */
export const routeRetry = z.strictObject({
  attempts: z.optional(attempts),
  on: z.optional(on),
  methods: z.optional(methods),
  bodies: z.optional(bodies),
});
export const routeTimeouts = z.strictObject({ headers: z.optional(headers), total: z.optional(total) });
