import * as z from "../model/zod.ts";
import { DAY, duration, HOUR, SECOND } from "./duration.ts";
import { Fault, reading, shown } from "./option.ts";

/** How long a keyed session lasts unseen: the default of Kubernetes' ClientIP affinity, 10,800 s. */
export const timeout = z._default(duration(SECOND, 400 * DAY), 3 * HOUR);

/** field-name of RFC 9110: a token; comes out in lower case. */
export function readHeaderName(text: string): string | Fault {
  if (/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,128}$/.test(text)) return text.toLowerCase();
  return new Fault(
    `${shown(text)} is not a header name`,
    'write a name such as "X-User", without blanks or ":"',
  );
}

/** cookie-name of RFC 6265: a token. */
export function readCookieName(text: string): string | Fault {
  if (/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,128}$/.test(text)) return text;
  return new Fault(
    `${shown(text)} is not a cookie name`,
    "use 1–128 letters, digits and !#$%&'*+-.^_`|~, without blanks or separators",
  );
}

/** The name of a query parameter as it stands in the URL: nothing is decoded. */
export function readQueryName(text: string): string | Fault {
  if (/^[A-Za-z0-9._~!$'()*,;:@/?%[\]-]{1,128}$/.test(text)) return text;
  return new Fault(
    `${shown(text)} is not the name of a query parameter`,
    "write it as it stands in the URL, percent-encoded where it must be, without & and =",
  );
}

/** Options of a source that reads one named thing: the name alone, or a map with a timeout beside it. */
export function named(
  read: (text: string) => string | Fault,
): z.ZodMiniType<{ name: string; timeout: number }> {
  const map = z.strictObject({ name: reading(read), timeout });
  const whole = z.pipe(
    z.transform((input: unknown) => (typeof input === "string" ? { name: input } : input)),
    map,
  );
  return whole as unknown as z.ZodMiniType<{ name: string; timeout: number }>;
}
