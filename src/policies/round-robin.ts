import * as z from "../model/zod.ts";
import type { Policy } from "./policy.ts";
import { Rota } from "./rota.ts";

/** New sessions to the pods in turn, each as often as its weight says, evenly spaced. */
export const roundRobin: Policy<Record<string, never>> = {
  name: "round-robin",
  summary: "Gives pods their turns in proportion to their weights, evenly spaced.",
  options: z.strictObject({}),
  load: false,
  build(pods) {
    const weights = pods.map((pod) => pod.weight);
    let rota: Rota | undefined;
    return {
      pick({ word }, standing) {
        rota ??= new Rota(weights, word);
        return rota.next(standing);
      },
      state: () => rota?.state(),
      restore(state) {
        rota ??= new Rota(weights, 0);
        rota.restore(state);
      },
    };
  },
};
