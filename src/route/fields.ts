/**
 * Headers that end at this hop (RFC 9110 7.6.1 and the older ones), or that only a proxy may say; so do all that begin
 * with x-forwarded. Connection, Keep-Alive, TE and Upgrade are missing here as the runtime itself lets none of them pass,
 * in either direction.
 */
const DROPPED = new Set([
  "proxy-connection",
  "proxy-authorization",
  "trailer",
  "http2-settings",
  "forwarded",
  "x-real-ip",
  "true-client-ip",
  "x-client-ip",
  "x-cluster-client-ip",
  "x-original-forwarded-for",
]);
const FORWARDED = "x-forwarded";
const CLOUDFLARE = "cf-";

/** What every request is asked for of its headers. */
export interface Fields {
  /** As `Headers.get` would answer: null when there is none. */
  readonly host: string | null;
  readonly cookie: string | null;
  readonly connection: string | null;
  /** Names that no pod may see, of those that there are; undefined when all may pass. */
  readonly dropped: readonly string[] | undefined;
}

/**
 * Reads all of that in one pass. Each call into the runtime's Headers costs, an iterator's steps the most: this pass is
 * dearer than two `get`, and cheaper than `keys` alone.
 *
 * @param cloudflare CF-* headers are the platform's own there, and pass
 */
export function readFields(headers: Headers, cloudflare: boolean): Fields {
  let host: string | null = null;
  let cookie: string | null = null;
  let connection: string | null = null;
  let dropped: string[] | undefined;
  const other = (name: string) => {
    if (mustDrop(name, cloudflare)) dropped = [...(dropped ?? []), name];
  };
  headers.forEach((value, name) => {
    switch (name.charCodeAt(0)) {
      case LETTER.c:
        if (name === "cookie") cookie = value;
        else if (name === "connection") connection = value;
        else other(name);
        break;
      case LETTER.h:
        if (name === "host") host = value;
        else other(name);
        break;
      case LETTER.f:
      case LETTER.p:
      case LETTER.t:
      case LETTER.x:
        other(name);
        break;
    }
  });
  return { host, cookie, connection, dropped };
}

/** The first letters of all that is looked for: most names are done with by theirs. */
const LETTER = { c: 99, f: 102, h: 104, p: 112, t: 116, x: 120 } as const;

/** `X_Real_IP` and `X.Real.IP` are read as X-Real-IP by servers that fold names (CVE-2026-88011), so they count as it. */
function mustDrop(name: string, cloudflare: boolean): boolean {
  const folded = name.includes("_") || name.includes(".") ? name.replace(/[_.]/g, "-") : name;
  if (folded.startsWith(FORWARDED) || DROPPED.has(folded)) return true;
  return folded.startsWith(CLOUDFLARE) && !(cloudflare && folded === name);
}
