import * as z from "../model/zod.ts";
import { duration, HOUR } from "./duration.ts";
import { percent } from "./percent.ts";

const abort = z.strictObject({
  share: percent,
  status: z.int().check(z.minimum(200), z.maximum(599)),
});

const delay = z.strictObject({ share: percent, for: duration(1, HOUR) });

/** What a route does to a share of its own requests, on purpose. */
export const routeFault = z.strictObject({ abort: z.optional(abort), delay: z.optional(delay) });
