/** An IP address as bytes: 4 for IPv4 (also for ::ffff:a.b.c.d), 16 for IPv6. */
export type Address = Uint8Array;

/** A block of addresses: the first `bits` bits of `base`. */
export interface Cidr {
  readonly base: Address;
  readonly bits: number;
}

function parseV4(text: string): Address | undefined {
  const parts = text.split(".");
  if (parts.length !== 4) return undefined;
  const bytes = new Uint8Array(4);
  for (let i = 0; i < 4; i++) {
    const part = parts[i]!;
    // A leading zero is octal to some parsers and decimal to others: refuse what is ambiguous.
    if (!/^(0|[1-9][0-9]{0,2})$/.test(part) || Number(part) > 255) return undefined;
    bytes[i] = Number(part);
  }
  return bytes;
}

/** Parses an IPv4 or IPv6 literal (no zone, no brackets); undefined when it is neither. ::ffff:a.b.c.d folds to IPv4. */
export function parseAddress(text: string): Address | undefined {
  if (!text.includes(":")) return parseV4(text);
  if (!/^[0-9a-fA-F:.]{2,45}$/.test(text)) return undefined;
  let body = text;
  let tail: Address | undefined;
  const lastColon = body.lastIndexOf(":");
  if (body.includes(".")) {
    tail = parseV4(body.slice(lastColon + 1));
    if (tail === undefined) return undefined;
    body = `${body.slice(0, lastColon + 1)}${((tail[0]! << 8) | tail[1]!).toString(16)}:${((tail[2]! << 8) | tail[3]!).toString(16)}`;
  }
  const halves = body.split("::");
  if (halves.length > 2) return undefined;
  const groups = (half: string) => (half === "" ? [] : half.split(":"));
  const head = groups(halves[0]!);
  const rest = halves.length === 2 ? groups(halves[1]!) : [];
  const missing = 8 - head.length - rest.length;
  if (halves.length === 2 ? missing < 1 : missing !== 0) return undefined;
  const all = [...head, ...Array<string>(missing).fill("0"), ...rest];
  const bytes = new Uint8Array(16);
  for (let i = 0; i < 8; i++) {
    if (!/^[0-9a-fA-F]{1,4}$/.test(all[i]!)) return undefined;
    const value = Number.parseInt(all[i]!, 16);
    bytes[2 * i] = value >>> 8;
    bytes[2 * i + 1] = value & 255;
  }
  const mapped = bytes[10] === 255 && bytes[11] === 255 && bytes.subarray(0, 10).every((b) => b === 0);
  return mapped ? bytes.slice(12) : bytes;
}

/** An address in the one spelling of RFC 5952, `2001:db8::7`, which is also that of inet_ntop; undefined for what is none. */
export function addressText(text: string | undefined): string | undefined {
  const bytes = text === undefined ? undefined : parseAddress(text);
  if (bytes === undefined || bytes.length === 4) return bytes?.join(".");
  const groups = Array.from({ length: 8 }, (_, i) => ((bytes[2 * i]! << 8) | bytes[2 * i + 1]!).toString(16));
  // The longest run of zeros is left out, the first of several, if it is of two groups at least.
  let [from, length] = [0, 1];
  for (let i = 0; i < 8; i++) {
    let end = i;
    while (groups[end] === "0") end++;
    if (end - i > length) [from, length] = [i, end - i];
  }
  if (length < 2) return groups.join(":");
  return `${groups.slice(0, from).join(":")}::${groups.slice(from + length).join(":")}`;
}

/** Parses `10.0.0.0/8`, `fd00::/8` or a single address; undefined when it is none of these. */
export function parseCidr(text: string): Cidr | undefined {
  const slash = text.indexOf("/");
  const base = parseAddress(slash < 0 ? text : text.slice(0, slash));
  if (base === undefined) return undefined;
  if (slash < 0) return { base, bits: base.length * 8 };
  const suffix = text.slice(slash + 1);
  if (!/^(0|[1-9][0-9]{0,2})$/.test(suffix)) return undefined;
  const bits = Number(suffix);
  return bits <= base.length * 8 ? { base, bits } : undefined;
}

/** Whether the block holds the address; an IPv4 block never holds an IPv6 address. */
export function contains(block: Cidr, address: Address): boolean {
  if (block.base.length !== address.length) return false;
  const whole = block.bits >> 3;
  for (let i = 0; i < whole; i++) if (block.base[i] !== address[i]) return false;
  const left = block.bits & 7;
  if (left === 0) return true;
  const mask = (0xff << (8 - left)) & 0xff;
  return (block.base[whole]! & mask) === (address[whole]! & mask);
}
