import { Fault, shown } from "../affinity/option.ts";
import { type Diagnostic, diagnostic } from "./diagnostic.ts";
import { overlap, parseHost } from "./host.ts";
import { own, type Tree, tree } from "./tree.ts";

/** What tells cookies apart (RFC 6265, section 5.3). */
interface Cookie {
  readonly name: string;
  readonly path: string;
  readonly domain: string | undefined;
}

/** A scope whose cookie has a configured name, and the hosts of its routes. */
interface Jar {
  readonly pool: string;
  readonly cookie: Cookie;
  readonly hosts: Set<string>;
}

/**
 * Two scopes that would write the same cookie: each would take the other's token for a stranger's and end its sessions.
 * Default names differ from scope to scope, so only configured ones can meet.
 */
export function cookieConflicts(pools: Tree, routes: readonly Tree[]): Diagnostic[] {
  const jars = [...collect(pools, routes).values()];
  const errors: Diagnostic[] = [];
  jars.forEach((jar, i) => {
    const other = jars.slice(0, i).find((earlier) => meet(earlier, jar));
    if (other === undefined) return;
    const message = `the cookie ${shown(jar.cookie.name)} is the one of pool ${shown(other.pool)} too, on the same host`;
    const hint = "give each pool a cookie name of its own, or leave the names out";
    errors.push(diagnostic(["pools", jar.pool, "affinity"], new Fault(message, hint)));
  });
  return errors;
}

function collect(pools: Tree, routes: readonly Tree[]): Map<string, Jar> {
  const jars = new Map<string, Jar>();
  for (const { host = "*", pool, split } of routes) {
    const primary = pool ?? Object.keys(tree(split))[0];
    const place = typeof host === "string" ? parseHost(host) : undefined;
    if (typeof primary !== "string" || typeof place !== "string" || !Object.hasOwn(pools, primary)) continue;
    const known = jars.get(primary);
    if (known !== undefined) {
      known.hosts.add(place);
      continue;
    }
    const cookie = named(tree(own(pools, primary)));
    if (cookie !== undefined) jars.set(primary, { pool: primary, cookie, hosts: new Set([place]) });
  }
  return jars;
}

/** The cookie as it was written: another error in the chain must not hide this one. */
function named(pool: Tree): Cookie | undefined {
  const { affinity } = pool;
  const written = (Array.isArray(affinity) ? affinity : [affinity]).map((source) => tree(source).cookie);
  const { name, path = "/", domain } = tree(written.find((options) => options !== undefined));
  if (typeof name !== "string" || typeof path !== "string") return undefined;
  return { name, path, domain: typeof domain === "string" ? domain.toLowerCase() : undefined };
}

function meet(a: Jar, b: Jar): boolean {
  if (a.cookie.name !== b.cookie.name || a.cookie.domain !== b.cookie.domain) return false;
  if (!within(a.cookie.path, b.cookie.path) && !within(b.cookie.path, a.cookie.path)) return false;
  // A cookie with a domain goes to every host below it, whatever the routes say.
  if (a.cookie.domain !== undefined) return true;
  return [...a.hosts].some((host) => [...b.hosts].some((other) => overlap(host, other)));
}

/** path-match of RFC 6265, section 5.1.4. */
function within(path: string, prefix: string): boolean {
  return path === prefix || path.startsWith(prefix.endsWith("/") ? prefix : `${prefix}/`);
}
