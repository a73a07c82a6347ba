import type { Template } from "../model/template.ts";
import * as z from "../model/zod.ts";
import { bys } from "./by.ts";
import { envoyPicker } from "./envoy.ts";
import type { Policy } from "./policy.ts";

/** Options of {@link maglev}. */
export interface MaglevOptions {
  /** What of an unkeyed request places it, several things one by one; absent: chance. */
  readonly by?: Template | readonly Template[] | undefined;
  /** Slots of the table, a prime. */
  readonly tableSize: number;
}

/** Envoy's bound, which the slots are below. */
const BOUND = 5_000_011;

const prime = z.superRefine<number>((value, context) => {
  let divisor = 2;
  while (divisor * divisor <= value && value % divisor !== 0) divisor++;
  if (divisor * divisor > value) return;
  const message = `must be a prime, and ${divisor} divides ${value}\nwrite one such as 65537`;
  context.addIssue({ code: "custom", message, input: value });
});

/** Keys to pods by Envoy's Maglev table, for who comes from Istio or Envoy: pods are known by `ip:port`. */
export const maglev: Policy<MaglevOptions> = {
  name: "maglev",
  summary: "Places a key where Envoy's Maglev table does, by each pod's address and weight.",
  options: z.strictObject({
    by: z.optional(bys),
    tableSize: z._default(z.int().check(z.minimum(2), z.maximum(BOUND - 1), prime), 65_537),
  }) as unknown as z.ZodMiniType<MaglevOptions>,
  load: false,
  warms: true,
  addresses: true,
  byValue: true,
  by: ({ by }) => by,
  build: (pods, { tableSize }, { core }) => envoyPicker(pods, core, (hosts) => core.maglev(hosts, tableSize)),
};
