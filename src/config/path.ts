import { Fault, shown } from "../affinity/option.ts";

const LONGEST = 2048;
const HINT = 'write an absolute path: "/", "/shop"';

/** Letters, digits, `-._~`: encoded or not, they mean the same (RFC 3986, section 2.3). */
const UNRESERVED = /[A-Za-z0-9._~-]/;

/**
 * The path in its normal form: unreserved characters plain, other encodings in upper case, what a URL cannot hold encoded
 * as `fetch` would, no slash at the end unless it is the root (RFC 3986, section 6.2.2).
 *
 * @param whole keeps the slash at the end
 */
export function parsePath(text: string, whole = false): string | Fault {
  if (!text.startsWith("/")) return new Fault(`${shown(text)} does not begin with "/"`, HINT);
  if (text.length > LONGEST)
    return new Fault(`a path of ${text.length} characters`, `use at most ${LONGEST}`);
  if (/[?#]/.test(text)) return new Fault(`${shown(text)} has a query or a fragment`, "leave it out");
  // A URL parser drops blanks and turns a backslash into a slash: what was written would not be what is matched.
  if (/[\s\\\p{Cc}\p{Cs}]/u.test(text)) {
    return new Fault(`${shown(text)} has a blank, backslash or control character`, "percent-encode it");
  }
  if (/%(?![0-9A-Fa-f]{2})/.test(text)) {
    return new Fault(`${shown(text)} has a "%" that encodes nothing`, 'write "%25" for a percent sign');
  }
  const plain = text.replace(/%[0-9A-Fa-f]{2}/g, (code) => {
    const char = String.fromCharCode(Number.parseInt(code.slice(1), 16));
    return UNRESERVED.test(char) ? char : code.toUpperCase();
  });
  const segments = plain.split("/");
  if (segments.some((segment) => segment === "." || segment === "..")) {
    return new Fault(`${shown(text)} has a "." or ".." segment`, "write the path that it leads to");
  }
  if (plain.includes("//")) return new Fault(`${shown(text)} has an empty segment`, 'write one "/" there');
  const path = new URL(`http://host${plain}`).pathname;
  return !whole && path.length > 1 && path.endsWith("/") ? path.slice(0, -1) : path;
}

/** The text with its ASCII letters in lower case; of the same length. */
export function foldCase(text: string): string {
  return text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}
