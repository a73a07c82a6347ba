/**
 * The value of a cookie in a Cookie header; undefined when it is absent or empty. Names are exact; of duplicates the first
 * counts, which browsers send for the longest path (RFC 6265, section 5.4). Nothing is decoded; quotes are part of the
 * value. Two Cookie headers arrive joined by a comma, so both `;` and `,` end a pair. Linear time.
 */
export function cookieValue(header: string | null, name: string): string | undefined {
  if (header === null) return undefined;
  const key = `${name}=`;
  for (let at = header.indexOf(key); at >= 0; at = header.indexOf(key, at + key.length)) {
    if (!startsPair(header, at)) continue;
    const value = header.slice(at + key.length, endOf(header, at + key.length)).trim();
    return value === "" ? undefined : value;
  }
  return undefined;
}

function startsPair(header: string, at: number): boolean {
  let i = at - 1;
  while (i >= 0 && (header[i] === " " || header[i] === "\t")) i--;
  return i < 0 || header[i] === ";" || header[i] === ",";
}

function endOf(header: string, from: number): number {
  for (let i = from; i < header.length; i++) if (header[i] === ";" || header[i] === ",") return i;
  return header.length;
}
