import { readUtilisation } from "../metrics/orca.ts";
import type { Meter } from "../metrics/share.ts";
import type { Decision } from "../model/decision.ts";
import type { Pod } from "../model/pod.ts";
import type { Announced } from "../model/snapshot.ts";
import { announce, append } from "./announce.ts";
import type { Fields, HeaderFields } from "./fields.ts";
import { keepPrivate } from "./shared-cache.ts";

const ORCA = "endpoint-load-metrics";
/** What is between the pod and this hop: alternative addresses of the pod and its load are not for strangers. */
const RESPONSE_DROPPED = ["proxy-authenticate", "proxy-connection", "alt-svc", ORCA] as const;
const LOCATIONS = ["location", "content-location"] as const;
/** Headers with urls among other things. */
const LINKS = ["link", "refresh"] as const;

/** What the pod must not see, gone; what it should know of the client, set. `cookie` null: none is left. */
export interface Inbound {
  readonly ip: string | undefined;
  readonly https: boolean;
  readonly authority: string;
  /** The Cookie header to send; undefined leaves it as it is. */
  readonly cookie: string | null | undefined;
  /** A header that is between the client and the edge, in lower case; undefined: none. */
  readonly token: string | undefined;
  /** What is told on request; undefined: nothing of it. */
  readonly announce: Announced | undefined;
  /** Version of HTTP that the client spoke. */
  readonly version: string;
  readonly loopMark: string;
  /** Whether it is a WebSocket handshake, the one upgrade that passes. */
  readonly handshake: boolean;
}

/**
 * The request's headers for the pod: the fields that may pass, which become it, and ours.
 *
 * @param from the client's headers, for bytes that no string would keep
 */
export function requestHeaders(fields: Fields, inbound: Inbound, from: Headers): HeaderFields | Headers {
  const headers = fields.passing;
  const { connection } = fields;
  if (fields.upgrade !== null && !inbound.handshake) delete headers.upgrade;
  if (connection !== null && connection !== "keep-alive" && connection !== "close") {
    // A client may name any header, so ours are set after this.
    for (const name of named(connection, isWebSocket(headers.upgrade))) delete headers[name];
  }
  if (inbound.cookie === null) delete headers.cookie;
  else if (inbound.cookie !== undefined) headers.cookie = inbound.cookie;
  if (inbound.token !== undefined) delete headers[inbound.token];
  if (inbound.ip !== undefined) headers["x-forwarded-for"] = inbound.ip;
  headers["x-forwarded-proto"] = inbound.https ? "https" : "http";
  headers["x-forwarded-host"] = inbound.authority;
  // A request that comes round has a mark of the round before: what came without any has not, and is spared the header.
  if (fields.loop !== null || fields.dropped !== undefined) append(headers, "cdn-loop", inbound.loopMark);
  if (inbound.announce !== undefined) announce(headers, inbound.announce, inbound);
  return fields.foreign ? withBytes(from, headers) : headers;
}

/** The same headers, with the bytes that came wherever the value is what came. */
function withBytes(from: Headers, fields: HeaderFields): Headers {
  const headers = new Headers(from);
  for (const name of [...from.keys()]) if (!Object.hasOwn(fields, name)) headers.delete(name);
  for (const [name, value] of Object.entries(fields)) {
    if (from.get(name) !== value) headers.set(name, value);
  }
  return headers;
}

