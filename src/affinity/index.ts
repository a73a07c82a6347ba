import { cookie } from "./cookie.ts";
import { none } from "./none.ts";

/** The affinity registry: schema, docs and console list derive from it. */
export const affinities = { cookie, none } as const;

export type AffinityName = keyof typeof affinities;
