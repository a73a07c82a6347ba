/**
 * The value of a cookie in a Cookie header; undefined when it is absent or empty. Names are exact; of duplicates the first
 * counts, which browsers send for the longest path (RFC 6265, section 5.4). Nothing is decoded; quotes are part of the
 * value. Two Cookie headers arrive joined by a comma and a blank, so these before a further pair end a value, too; any
 * other comma is part of it, as it is for the pod. Linear time.
 */
export function cookieValue(header: string | null, name: string): string | undefined {
  if (header === null) return undefined;
  const key = `${name}=`;
  for (let at = header.indexOf(key); at >= 0; at = header.indexOf(key, at + key.length)) {
    if (!startsPair(header, at)) continue;
    const from = at + key.length;
    const value = header.slice(from, endOf(header, from)).trim();
    return value === "" ? undefined : value;
  }
  return undefined;
}

/** A value without the quotes that may stand around it (RFC 6265, section 4.1.1). */
export function unquoted(value: string): string {
  return value.length >= 2 && value.startsWith('"') && value.endsWith('"') ? value.slice(1, -1) : value;
}

/**
 * What {@link firstCookie} looks for. Names have no case, and a pair begins behind any `;` or `,`, as ingress-nginx reads the
 * cookies of its canaries (ngx_http_parse_multi_header_lines of nginx).
 */
export function cookieKey(name: string): RegExp {
  return new RegExp(`(?:^|[;,])[ \\t]*${name.replace(/\W/g, "\\$&")}[ \\t]*=`, "i");
}

/** The value of the first cookie that a key finds; "" when it is empty, undefined when there is none. Linear time. */
export function firstCookie(header: string | null, key: RegExp): string | undefined {
  const found = header === null ? null : key.exec(header);
  if (header === null || found === null) return undefined;
  const from = found.index + found[0].length;
  return header.slice(from, endOf(header, from)).trim();
}

function startsPair(header: string, at: number): boolean {
  let i = at - 1;
  while (i >= 0 && (header[i] === " " || header[i] === "\t")) i--;
  return i < 0 || header[i] === ";" || (header[i] === "," && i < at - 1);
}

function endOf(header: string, from: number): number {
  const semicolon = header.indexOf(";", from);
  const end = semicolon < 0 ? header.length : semicolon;
  NEXT_PAIR.lastIndex = from;
  const next = NEXT_PAIR.exec(header)?.index ?? end;
  return Math.min(end, next);
}

const NEXT_PAIR = /,[ \t]+(?=[^\s;,="]+=)/g;
