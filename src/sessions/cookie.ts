import { TOKEN_LENGTH } from "./token.ts";

/** Values of the right length that are opened at most; a flood of them costs no more. */
export const MAX_CANDIDATES = 4;

const SEMICOLON = 59;
const COMMA = 44;
const SPACE = 32;
const TAB = 9;

/** Whether a pair may begin at `at`: the text's start, or a separator and blanks before it. */
function startsPair(header: string, at: number): boolean {
  let i = at - 1;
  while (i >= 0 && (header.charCodeAt(i) === SPACE || header.charCodeAt(i) === TAB)) i--;
  if (i < 0) return true;
  const code = header.charCodeAt(i);
  return code === SEMICOLON || code === COMMA;
}

/** The index after the pair that begins before `from`: the next separator, or the end. */
function pairEnd(header: string, from: number): number {
  for (let i = from; i < header.length; i++) {
    const code = header.charCodeAt(i);
    if (code === SEMICOLON || code === COMMA) return i;
  }
  return header.length;
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
      found.push(header.slice(start, end));
      if (found.length === MAX_CANDIDATES) break;
    }
    at = header.indexOf(key, start);
  }
  return found;
}

function endsValue(header: string, end: number): boolean {
  let i = end;
  while (i < header.length && (header.charCodeAt(i) === SPACE || header.charCodeAt(i) === TAB)) i++;
  return i === header.length || header.charCodeAt(i) === SEMICOLON || header.charCodeAt(i) === COMMA;
}

/**
 * The Cookie header without the pairs of that name, whatever their values; null when nothing is left. Headers that were
 * joined by a comma are joined by `; ` again.
 */
export function strip(header: string, key: string): string | null {
  let rest = header;
  if (header.includes(key)) {
    rest = "";
    let at = 0;
    while (at < header.length) {
      const end = pairEnd(header, at);
      const pair = header.slice(at, end).trim();
      if (pair !== "" && !pair.startsWith(key)) {
        // A comma inside a value is kept as it is: what follows it is not a pair.
        const glue =
          rest === ""
            ? ""
            : at > 0 && header.charCodeAt(at - 1) === COMMA && !pair.includes("=")
              ? ","
              : "; ";
        rest += glue + pair;
      }
      at = end + 1;
    }
    return rest === "" ? null : rest;
  }
  return rest.includes(", ") ? rest.replace(/, (?=[^\s;,="]+=)/g, "; ") : rest;
}

/** How a cookie is written. `secure` and the name's prefix are settled by the request's scheme. */
export interface CookieShape {
  readonly path: string;
  readonly domain: string | undefined;
  readonly sameSite: "Lax" | "Strict" | "None";
  readonly partitioned: boolean;
  /** Seconds; undefined makes a session cookie. */
  readonly maxAge: number | undefined;
}

/** A Set-Cookie value. Name and attributes come from config, which refuses what could break out of them. */
export function write(name: string, value: string, shape: CookieShape, secure: boolean): string {
  let text = `${name}=${value}`;
  if (shape.maxAge !== undefined) text += `; Max-Age=${shape.maxAge}`;
  if (shape.domain !== undefined) text += `; Domain=${shape.domain}`;
  text += `; Path=${shape.path}`;
  if (secure) text += "; Secure";
  text += "; HttpOnly";
  // Browsers refuse SameSite=None and Partitioned without Secure, so over plain http they would lose the cookie.
  text += `; SameSite=${shape.sameSite === "None" && !secure ? "Lax" : shape.sameSite}`;
  if (shape.partitioned && secure) text += "; Partitioned";
  return text;
}
