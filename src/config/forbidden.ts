import { type Address, contains, parseAddress, parseCidr } from "../model/cidr.ts";

/** Link-local, and where clouds answer with credentials: no pod is there. */
const BLOCKS = [
  "169.254.0.0/16", // link-local: the metadata of AWS, Google, Azure, DigitalOcean, Oracle; ECS task roles
  "fe80::/10", // link-local
  "fd00:ec2::/32", // AWS
  "fd20:ce::254", // Google
  "fd00:c1::a9fe:a9fe", // Oracle
  "fd00:42::42", // Scaleway
  "100.100.100.200", // Alibaba
  "192.0.0.192", // Oracle, classic
  "168.63.129.16", // Azure's wire server
].map((text) => parseCidr(text)!);

const NAMES = new Set([
  "metadata",
  "metadata.google.internal",
  "metadata.goog",
  "metadata.tencentyun.com",
  "metadata.platformequinix.com",
  "metadata.packet.net",
  "instance-data",
  "instance-data.ec2.internal",
]);

const NAT64 = parseCidr("64:ff9b::/96")!;
const COMPATIBLE = parseCidr("::/96")!;
const SIX_TO_FOUR = parseCidr("2002::/16")!;

/** The IPv4 address that an IPv6 one stands for, in the ways a network may undo. ::ffff:a.b.c.d is folded before. */
function embedded(address: Address): Address | undefined {
  if (address.length === 4) return undefined;
  if (contains(NAT64, address) || contains(COMPATIBLE, address)) return address.slice(12);
  return contains(SIX_TO_FOUR, address) ? address.slice(2, 6) : undefined;
}

/** Hostname of a URL → its address; undefined for a name. */
function addressOf(hostname: string): Address | undefined {
  return parseAddress(hostname.startsWith("[") ? hostname.slice(1, -1) : hostname);
}

/**
 * Whether a pod may not be there: link-local and cloud metadata addresses.
 *
 * @param hostname of a parsed URL: lower case, IPv4 in dotted decimals whatever it was written in
 */
export function isForbidden(hostname: string): boolean {
  const address = addressOf(hostname);
  if (address === undefined) return NAMES.has(hostname.replace(/\.+$/, ""));
  const inner = embedded(address);
  return BLOCKS.some((block) => contains(block, address) || (inner !== undefined && contains(block, inner)));
}

const LOOPBACK = ["127.0.0.0/8", "0.0.0.0", "::1", "::"].map((text) => parseCidr(text)!);

/** Names and addresses of this very machine are one host. */
function machine(hostname: string): string {
  const name = hostname.replace(/\.+$/, "");
  const address = addressOf(name);
  const local =
    address === undefined
      ? name === "localhost" || name.endsWith(".localhost")
      : LOOPBACK.some((block) => contains(block, address));
  return local ? "localhost" : name;
}

function portOf(url: URL): string {
  if (url.port !== "") return url.port;
  return url.protocol === "https:" ? "443" : "80";
}

/**
 * Whether requests to `url` would come back to the edge itself.
 *
 * @param authority `host[:port]` of the edge; without a port, both default ports are its own
 */
export function isSelf(url: URL, authority: string): boolean {
  if (!URL.canParse(`http://${authority}`)) return false;
  const own = new URL(`http://${authority}`);
  if (machine(own.hostname) !== machine(url.hostname)) return false;
  const port = portOf(url);
  // The parser drops ":80" as the default of http, so the text decides whether a port was said.
  return /:\d+$/.test(authority) ? portOf(own) === port : port === "80" || port === "443";
}
