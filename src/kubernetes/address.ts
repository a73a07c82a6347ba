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
  if (!fits)
    return field.refuse(
      new Fault(`${shown(written)} is no ${type ?? "IP"} address`, "write the address of a pod"),
    );
  const host = six ? `[${written}]` : written.replace(/\.$/, "");
  if (!isForbidden(six ? new URL(`http://${host}`).hostname : host)) return host;
  return field.refuse(
    new Fault(`${shown(written)} is a link-local or metadata address`, "write the address of a pod"),
  );
}
