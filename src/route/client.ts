import { type Address, type Cidr, contains, parseAddress } from "../model/cidr.ts";

/** Who sent a request, as far as it can be believed. */
export interface Client {
  /** The address, IPv4 never as IPv6; undefined when nothing trustworthy tells it. */
  readonly ip: string | undefined;
  readonly https: boolean;
}

/** X-Forwarded-For entries that are looked at; a longer chain is not a chain of our proxies. */
const MAX_HOPS = 32;

/**
 * Behind trusted proxies the client is the rightmost hop that is not one of them, and X-Forwarded-Proto counts;
 * from anyone else both headers are ignored.
 */
export function identify(
  headers: Headers,
  peer: string | undefined,
  https: boolean,
  trusted: readonly Cidr[],
): Client {
  const ip = peer === undefined ? undefined : folded(peer);
  if (trusted.length === 0 || ip === undefined) return { ip, https };
  if (!isTrusted(parseAddress(ip), trusted)) return { ip, https };
  const scheme = headers.get("x-forwarded-proto");
  const client = { ip, https: scheme === null ? https : lastItem(scheme).toLowerCase() === "https" };
  const chain = headers.get("x-forwarded-for");
  if (chain === null) return client;
  const hops = chain.split(",").slice(-MAX_HOPS);
  for (let i = hops.length - 1; i >= 0; i--) {
    const hop = bare(hops[i]!.trim());
    const address = parseAddress(hop);
    // An entry that is no address was not written by a proxy of ours: what stands left of it is hearsay.
    if (address === undefined) return client;
    client.ip = folded(hop);
    if (!isTrusted(address, trusted)) return client;
  }
  return client;
}

/** `::ffff:192.0.2.1`, as a socket for both families has it, in any spelling → `192.0.2.1`: one client, one text (CVE-2026-39409). */
function folded(ip: string): string {
  if (!/^[0:]+:ffff:/i.test(ip)) return ip;
  const address = parseAddress(ip);
  return address?.length === 4 ? address.join(".") : ip;
}

function isTrusted(address: Address | undefined, trusted: readonly Cidr[]): boolean {
  return address !== undefined && trusted.some((block) => contains(block, address));
}

function lastItem(list: string): string {
  return list.slice(list.lastIndexOf(",") + 1).trim();
}

/** Without brackets and port: `[2001:db8::1]:443` and `192.0.2.1:80` name the address before the port. */
export function bare(text: string): string {
  if (text.startsWith("[")) {
    const close = text.indexOf("]");
    return close < 0 ? text : text.slice(1, close);
  }
  const colon = text.indexOf(":");
  return colon > 0 && colon === text.lastIndexOf(":") ? text.slice(0, colon) : text;
}
