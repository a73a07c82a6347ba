import { addressText, parseAddress } from "../model/cidr.ts";
import * as z from "../model/zod.ts";
import { timeout } from "./keyed.ts";
import type { AffinitySource, KeyedOptions } from "./source.ts";

/**
 * The client's address is the key: what Kubernetes calls ClientIP. All users behind one NAT share a session of it, and a
 * phone that changes its network loses it.
 */
export const clientIp: AffinitySource<KeyedOptions> = {
  name: "client-ip",
  summary: "The client's address; IPv6 by its /64.",
  carrier: "key",
  options: z.strictObject({ timeout }),
  label: () => "client-ip",
  key: ({ ip }) => (ip === undefined ? undefined : addressKey(ip)),
  address: () => true,
  // Envoy goes by the whole of an IPv6 address; who comes second from a /64 finds the session of who came first.
  placing: ({ ip }) => addressText(ip),
};

/**
 * Hex of an IPv4 address, also where it is written as ::ffff:a.b.c.d; of an IPv6 address its first 64 bits, as a household
 * changes the others at will. Undefined for what is no address.
 */
export function addressKey(ip: string): string | undefined {
  const address = parseAddress(ip);
  if (address === undefined) return undefined;
  let text = "";
  for (const byte of address.length === 16 ? address.subarray(0, 8) : address) {
    text += byte.toString(16).padStart(2, "0");
  }
  return text;
}
