import * as z from "../model/zod.ts";
import type { AffinitySource } from "./source.ts";

/** Requests are unkeyed: each one goes where the policy says. */
export const none: AffinitySource<Record<string, never>> = {
  name: "none",
  summary: "No stickiness: the policy chooses a pod for every request.",
  carrier: "none",
  options: z.strictObject({}) as z.ZodMiniType<Record<string, never>>,
};
