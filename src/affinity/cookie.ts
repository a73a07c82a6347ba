import * as z from "../model/zod.ts";
import { DAY, duration, HOUR, MINUTE, SECOND } from "./duration.ts";
import { readCookieName } from "./keyed.ts";
import { Fault, issueText, reading, shown } from "./option.ts";
import type { AffinitySource } from "./source.ts";

/** How a scope's cookie is written and how long it holds. Durations in milliseconds. */
export type CookieOptions = {
  /** Used as it is; undefined: the edge's default name, which differs from scope to scope. */
  readonly name?: string | undefined;
  readonly path: string;
  /** Lower case, no dot in front; undefined: the host alone. */
  readonly domain?: string | undefined;
  readonly sameSite: "Lax" | "Strict" | "None";
  readonly partitioned: boolean;
  /** `auto`: where the client came by https. */
  readonly secure: "auto" | boolean;
  /** Undefined: the cookie ends with the browser's session. */
  readonly maxAge?: number | undefined;
  /** A session ends when it was not seen for so long. */
  readonly idle: number;
  /** A session ends so long after it began, seen or not. */
  readonly absolute: number;
  /** Whether the pod sees this cookie. */
  readonly forward: boolean;
};

/** Browsers keep no cookie longer (RFC 6265bis, section 5.5). */
const LONGEST = 400 * DAY;

const shape = z.strictObject({
  name: z.optional(reading(readCookieName)),
  path: z._default(reading(readPath), "/"),
  domain: z.optional(reading(readDomain)),
  sameSite: z._default(z.enum(["Lax", "Strict", "None"]), "Lax"),
  partitioned: z._default(z.boolean(), false),
  secure: z._default(z.union([z.literal("auto"), z.boolean()]), "auto"),
  maxAge: z.optional(duration(SECOND, LONGEST)),
  idle: z._default(duration(MINUTE, LONGEST), 30 * MINUTE),
  absolute: z._default(duration(MINUTE, LONGEST), 12 * HOUR),
  forward: z._default(z.boolean(), false),
});

/** path-value of RFC 6265, absolute: what else stood here could end the attribute. */
function readPath(text: string): string | Fault {
  if (/^\/[\x21-\x3a\x3c-\x7e]{0,1023}$/.test(text)) return text;
  return new Fault(
    `${shown(text)} is not a cookie path`,
    'begin with "/", and use printable ASCII without blanks or ";"',
  );
}

function readDomain(text: string): string | Fault {
  const lower = text.toLowerCase();
  if (/^(?=.{1,253}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/.test(lower)) {
    return lower;
  }
  const hint = text.startsWith(".")
    ? `leave out the dot in front: browsers ignore it`
    : 'write a host name: "example.com"';
  return new Fault(`${shown(text)} is not a cookie domain`, hint);
}

/** Attributes that a browser would refuse together, each with the option to change. */
function* contradictions(
  options: Readonly<Partial<Record<keyof CookieOptions, unknown>>>,
): Generator<[keyof CookieOptions, Fault]> {
  const { name, path, domain, sameSite, partitioned, secure, idle, absolute } = options;
  const prefix = typeof name === "string" ? /^__(host|secure)-/i.exec(name)?.[0] : undefined;
  if (secure === false) {
    const hint = 'leave "secure" out, or write "auto"';
    if (sameSite === "None") yield ["secure", new Fault("sameSite None needs a secure cookie", hint)];
    if (partitioned === true) yield ["secure", new Fault("a partitioned cookie must be secure", hint)];
    if (prefix !== undefined) yield ["secure", new Fault(`a ${prefix} cookie must be secure`, hint)];
  }
  if (prefix?.toLowerCase() === "__host-") {
    const hint = "change it, or use a name that begins with __Secure-";
    if (path !== "/") yield ["path", new Fault(`a ${prefix} cookie has the path "/"`, hint)];
    if (domain !== undefined) yield ["domain", new Fault(`a ${prefix} cookie has no domain`, hint)];
  }
  if (typeof idle === "number" && typeof absolute === "number" && absolute < idle) {
    const hint = 'write an "absolute" that is at least "idle" (it is 12h unless written)';
    yield ["absolute", new Fault("the absolute expiry comes before the idle timeout", hint)];
  }
}

/** The edge issues a token of its own in a cookie; needs nothing of the pods. */
export const cookie: AffinitySource<CookieOptions> = {
  name: "cookie",
  carrier: "cookie",
  summary: "A sealed token in a cookie that the edge issues and renews.",
  options: shape.check(
    z.superRefine(
      (options, context) => {
        for (const [key, fault] of contradictions(options)) {
          context.addIssue({
            code: "custom",
            path: [key],
            message: issueText(fault),
            input: options,
          });
        }
      },
      // Also when another option is wrong: all errors are told at once.
      { when: ({ value }) => typeof value === "object" && value !== null && !Array.isArray(value) },
    ),
  ),
};
