import { Fault, shown } from "../config/fault.ts";
import { isForbidden } from "../config/forbidden.ts";
import { parseAddress } from "../model/cidr.ts";
import type { Field } from "./field.ts";
import { text } from "./read.ts";

/**
 * An endpoint's address as it stands in a URL; undefined, and an error, for what is none. Loopback, which the API server
 * refuses, is taken: pods of one machine are there.
 *
 * @param type `IPv4`, `IPv6` or `FQDN`; undefined: an address of any family
 */
export function addressOf(field: Field, type?: string): string | undefined {
  const written = field.read(text);
  if (written === undefined) return undefined;
  const named = type === "FQDN";
  const six = written.includes(":");
  const fits = named
    ? /^(?=.{1,253}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*\.?$/.test(written)
    : parseAddress(written) !== undefined && (type === undefined || six === (type === "IPv6"));
  const url = `http://${six ? `[${written}]` : written}`;
  // One spelling of each: an address is a place in dedup, ids and rings, and a name of digits is an address, too.
  const host = fits && URL.canParse(url) ? new URL(url).hostname.replace(/\.$/, "") : undefined;
  if (host === undefined)
    return field.refuse(
      new Fault(`${shown(written)} is no ${type ?? "IP"} address`, "write the address of a pod"),
    );
  if (!isForbidden(host)) return host;
  return field.refuse(
    new Fault(`${shown(written)} is a link-local or metadata address`, "write the address of a pod"),
  );
}
