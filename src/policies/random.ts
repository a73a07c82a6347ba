import * as z from "../model/zod.ts";
import type { Policy } from "./policy.ts";
import { Wheel } from "./wheel.ts";

/** Each new session to any pod, with probability ∝ weight. */
export const random: Policy<Record<string, never>> = {
  name: "random",
  summary: "Draws a pod with probability proportional to its weight.",
  options: z.strictObject({}),
  load: false,
  build(pods) {
    const wheel = new Wheel(pods.map((pod) => pod.weight));
    return { pick: ({ word }, standing) => wheel.draw(word, standing) };
  },
};
