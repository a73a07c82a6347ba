/**
 * Headers that end at this hop (RFC 9110 7.6.1 and the older ones), or that only a proxy may say; so do all that begin
 * with x-forwarded. Connection, Keep-Alive, TE and Upgrade are missing here as the runtime itself lets none of them pass,
 * in either direction.
 */
const DROPPED = new Set([
  // CGI makes HTTP_PROXY of it, which programs obey (CVE-2016-5385).
  "proxy",
  "--proto--",
  "trailer",
  "http2-settings",
  "forwarded",
  "x-real-ip",
  "true-client-ip",
  "x-client-ip",
  "x-cluster-client-ip",
  "x-original-forwarded-for",
]);
/** Beginnings of names: whatever comes after them. */
const FORWARDED = "x-forwarded";
const PROXY = "proxy-";
const CLOUDFLARE = "cf-";
/** What says how a message is framed, or ends here: it may pass, but nothing that some server would read as it. */
const FRAMING = new Set(["keep-alive", "transfer-encoding", "content-length", "cdn-loop"]);

/** What every request is asked for of its headers. */
export interface Fields {
  /** As `Headers.get` would answer: null when there is none. */
  readonly host: string | null;
  readonly cookie: string | null;
  readonly connection: string | null;
  readonly upgrade: string | null;
  /** Transfer-Encoding. */
  readonly coding: string | null;
  /** CDN-Loop (RFC 8586). */
  readonly loop: string | null;
  /** How many there are; those of one name count as one, as the runtime joins them. */
  readonly count: number;
  /** Characters of names and values, with the four that each line has besides. */
  readonly size: number;
  /** Names that no pod may see, of those that there are; undefined when all may pass. */
  readonly dropped: readonly string[] | undefined;
  /**
   * The others by their names in lower case, but for Host and Connection, which the runtime writes itself towards the pod.
   * Whoever makes the pod's headers of them changes them.
   */
  readonly passing: HeaderFields;
  /**
   * Whether a record cannot carry them: some value is not ASCII, and a string of it would be written as other bytes, or
   * Set-Cookie came more than once, which must not be joined on the wire.
   */
  readonly foreign: boolean;
}

/** Header fields by their names in lower case: each is one string, those of one name joined as the runtime joins them. */
export type HeaderFields = Record<string, string>;

/**
 * Reads all of that in one pass. Each call into the runtime's Headers costs, an iterator's steps the most: this pass is
 * dearer than two `get`, and cheaper than `keys` alone. As it has every field at hand, the request to the pod is made of
 * them: that is cheaper than another Headers.
 *
 * @param cloudflare CF-* headers are the platform's own there, and pass
 */
export function readFields(headers: Headers, cloudflare: boolean): Fields {
  let host: string | null = null;
  let cookie: string | null = null;
  let connection: string | null = null;
  let upgrade: string | null = null;
  let coding: string | null = null;
  let loop: string | null = null;
  let count = 0;
  let size = 0;
  let dropped: string[] | undefined;
  const passing: HeaderFields = {};
  let foreign = false;
  const other = (name: string, value: string) => {
    if (!mustDrop(name, cloudflare)) passing[name] = value;
    else if (dropped === undefined) dropped = [name];
    else dropped.push(name);
  };
  headers.forEach((value, name) => {
    count++;
    size += name.length + value.length + 4;
    if (!ASCII.test(value)) foreign = true;
    switch (name.charCodeAt(0)) {
      case LETTER.c:
        if (name === "cookie") passing[name] = cookie = value;
        else if (name === "connection") connection = value;
        else if (name === "cdn-loop") passing[name] = loop = value;
        else other(name, value);
        break;
      case LETTER.h:
        if (name === "host") host = value;
        else other(name, value);
        break;
      case LETTER.s:
        // The one name that comes once for each of its lines.
        if (name === "set-cookie" && passing[name] !== undefined) {
          passing[name] += `, ${value}`;
          foreign = true;
        } else passing[name] = value;
        break;
      case LETTER.t:
        if (name === "transfer-encoding") passing[name] = coding = value;
        else other(name, value);
        break;
      case LETTER.u:
        if (name === "upgrade") upgrade = value;
        passing[name] = value;
        break;
      case LETTER.f:
      case LETTER.k:
      case LETTER.p:
      case LETTER.x:
      // `__proto__` is a good name of a header field, and none that a pod could want.
      case LETTER.underscore:
        other(name, value);
        break;
      default:
        passing[name] = value;
    }
  });
  return { host, cookie, connection, upgrade, coding, loop, count, size, dropped, passing, foreign };
}

const ASCII = /^[\0-\x7f]*$/;

/** The first letters of all that is looked for: most names are done with by theirs. */
const LETTER = {
  c: 99,
  f: 102,
  h: 104,
  k: 107,
  p: 112,
  s: 115,
  t: 116,
  u: 117,
  x: 120,
  underscore: 95,
} as const;

/** `X_Real_IP` and `X.Real.IP` are read as X-Real-IP by servers that fold names (CVE-2026-88011), so they count as it. */
function mustDrop(name: string, cloudflare: boolean): boolean {
  const folded = name.includes("_") || name.includes(".") ? name.replace(/[_.]/g, "-") : name;
  if (folded.startsWith(FORWARDED) || folded.startsWith(PROXY) || DROPPED.has(folded)) return true;
  if (folded !== name && FRAMING.has(folded)) return true;
  return folded.startsWith(CLOUDFLARE) && !(cloudflare && folded === name);
}
