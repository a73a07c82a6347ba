import { TOKEN_LENGTH } from "./token.ts";

/** Values of the right length that are opened at most; a flood of them costs no more. */
export const MAX_CANDIDATES = 4;

const SEMICOLON = 59;
const COMMA = 44;
const SPACE = 32;
const TAB = 9;

const isBlank = (code: number): boolean => code === SPACE || code === TAB;
const isSeparator = (code: number): boolean => code === SEMICOLON || code === COMMA;

/** Whether a pair may begin at `at`: the text's start, or a separator and blanks before it. */
function startsPair(header: string, at: number): boolean {
  let i = at - 1;
  while (i >= 0 && isBlank(header.charCodeAt(i))) i--;
  return i < 0 || isSeparator(header.charCodeAt(i));
}

/** The next place of `char` from `at` on, or the end; `known` is the one before it. The runtime searches fastest. */
function nextOf(header: string, char: string, at: number, known: number): number {
  if (known >= at) return known;
  const found = header.indexOf(char, at);
  return found < 0 ? header.length : found;
}

/**
 * The values of a cookie that could be tokens, in order, at most {@link MAX_CANDIDATES}. Two Cookie headers arrive
 * joined by a comma, so both `;` and `,` separate. Names are exact; nothing is decoded or unquoted. Linear time.
 *
 * @param key the cookie's name followed by `=`
 */
export function scan(header: string, key: string): string[] {
  const found: string[] = [];
  let at = header.indexOf(key);
  while (at >= 0) {
    const start = at + key.length;
    const end = start + TOKEN_LENGTH;
    if (end <= header.length && startsPair(header, at) && endsValue(header, end)) {
      const value = header.slice(start, end);
      // Short pairs that add up to the length of a token are none, and must not take the place of one.
      if (!value.includes(";") && !value.includes(",")) found.push(value);
      if (found.length === MAX_CANDIDATES) break;
    }
    at = header.indexOf(key, start);
  }
  return found;
}

function endsValue(header: string, end: number): boolean {
  let i = end;
  while (i < header.length && isBlank(header.charCodeAt(i))) i++;
  return i === header.length || isSeparator(header.charCodeAt(i));
}

/**
 * The Cookie header without the pairs of these names, whatever their values; null when nothing is left. Headers that were
 * joined by a comma are joined by `; ` again; what else stands between the parts of a value stays. Linear time.
 *
 * @param keys each a cookie's name followed by `=`, or how names begin
 */
export function strip(header: string, keys: readonly string[]): string | null {
  if (!keys.some((key) => header.includes(key))) return rejoin(header);
  let rest = "";
  /** Where the pair before ended; -1 when it was dropped. */
  let before = -1;
  let semicolon = -1;
  let comma = -1;
  for (let at = 0; at < header.length; ) {
    semicolon = nextOf(header, ";", at, semicolon);
    comma = nextOf(header, ",", at, comma);
    const end = Math.min(semicolon, comma);
    let start = at;
    while (start < end && isBlank(header.charCodeAt(start))) start++;
    let stop = end;
    while (stop > start && isBlank(header.charCodeAt(stop - 1))) stop--;
    const pair = header.slice(start, stop);
    if (keys.some((key) => pair.startsWith(key))) before = -1;
    else if (pair !== "") {
      const goesOn = before >= 0 && header.charCodeAt(at - 1) === COMMA && !(start > at && NAMED.test(pair));
      rest += goesOn ? header.slice(before, stop) : rest === "" ? pair : `; ${pair}`;
      before = stop;
    }
    at = end + 1;
  }
  return rest === "" ? null : rest;
}

const NAMED = /^[^\s;,="]+=/;

/** Two Cookie headers arrive joined by a comma and a blank, which no server takes for two. */
export function rejoin(header: string): string {
  return header.includes(", ") ? header.replace(/, (?=[^\s;,="]+=)/g, "; ") : header;
}

/** How a cookie is written. Whether it is Secure, and the name's prefix, are settled by the request's scheme. */
export interface CookieShape {
  /** Undefined: that of the route that matched. */
  readonly path: string | undefined;
  readonly domain: string | undefined;
  /** Undefined: no such attribute. */
  readonly sameSite: "Lax" | "Strict" | "None" | undefined;
  /** Leaves SameSite=None out for browsers that take it for Strict. */
  readonly conditional?: boolean;
  readonly partitioned: boolean;
  /** Seconds; undefined makes a session cookie. */
  readonly maxAge: number | undefined;
  /** Seconds from now; undefined: no such attribute. */
  readonly expires?: number | undefined;
  /** As ingress-nginx wrote it, SameSite=None over plain http too. */
  readonly verbatim?: boolean;
}

/** What of a request its cookie is written by. */
export interface Occasion {
  /** Whether the cookie is to be Secure. */
  readonly secure: boolean;
  /** Of the route that matched, as the config has it. */
  readonly path: string;
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly userAgent: string | null;
  /** Until its session ends, seen or not: no cookie is to outlive that. Seconds; absent: nobody knows. */
  readonly left?: number;
}

/** A browser takes a cookie with such a name only when it is Secure (RFC 6265bis, section 4.1.3), whatever the case. */
const PREFIXED = /^__(?:host|secure)-/i;

/** A Set-Cookie value. Name and attributes come from config, which refuses what could break out of them. */
export function write(name: string, value: string, shape: CookieShape, at: Occasion): string {
  const secure = at.secure || PREFIXED.test(name);
  let text = `${name}=${value}`;
  const left = shape.verbatim ? undefined : at.left;
  if (shape.expires !== undefined) {
    text += `; Expires=${cookieDate(at.now + within(shape.expires, left) * 1000)}`;
  }
  if (shape.maxAge !== undefined) text += `; Max-Age=${within(shape.maxAge, left)}`;
  if (shape.domain !== undefined) text += `; Domain=${shape.domain}`;
  text += `; Path=${shape.path ?? at.path}`;
  if (secure) text += "; Secure";
  text += "; HttpOnly";
  const sameSite = sameSiteOf(shape, secure, at.userAgent);
  if (sameSite !== undefined) text += `; SameSite=${sameSite}`;
  if (shape.partitioned && secure) text += "; Partitioned";
  return text;
}

function within(lasts: number, left: number | undefined): number {
  return left === undefined || lasts < left ? lasts : left;
}

function sameSiteOf({ sameSite, conditional, verbatim }: CookieShape, secure: boolean, agent: string | null) {
  if (sameSite !== "None") return sameSite;
  if (conditional && agent !== null && refusesNone(agent)) return undefined;
  // Browsers refuse SameSite=None and Partitioned without Secure, so over plain http they would lose the cookie.
  return secure || verbatim ? sameSite : "Lax";
}

/**
 * Browsers that take SameSite=None for Strict, as ingress-nginx tells them apart: early Chrome, and with it Edge 18; iOS 12;
 * Safari on macOS 10.14.
 */
function refusesNone(agent: string): boolean {
  if (/Chrome\/[456]|CPU iPhone OS 12|iPad; CPU OS 12/.test(agent)) return true;
  const has = (text: string) => agent.includes(text);
  return has("Macintosh") && has("Intel Mac OS X 10_14") && has("Safari") && !has("Chrome");
}

/** As nginx writes it: `Wed, 26-Nov-25 00:00:00 GMT`, the year in full from 2038 on. @param at milliseconds since the epoch */
function cookieDate(at: number): string {
  const [weekday, day, month, year = "", time] = new Date(at).toUTCString().split(" ");
  return `${weekday} ${day}-${month}-${Number(year) > 2037 ? year : year.slice(2)} ${time} GMT`;
}
