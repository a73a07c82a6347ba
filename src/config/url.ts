import { Fault, shown } from "../affinity/option.ts";
import { isForbidden } from "./forbidden.ts";
import { parsePath } from "./path.ts";

/** Where a pod is reached, taken apart. */
export interface PodUrl {
  /** Scheme, authority and base path, with no slash at the end. */
  readonly url: string;
  /** `host[:port]` as fetch sends it: lower case, no default port. */
  readonly authority: string;
  /** `""` or `/base`. */
  readonly basePath: string;
}

const HINT = 'write "http://host:port" or "https://host", with a base path if there is one';

/** Reads the url of a pod: http(s), host, port and base path, and nothing else. */
export function parseUrl(text: string): PodUrl | Fault {
  if (text.length > 2048) return new Fault(`a url of ${text.length} characters`, "use at most 2048");
  if (!/^https?:\/\/[^/]/i.test(text)) {
    const scheme = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? "is not an http or https url" : "has no scheme";
    return new Fault(`${shown(text)} ${scheme}`, HINT);
  }
  // A URL parser drops or rewrites these silently.
  if (/[\s\\\p{Cc}\p{Cs}]/u.test(text)) {
    return new Fault(`${shown(text)} has a blank, backslash or control character`, HINT);
  }
  const [, authority = "", rest = ""] = /^https?:\/\/([^/?#]*)(.*)$/i.exec(text) ?? [];
  if (authority.includes("@")) {
    return new Fault("the url holds a user or password", "leave it out: fetch would not send it");
  }
  if (/[?#]/.test(rest)) {
    return new Fault(`${shown(text)} has a query or a fragment`, "leave it out: requests bring their own");
  }
  if (!URL.canParse(text)) return new Fault(`${shown(text)} is not a url`, HINT);
  const path = rest === "" ? "/" : parsePath(rest);
  if (path instanceof Fault) return path;
  const url = new URL(text);
  if (url.port === "0")
    return new Fault(`${shown(text)} has port 0`, "write the port that the pod listens on");
  if (isForbidden(url.hostname)) {
    return new Fault(
      `${shown(text)} is a link-local or metadata address`,
      "write an address that the pod itself listens on",
    );
  }
  const basePath = path === "/" ? "" : path;
  return { url: url.origin + basePath, authority: url.host, basePath };
}
