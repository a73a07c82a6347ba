import * as z from "../model/zod.ts";
import { DAY } from "./duration.ts";
import { Fault, reading, shown } from "./option.ts";

/** How live cookies of ingress-nginx are read. */
export type IngressCookieOptions = {
  /** `balanced`: the key goes to its place in the ring. `persistent`: it names the pod. */
  readonly mode: "balanced" | "persistent";
  /** Where it is not that of the cookie itself. */
  readonly name?: string | undefined;
  /** Of the primary pool, as ingress-nginx names it: namespace, Service and port with dashes between them. */
  readonly backend: string;
  /** The same of other sides, by the names of their pools. */
  readonly canary: Readonly<Record<string, string>>;
  /** From then on none is read; undefined: they always are. Milliseconds since the epoch. */
  readonly until?: number | undefined;
};

const backend = z.string().check(z.minLength(1), z.maxLength(512));

export const ingressCookie = z.strictObject({
  mode: z.enum(["balanced", "persistent"]),
  name: z.optional(z.string().check(z.minLength(1), z.maxLength(128))),
  backend,
  canary: z._default(z.record(z.string(), backend), () => ({})),
  until: z.optional(reading(readDay, 'a date in quotes, such as "2027-03-01"')),
});

/** The end of that day, in UTC. */
function readDay(text: string): number | Fault {
  const start = /^\d{4}-\d\d-\d\d$/.test(text) ? Date.parse(text) : Number.NaN;
  // A day that its month does not have would be one of the next.
  if (!Number.isNaN(start) && new Date(start).toISOString().startsWith(text)) return start + DAY;
  return new Fault(`${shown(text)} is not a date`, 'write year, month and day: "2027-03-01"');
}
