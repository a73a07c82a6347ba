import * as z from "../model/zod.ts";
import { DAY, duration, formatDuration, HOUR, MINUTE, SECOND } from "./duration.ts";
import { type IngressCookieOptions, ingressCookie } from "./ingress-cookie.ts";
import { readCookieName } from "./keyed.ts";
import { Fault, issueText, reading, shown } from "./option.ts";
import type { AffinitySource } from "./source.ts";

/** How a scope's cookie is written and how long it holds. Durations in milliseconds. */
export type CookieOptions = {
  /** Used as it is; undefined: the edge's default name, which differs from scope to scope. */
  readonly name?: string | undefined;
  /** {@link MATCHED}: that of the route, as the config has it. */
  readonly path: string;
  /** Lower case; a dot in front only as ingress-nginx writes it, and without meaning. Undefined: the host alone. */
  readonly domain?: string | undefined;
  /** `unset`: no such attribute. */
  readonly sameSite: "Lax" | "Strict" | "None" | "unset";
  /** Leaves SameSite=None out for the browsers that take it for Strict. */
  readonly conditionalSameSiteNone: boolean;
  readonly partitioned: boolean;
  /** `auto`: where the client came by https. */
  readonly secure: "auto" | boolean;
  /** Undefined: the cookie ends with the browser's session. */
  readonly maxAge?: number | undefined;
  /** The same as a date, for clients that know no Max-Age. */
  readonly expires?: number | undefined;
  /** A session ends when it was not seen for so long. */
  readonly idle: number;
  /** A session ends so long after it began, seen or not. */
  readonly absolute: number;
  /** Whether the pod sees this cookie. */
  readonly forward: boolean;
  /** The cookies of ingress-nginx under this name are read, too, and this one is written as it wrote them. */
  readonly ingressNginx?: IngressCookieOptions | undefined;
};

/** Of a cookie whose path is that of the route that matched. */
export const MATCHED = "matched";

/** Browsers keep no cookie longer (RFC 6265bis, section 5.5). */
const LONGEST = 400 * DAY;
/** What ingress-nginx writes all the same. */
const CENTURY = 36_500 * DAY;

const shape = z.strictObject({
  name: z.optional(reading(readName)),
  path: z._default(reading(readPath), "/"),
  domain: z.optional(reading(readDomain)),
  sameSite: z._default(z.enum(["Lax", "Strict", "None", "unset"]), "Lax"),
  conditionalSameSiteNone: z._default(z.boolean(), false),
  partitioned: z._default(z.boolean(), false),
  secure: z._default(z.union([z.literal("auto"), z.boolean()]), "auto"),
  maxAge: z.optional(duration(0, CENTURY)),
  expires: z.optional(duration(0, CENTURY)),
  idle: z._default(duration(SECOND, LONGEST), 30 * MINUTE),
  absolute: z._default(duration(SECOND, LONGEST), 12 * HOUR),
  forward: z._default(z.boolean(), false),
  ingressNginx: z.optional(ingressCookie),
});

/** A slash, which is no part of a token, is one that ingress-nginx takes. */
function readName(text: string): string | Fault {
  const fault = readCookieName(text.replaceAll("/", "-"));
  return fault instanceof Fault ? readCookieName(text) : text;
}

/** path-value of RFC 6265, absolute: what else stood here could end the attribute. */
function readPath(text: string): string | Fault {
  if (text === MATCHED || isCookiePath(text)) return text;
  return new Fault(
    `${shown(text)} is not a cookie path`,
    'begin with "/", and use printable ASCII without blanks or ";"',
  );
}

export function isCookiePath(text: string): boolean {
  return /^\/[\x21-\x3a\x3c-\x7e]{0,1023}$/.test(text);
}

function readDomain(text: string): string | Fault {
  const lower = text.toLowerCase();
  if (isCookieDomain(bareDomain(lower))) return lower;
  return new Fault(`${shown(text)} is not a cookie domain`, 'write a host name: "example.com"');
}

export function isCookieDomain(text: string): boolean {
  return /^(?=.{1,253}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/.test(text);
}

/** The domain without the dot in front, which has no meaning (RFC 6265, section 5.2.3). */
export function bareDomain(domain: string): string {
  return domain.startsWith(".") ? domain.slice(1) : domain;
}

/** What ingress-nginx writes and nothing else should. */
function* foreign({ name, domain, maxAge, expires }: Written): Generator<[keyof CookieOptions, Fault]> {
  if (typeof name === "string" && name.includes("/")) {
    yield ["name", readCookieName(name) as Fault];
  }
  if (typeof domain === "string" && domain.startsWith(".")) {
    const hint = "leave out the dot in front: browsers ignore it";
    yield ["domain", new Fault(`${shown(domain)} is not a cookie domain`, hint)];
  }
  for (const [key, value] of [["maxAge", maxAge] as const, ["expires", expires] as const]) {
    if (typeof value !== "number") continue;
    const written = shown(formatDuration(value));
    if (value < SECOND) yield [key, new Fault(`${written} is too short`, "write at least 1s")];
    if (value > LONGEST) yield [key, new Fault(`${written} is too long`, "write at most 400d")];
  }
}

type Written = Readonly<Partial<Record<keyof CookieOptions, unknown>>>;

/** Attributes that a browser would refuse together, each with the option to change. */
function* contradictions(options: Written): Generator<[keyof CookieOptions, Fault]> {
  const { name, path, domain, sameSite, partitioned, secure, idle, absolute, ingressNginx } = options;
  if (ingressNginx === undefined) yield* foreign(options);
  else if (name === undefined) {
    yield [
      "name",
      new Fault("without a name no cookie of ingress-nginx is found", "write its name: INGRESSCOOKIE"),
    ];
  }
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
  carrier: "token",
  summary: "A sealed token in a cookie that the edge issues and renews.",
  options: shape.check(
    z.superRefine(
      (options, context) => {
        const refused = new Set(context.issues.map(({ path }) => path?.[0]));
        for (const [key, fault] of contradictions(options)) {
          if (refused.has(key)) continue;
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
