import { MOST_RING, ringOf } from "../core/ring-hash.ts";
import type { Template } from "../model/template.ts";
import * as z from "../model/zod.ts";
import { bys } from "./by.ts";
import { envoyPicker } from "./envoy.ts";
import type { Policy } from "./policy.ts";

/** Options of {@link ringHash}. */
export interface RingHashOptions {
  /** What of an unkeyed request places it, several things one by one; absent: chance. */
  readonly by?: Template | readonly Template[] | undefined;
  /** Points of the ring at least. */
  readonly minimumRingSize: number;
}

/** Points beyond which a ring is worth a word: 24 MiB. */
const LARGE = 1 << 21;

/** Keys to pods by Envoy's ring, for who comes from Istio or Envoy: pods are known by `ip:port`. */
export const ringHash: Policy<RingHashOptions> = {
  name: "ring-hash",
  summary: "Places a key where Envoy's ring does, by each pod's address and weight.",
  options: z.strictObject({
    by: z.optional(bys),
    minimumRingSize: z._default(z.int().check(z.minimum(1), z.maximum(MOST_RING)), 1024),
  }) as unknown as z.ZodMiniType<RingHashOptions>,
  load: false,
  warms: true,
  addresses: true,
  byValue: true,
  by: ({ by }) => by,
  notice(weights, { minimumRingSize }) {
    const points = ringOf(weights, minimumRingSize).reduce((sum, each) => sum + each, 0);
    if (points <= LARGE) return undefined;
    return `its ring of ${points} points takes ${Math.ceil((points * 12) / 2 ** 20)} MiB of each isolate: where there is no room, keys go elsewhere than in Envoy`;
  },
  build: (pods, { minimumRingSize }, { core }) =>
    envoyPicker(pods, core, (hosts) => core.ringHash(hosts, minimumRingSize)),
};
