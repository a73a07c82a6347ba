import { parseAddress } from "../model/cidr.ts";
import type { Announced } from "../model/snapshot.ts";
import type { HeaderFields } from "./fields.ts";

/** The hop before ours. */
export interface Hop {
  readonly ip: string | undefined;
  readonly https: boolean;
  readonly authority: string;
  /** Version of HTTP that it spoke: `1.1`. */
  readonly version: string;
}

/** Sets Forwarded (RFC 7239) with the client alone, as X-Forwarded-For has it, and adds to Via (RFC 9110, section 7.6.3). */
export function announce(headers: HeaderFields, { forwarded, via }: Announced, hop: Hop): void {
  if (forwarded) {
    const { ip, https, authority } = hop;
    headers.forwarded = `for=${node(ip)};host=${quoted(authority)};proto=${https ? "https" : "http"}`;
  }
  if (via) append(headers, "via", `${hop.version} mooring`);
}

/** Adds to a field that is a list. */
export function append(headers: HeaderFields, name: string, value: string): void {
  const before = headers[name];
  headers[name] = before === undefined ? value : `${before}, ${value}`;
}

/** Cloudflare tells it; raw workerd speaks nothing but 1.1 and 1.0. */
export function versionOf(origin: Readonly<Record<string, unknown>> | undefined): string {
  return /^HTTP\/([0-9.]+)$/.exec(String(origin?.httpProtocol))?.[1] ?? "1.1";
}

/** Anything that is no address would be the client's own words. */
function node(ip: string | undefined): string {
  const address = ip === undefined ? undefined : parseAddress(ip);
  if (address === undefined) return "unknown";
  return address.length === 4 ? address.join(".") : `"[${ip}]"`;
}

/** An authority is a token, but for the colon and the brackets; the grammar of Host lets no quote through. */
function quoted(authority: string): string {
  return /^[\w.-]+$/.test(authority) ? authority : `"${authority}"`;
}
