import { Fault, shown } from "../affinity/option.ts";

const HINT = 'write a host name "shop.example.com", "*.example.com", or "*" for any';
const NAME =
  /^(?=.{1,253}$)[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?(?:\.[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?)*$/;

/** The host of a route as requests carry it: `*`, `*.name` or a name, lower case, IDNA as ASCII, without port or last dot. */
export function parseHost(text: string): string | Fault {
  if (text === "*") return text;
  const wildcard = text.startsWith("*.");
  const name = (wildcard ? text.slice(2) : text).replace(/\.$/, "");
  const literal = /^\[[0-9A-Fa-f:.]+\]$/.test(name);
  if (!literal && /:/.test(name)) {
    const hint = name.split(":").length > 2 ? "put an IPv6 address in brackets" : "leave out port and scheme";
    return new Fault(`${shown(text)} is not a host`, hint);
  }
  if (name === "" || /[\s/?#@\\%*,]/.test(name) || !URL.canParse(`http://${name}`)) {
    return new Fault(`${shown(text)} is not a host`, HINT);
  }
  const host = new URL(`http://${name}`).hostname;
  if (literal) return wildcard ? new Fault(`${shown(text)} is not a host`, HINT) : host;
  if (!NAME.test(host)) return new Fault(`${shown(text)} is not a host`, HINT);
  return wildcard ? `*.${host}` : host;
}

/** Whether some request could be for both hosts of routes. */
export function overlap(a: string, b: string): boolean {
  if (a === b || a === "*" || b === "*") return true;
  // "*.example.com" holds one or more labels before its suffix, dot included.
  const under = (host: string, wildcard: string) =>
    wildcard.startsWith("*.") && host.endsWith(wildcard.slice(1));
  return under(a, b) || under(b, a);
}

/** Whether all requests for a host are for another one, too, that is less specific. */
function isWithin(host: string, wider: string): boolean {
  return host !== wider && (wider === "*" || (wider.startsWith("*.") && host.endsWith(wider.slice(1))));
}

/**
 * Whether one host can have requests for routes of both hosts.
 *
 * @param whole hosts with a route for every path: nothing falls through from them to a less specific host
 */
export function sharesHost(a: string, b: string, whole: ReadonlySet<string>): boolean {
  const shadows = (host: string, wider: string) => whole.has(host) && isWithin(host, wider);
  return overlap(a, b) && !shadows(a, b) && !shadows(b, a);
}
