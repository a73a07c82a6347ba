import type { Refusal } from "../model/refusal.ts";
import type { Fields } from "./fields.ts";

/** Where a request wants to go: slices of its URL, nothing parsed twice. */
export interface Target {
  readonly https: boolean;
  /** `host[:port]` as the URL has it. */
  readonly authority: string;
  /** Lower case, no port; IPv6 in brackets. */
  readonly host: string;
  /** The raw path, beginning with `/`. */
  readonly path: string;
  /** The raw path with its query. */
  readonly rest: string;
}

/** reg-name or IPv4 of RFC 3986 without percent-encoding, or an IPv6 literal; then a port. */
const AUTHORITY =
  /^(?:[A-Za-z0-9](?:[A-Za-z0-9._-]{0,253}[A-Za-z0-9.])?|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?$/;
/** The methods that may reach a pod; TRACE would echo what the edge added. */
const METHOD = /^[A-Z][A-Z0-9!#$%&'*+.^_`|~-]{0,31}$/i;

/** `_mooring`, each letter plain or encoded. */
const OURS = [..."_mooring"].map((c) => `(?:${c}|%${c.charCodeAt(0).toString(16)})`).join("");
/**
 * What another server would read as another path than the one that was routed: a backslash, and a dot segment, plain or
 * encoded, between slashes of either kind, also with parameters, which some servers take off before they resolve it. Browsers
 * resolve them before they ask. And other spellings of the admin API's path, which is never a pod's (CVE-2026-73511).
 */
const OTHERWISE = new RegExp(
  `\\\\|(?:/|%2f|%5c)(?:\\.|%2e){1,2}(?:[/;]|%2f|%5c|%3b|$)|^(?:/|%2f)+${OURS}(?:[/;]|%2f|%3b|$)`,
  "i",
);

let goodHost = "";

/** Slices an absolute http(s) URL as a runtime hands it over. */
export function readTarget(url: string): Target {
  const start = url.indexOf("://") + 3;
  let slash = url.indexOf("/", start);
  if (slash < 0) slash = url.length;
  const authority = url.slice(start, slash);
  const query = url.indexOf("?", slash);
  const rest = slash === url.length ? "/" : url.slice(slash);
  const path = query < 0 ? rest : url.slice(slash, query);
  return { https: url.charCodeAt(4) === 115, authority, host: hostOf(authority), path, rest };
}

function hostOf(authority: string): string {
  const colon = authority.lastIndexOf(":");
  const host = colon > authority.lastIndexOf("]") ? authority.slice(0, colon) : authority;
  return host.toLowerCase();
}

/**
 * A Host that says something else than the URL has been tampered with on the way: two parsers would disagree.
 *
 * @param header null: there was none
 */
export function checkHost(header: string | null, target: Target): Refusal | undefined {
  const host = header ?? target.authority;
  if (host !== goodHost) {
    if (!AUTHORITY.test(host)) return BAD_HOST;
    goodHost = host;
  }
  return host !== target.authority && !sameAuthority(host, target) ? BAD_HOST : undefined;
}

/** What is refused whatever the config says. */
export function validate(
  method: string,
  { host, coding }: Pick<Fields, "host" | "coding">,
  target: Target,
): Refusal | undefined {
  const badHost = checkHost(host, target);
  if (badHost !== undefined) return badHost;
  if (OTHERWISE.test(target.path)) return BAD_PATH;
  // The runtime takes any list that ends in chunked, and would forward the rest undone.
  if (coding !== null && coding.toLowerCase() !== "chunked") return BAD_CODING;
  if (method !== "GET" && method !== "POST") {
    if (method === "TRACE" || method === "CONNECT" || !METHOD.test(method)) return BAD_METHOD;
  }
  return undefined;
}

/** Hosts compare without case, and a default port may be left out. */
function sameAuthority(host: string, target: Target): boolean {
  const suffix = target.https ? ":443" : ":80";
  const plain = (text: string) => {
    const lower = text.toLowerCase();
    return lower.endsWith(suffix) ? lower.slice(0, -suffix.length) : lower;
  };
  return plain(host) === plain(target.authority);
}

/**
 * Undoes needless percent-encoding (`%61` → `a`) so that a route cannot be missed by spelling it otherwise. For matching
 * only: the pod gets the path as it came.
 */
export function normalizePath(path: string): string {
  if (!path.includes("%")) return path;
  return path.replace(/%[0-9A-Fa-f]{2}/g, (code) => {
    const char = String.fromCharCode(Number.parseInt(code.slice(1), 16));
    return /[A-Za-z0-9._~-]/.test(char) ? char : code.toUpperCase();
  });
}

const BAD_HOST: Refusal = {
  status: 400,
  code: "bad-host",
  title: "The Host header is not valid",
  detail:
    "Send one Host header that is a host name or address with an optional port, and matches the request's URL.",
  proxyStatus: "http_request_error",
};

const BAD_PATH: Refusal = {
  status: 400,
  code: "bad-path",
  title: "The path is not valid",
  detail:
    'Send a path without backslashes, without "." and ".." segments, and with no other spelling of /_mooring.',
  proxyStatus: "http_request_error",
};

const BAD_CODING: Refusal = {
  status: 501,
  code: "bad-coding",
  title: "This transfer coding is not taken",
  detail: "Send Content-Length, or Transfer-Encoding: chunked once and alone.",
  proxyStatus: "http_request_error",
};

const BAD_METHOD: Refusal = {
  status: 405,
  code: "bad-method",
  title: "This method is not forwarded",
  detail: "TRACE, CONNECT and malformed methods are not forwarded.",
  proxyStatus: "http_request_denied",
};