/** What Connection names. @param websocket it may name Upgrade then */
function named(connection: string, websocket: boolean): string[] {
  return connection
    .split(",")
    .map((item) => item.trim().toLowerCase())
    .filter((name) => !(websocket && name === "upgrade") && /^[!#$%&'*+.^_`|~0-9a-z-]+$/.test(name));
}

/** Whether an Upgrade is that of a WebSocket handshake, the one upgrade that passes. */
export function isWebSocket(upgrade: string | null | undefined): boolean {
  return upgrade?.toLowerCase() === "websocket";
}

/** What the response must say or must not say towards the client. */
export interface Outbound {
  readonly pod: Pod;
  readonly https: boolean;
  /** The authority that the client used. */
  readonly authority: string;
  /** A Set-Cookie of ours, or a token for the header; undefined: neither. */
  readonly issued: string | undefined;
  /** The names of our cookie with `=`, which no pod may set; undefined when the scope has none. */
  readonly cookieKeys: readonly string[] | undefined;
  /** The header of our tokens, which no pod may set; undefined: they travel in a cookie, or there are none. */
  readonly tokenHeader: string | undefined;
  /** The text of Mooring-Decision, or undefined. */
  readonly decision: string | undefined;
  /** Takes what the pod says of its own load. */
  readonly meter: Meter;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** The headers for the client when something must change, else undefined: then the response passes as it is. */
export function responseHeaders(from: Headers, out: Outbound): Headers | undefined {
  let headers: Headers | undefined;
  const edit = () => {
    headers ??= new Headers(from);
    return headers;
  };
  const connection = from.get("connection");
  if (connection !== null && connection !== "keep-alive" && connection !== "close") {
    for (const name of named(connection, isWebSocket(from.get("upgrade")))) edit().delete(name);
  }
  for (const name of RESPONSE_DROPPED) {
    if (!from.has(name)) continue;
    if (name === ORCA) {
      const utilisation = readUtilisation(from.get(name)!);
      if (utilisation !== undefined) out.meter.reported(utilisation, out.now);
    }
    edit().delete(name);
  }
  for (const name of LOCATIONS) {
    if (!from.has(name)) continue;
    const value = from.get(name)!;
    const rewritten = rewriteLocation(value, out);
    if (rewritten !== value) edit().set(name, rewritten);
  }
  for (const name of LINKS) {
    if (!from.has(name)) continue;
    const value = from.get(name)!;
    const rewritten = rewriteLinks(value, out);
    if (rewritten !== value) edit().set(name, rewritten);
  }
  if (from.has("set-cookie")) rewriteCookies(from, out, edit);
  if (out.tokenHeader !== undefined && from.has(out.tokenHeader)) edit().delete(out.tokenHeader);
  if (out.issued !== undefined) {
    if (out.tokenHeader === undefined) edit().append("set-cookie", out.issued);
    else edit().set(out.tokenHeader, out.issued);
    keepPrivate(edit());
  }
  if (from.has("mooring-decision")) edit().delete("mooring-decision");
  if (out.decision !== undefined) edit().set("mooring-decision", out.decision);
  return headers;
}

/** A location at the pod's own authority becomes one at the client's; its base path is ours, not the client's. */
function rewriteLocation(value: string, { pod, https, authority }: Outbound): string {
  // Browsers read a backslash as a slash.
  const plain = value.includes("\\") ? value.replace(/\\/g, "/") : value;
  const match = /^\s*(?:(https?):)?\/\/([^/?#]*)(.*)$/is.exec(plain);
  if (match === null) return value.startsWith("/") ? withoutBase(value, pod.basePath) : value;
  if (!sameAuthority(match[2]!, pod)) return value;
  const rest = withoutBase(match[3]!.startsWith("/") ? match[3]! : `/${match[3]!}`, pod.basePath);
  return `${match[1] === undefined ? "" : https ? "https:" : "http:"}//${authority}${rest}`;
}

/**
 * Every url at the pod's own authority, wherever in the value it stands, and every absolute path where one may stand:
 * `<…>`, `anchor="…"`, `url=…`.
 */
function rewriteLinks(value: string, out: Outbound): string {
  return value.replace(
    /(?:https?:)?\/\/[^\s<>"';,]*|(?<=<\s*|\b(?:anchor|url)\s*=\s*["']?)\/[^\s<>"';,]*/gi,
    (url) => rewriteLocation(url, out),
  );
}

function sameAuthority(text: string, pod: Pod): boolean {
  const named = text.slice(text.lastIndexOf("@") + 1).toLowerCase();
  if (named === pod.authority) return true;
  const port = pod.url.startsWith("https:") ? ":443" : ":80";
  return named === pod.authority + port || named + port === pod.authority;
}

function withoutBase(path: string, base: string): string {
  if (base === "" || !path.startsWith(base)) return path;
  const rest = path.slice(base.length);
  if (rest === "") return "/";
  return rest.startsWith("/") ? rest : rest.startsWith("?") || rest.startsWith("#") ? `/${rest}` : path;
}

/** Drops a pod's cookie of our name and a Domain that names the pod, and takes the base path out of Path. */
function rewriteCookies(from: Headers, out: Outbound, edit: () => Headers): void {
  const before = from.getSetCookie();
  const host = out.pod.authority.replace(/:[0-9]+$/, "");
  const after: string[] = [];
  for (const cookie of before) {
    if (isOurs(cookie, out.cookieKeys)) continue;
    after.push(withClientPath(dropDomain(cookie, host), out.pod.basePath));
  }
  if (after.length === before.length && after.every((cookie, i) => cookie === before[i])) return;
  const headers = edit();
  headers.delete("set-cookie");
  for (const cookie of after) headers.append("set-cookie", cookie);
}

/** Also without a name: a browser sends what follows the `=` as if it were name and value (RFC 6265bis, section 5.7). */
function isOurs(cookie: string, keys: readonly string[] | undefined): boolean {
  if (keys === undefined) return false;
  const at = cookie.indexOf("=");
  const name = cookie.slice(0, Math.max(0, at)).trim();
  const pair = name === "" ? cookie.slice(at + 1).trim() : `${name}=`;
  return keys.some((key) => pair.startsWith(key));
}

function dropDomain(cookie: string, host: string): string {
  return cookie.replace(/;\s*domain\s*=\s*([^;]*)/gi, (attribute, domain: string) => {
    const named = domain
      .trim()
      .toLowerCase()
      .replace(/^\.|:[0-9]+$/g, "");
    return named === host ? "" : attribute;
  });
}

/** The client knows the pod's paths without its base, and would never send a cookie for one below it. */
function withClientPath(cookie: string, base: string): string {
  if (base === "") return cookie;
  return cookie.replace(/(;\s*path\s*=\s*)([^;]*)/gi, (_, attribute: string, path: string) => {
    return attribute + withoutBase(path.trim(), base);
  });
}

/** `kept; pool=web; pod=web-0; revision=7`, for configs that say `explain: true`. */
export function decisionText(decision: Decision): string {
  let text = `${decision.outcome}; pool=${decision.pool}`;
  if (decision.pod !== undefined) text += `; pod=${decision.pod.id}`;
  if (decision.from !== undefined) text += `; from=${decision.from}`;
  if (decision.cause !== undefined) text += `; cause=${decision.cause}`;
  if (decision.provisional) text += "; provisional=true";
  return `${text}; revision=${decision.revision}`;
}
