import * as z from "../model/zod.ts";
import { isCookieDomain, isCookiePath } from "./cookie.ts";
import { cookieValue, unquoted } from "./cookie-value.ts";
import { DAY, duration } from "./duration.ts";
import { readCookieName, timeout } from "./keyed.ts";
import { Fault, issueText, reading, shown } from "./option.ts";
import type { AffinitySource, KeyedOptions } from "./source.ts";

export type CookieKeyOptions = KeyedOptions & {
  readonly name: string;
  /** How long the cookie lasts that is made where there is none; 0: with the browser; undefined: none is made. Milliseconds. */
  readonly ttl?: number | undefined;
  readonly path: string;
  /** Lower case; undefined: the host alone. */
  readonly domain?: string | undefined;
  readonly sameSite?: "Lax" | "Strict" | "None" | undefined;
  /** Undefined: only where the other attributes need it and the client came by https, as Envoy writes none. */
  readonly secure?: "auto" | boolean | undefined;
  readonly partitioned: boolean;
};

const shape = z
  .strictObject({
    name: reading(readCookieName),
    ttl: z.optional(duration(0, 400 * DAY)),
    path: z._default(reading(readPath), "/"),
    domain: z.optional(reading(readDomain)),
    sameSite: z.optional(z.enum(["Lax", "Strict", "None"])),
    secure: z.optional(z.union([z.literal("auto"), z.boolean()])),
    partitioned: z._default(z.boolean(), false),
    timeout,
  })
  .check(
    z.superRefine(({ name, path, domain, sameSite, secure, partitioned }, context) => {
      const refuse = (key: string, fault: Fault) =>
        context.issues.push({ code: "custom", message: issueText(fault), path: [key], input: undefined });
      const hint = 'leave "secure" out, or write "auto"';
      if (secure === false && sameSite === "None") {
        refuse("secure", new Fault("sameSite None needs a secure cookie", hint));
      }
      if (secure === false && partitioned) {
        refuse("secure", new Fault("a partitioned cookie must be secure", hint));
      }
      if (/^__host-/i.test(name) && (path !== "/" || domain !== undefined)) {
        const message = 'a __Host- cookie has the path "/", and no domain';
        refuse(path === "/" ? "domain" : "path", new Fault(message, "leave it out, or take another name"));
      }
    }),
  );

const options = z.pipe(
  z.transform((input: unknown) => (typeof input === "string" ? { name: input } : input)),
  shape,
);

/**
 * The value of a cookie is the key, as with the cookies of Envoy's hash policies: the pods', or with `ttl` one that the edge makes
 * where a request has none. It is a text without meaning, which says nothing of a pod; the store knows its session.
 */
export const cookieKey: AffinitySource<CookieKeyOptions> = {
  name: "cookie-key",
  summary: "The value of a cookie, which the edge makes where there is none, if it is told to.",
  carrier: "key",
  options: options as unknown as z.ZodMiniType<CookieKeyOptions>,
  label: ({ name }) => `cookie ${name}`,
  key: ({ headers }, { name }) => {
    const value = cookieValue(headers.get("cookie"), name);
    return value === undefined ? undefined : unquoted(value) || undefined;
  },
  made: ({ name, ttl, path, domain, sameSite, secure, partitioned }) => {
    if (ttl === undefined) return undefined;
    return {
      name,
      path,
      domain,
      sameSite,
      secure: secure ?? (sameSite === "None" || partitioned ? "auto" : false),
      partitioned,
      // Envoy leaves Max-Age out for 0 s, which would delete the cookie.
      maxAge: ttl === 0 ? undefined : Math.max(1, Math.floor(ttl / 1000)),
    };
  },
};

function readPath(text: string): string | Fault {
  if (isCookiePath(text)) return text;
  return new Fault(
    `${shown(text)} is not a cookie path`,
    'begin with "/", and use printable ASCII without blanks or ";"',
  );
}

function readDomain(text: string): string | Fault {
  const lower = text.toLowerCase();
  if (isCookieDomain(lower)) return lower;
  return new Fault(`${shown(text)} is not a cookie domain`, 'write a host name: "example.com"');
}
