import { Fault, reading, shown } from "../affinity/option.ts";
import * as z from "../model/zod.ts";
import { parseUrl } from "./url.ts";

export const MAX_WEIGHT = 1_000_000;

/** Printable ASCII that can stand in a cookie, a header and a log line without quotes, and in a path of the API: dots alone are steps there. */
function parseId(text: string): string | Fault {
  if (/^(?!\.\.?$)[\x21\x23-\x26\x28-\x2b\x2d-\x3a\x3c\x3e-\x7e]{1,253}$/.test(text)) return text;
  return new Fault(
    `${shown(text)} is not a pod id`,
    "use 1–253 printable ASCII characters without blanks, quotes and ; , =, and not . or .. alone",
  );
}

export const zone = reading((text) =>
  /^[\x21-\x7e]{1,63}$/.test(text)
    ? text
    : new Fault(`${shown(text)} is not a zone`, "use 1–63 printable ASCII characters without blanks"),
);

/** A relative share of new sessions; 0 takes none. */
export const weight = z.int().check(z.minimum(0), z.maximum(MAX_WEIGHT));

export const pod = z.strictObject({
  id: reading(parseId),
  url: reading(parseUrl),
  weight: z._default(weight, 1),
  zone: z.optional(zone),
  generation: z._default(z.int().check(z.minimum(0), z.maximum(0xffff_ffff)), 0),
});

export type PodConfig = Readonly<z.infer<typeof pod>>;
