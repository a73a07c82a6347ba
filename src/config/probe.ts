import { Fault, issueText, reading, shown } from "../affinity/option.ts";
import * as z from "../model/zod.ts";
import { DAY, duration, HOUR, MINUTE, SECOND } from "./duration.ts";
import { percent } from "./percent.ts";

/** The path that a probe asks for: unlike a route's it keeps its last slash, and it may have a query. */
function parseProbePath(text: string): string | Fault {
  if (/^\/[\x21\x22\x24-\x7e]{0,2047}$/.test(text) && !text.startsWith("//")) return text;
  return new Fault(`${shown(text)} is not a path to probe`, 'write an absolute path: "/ready"');
}

/** What fetch sets itself, or drops. */
const UNSET = /^(?:host|connection|content-length|transfer-encoding|upgrade|te|trailer|keep-alive|expect)$/i;

export function isHeaderName(name: string): boolean {
  return /^[\w!#$%&'*+.^`|~-]{1,128}$/.test(name);
}

/** Why a probe cannot send a header. */
export function checkHeader(name: string, value: unknown): Fault | undefined {
  if (!isHeaderName(name)) {
    return new Fault(`${shown(name)} is not a header name`, "use letters, digits and dashes");
  }
  if (UNSET.test(name)) return new Fault(`a probe cannot set ${shown(name)}`, "leave it out");
  if (typeof value === "string" && /^[\x21-\x7e](?:[\x20-\x7e]{0,2046}[\x21-\x7e])?$/.test(value))
    return undefined;
  return new Fault(`the value of ${shown(name)} is not that of a header`, "write printable ASCII in quotes");
}

const headers = z.pipe(
  z.record(z.string(), z.unknown()),
  z.transform((input, context): Record<string, string> => {
    for (const [name, value] of Object.entries(input)) {
      const fault = checkHeader(name, value);
      if (fault === undefined) continue;
      context.issues.push({ code: "custom", message: issueText(fault), path: [name], input });
    }
    return input as Record<string, string>;
  }),
);

const times = z._default(z.int().check(z.minimum(1), z.maximum(1000)), 1);

/** Kubernetes' fields and defaults. */
const fields = {
  path: z._default(reading(parseProbePath), "/"),
  port: z.optional(z.int().check(z.minimum(1), z.maximum(65_535))),
  scheme: z.optional(z.enum(["HTTP", "HTTPS"])),
  headers: z.optional(headers),
  period: z._default(duration(100, HOUR), 10 * SECOND),
  timeout: z._default(duration(10, 10 * MINUTE), SECOND),
  success: times,
  failure: z._default(z.int().check(z.minimum(1), z.maximum(1000)), 3),
  initialDelay: z._default(duration(0, DAY), 0),
};

export const readiness = z.strictObject({ ...fields, gates: z._default(z.enum(["new", "all"]), "new") });

/** Liveness and startup: one pass is enough, as Kubernetes demands. */
export const probe = z.strictObject({ ...fields, success: z._default(z.literal(1), 1) });

const count = z.int().check(z.minimum(0), z.maximum(1000));

/** Istio's outlierDetection; 0 turns a count off. */
export const outlier = z.strictObject({
  consecutive5xx: z._default(count, 5),
  consecutiveGatewayErrors: z._default(count, 0),
  interval: z._default(duration(SECOND, HOUR), 10 * SECOND),
  baseEjection: z._default(duration(SECOND, DAY), 30 * SECOND),
  maxEjection: z._default(percent, 0.5),
  minHealth: z._default(percent, 0),
});
