import { Fault, shown } from "../affinity/option.ts";
import { type Diagnostic, diagnostic } from "./diagnostic.ts";
import { overlap, parseHost, sharesHost } from "./host.ts";
import { own, type Tree, tree } from "./tree.ts";

/** What tells cookies apart (RFC 6265, section 5.3). */
interface Cookie {
  readonly name: string;
  readonly path: string;
  readonly domain: string | undefined;
}

/** What a scope writes on the hosts of its routes. */
interface Jar {
  readonly pool: string;
  /** Its own, if that has a configured name. */
  readonly cookie: Cookie | undefined;
  /** The names of those that its pods mint. */
  readonly minted: readonly string[];
  readonly hosts: Set<string>;
}

/**
 * Two scopes that would write the same cookie: each would take the other's token for a stranger's and end its sessions.
 * Default names differ from scope to scope, so only configured ones can meet.
 */
export function cookieConflicts(pools: Tree, routes: readonly Tree[]): Diagnostic[] {
  const jars = [...collect(pools, routes).values()];
  const errors: Diagnostic[] = [];
  const whole = new Set(
    routes.filter(({ path = "/" }) => path === "/").map(({ host = "*" }) => String(host)),
  );
  jars.forEach((jar, i) => {
    const other = jar.cookie && jars.slice(0, i).find((earlier) => meet(earlier, jar));
    if (other !== undefined) {
      const message = `the cookie ${shown(jar.cookie!.name)} is the one of pool ${shown(other.pool)} too, on the same host`;
      const hint = "give each pool a cookie name of its own, or leave the names out";
      errors.push(diagnostic(["pools", jar.pool, "affinity"], new Fault(message, hint)));
    }
    for (const name of jar.minted) {
      // The edge hides its cookies from all pods: these would never see again what they mint.
      const writer = jars.find(
        (one) => one !== jar && one.cookie?.name === name && reaches(one, jar.hosts, whole),
      );
      if (writer === undefined) continue;
      const message = `the cookie ${shown(name)} that its pods mint is the edge's for pool ${shown(writer.pool)}, on the same host`;
      const hint = `give the cookie of pool ${shown(writer.pool)} another name`;
      errors.push(diagnostic(["pools", jar.pool, "affinity"], new Fault(message, hint)));
    }
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
    const sources = chain(tree(own(pools, primary)));
    jars.set(primary, {
      pool: primary,
      cookie: named(sources),
      minted: minted(sources),
      hosts: new Set([place]),
    });
  }
  return jars;
}

function chain({ affinity }: Tree): Tree[] {
  return (Array.isArray(affinity) ? affinity : [affinity]).map(tree);
}

function minted(sources: readonly Tree[]): string[] {
  const names = sources.map(({ learn }) => tree(learn).cookie);
  return names.filter((name) => typeof name === "string");
}

/** The cookie as it was written: another error in the chain must not hide this one. */
function named(sources: readonly Tree[]): Cookie | undefined {
  const written = sources.map(({ cookie }) => cookie);
  const { name, path = "/", domain } = tree(written.find((options) => options !== undefined));
  if (typeof name !== "string" || typeof path !== "string") return undefined;
  return { name, path, domain: typeof domain === "string" ? domain.toLowerCase() : undefined };
}

function meet({ cookie: a, ...jar }: Jar, { cookie: b, hosts }: Jar): boolean {
  if (a === undefined || b === undefined || a.name !== b.name || a.domain !== b.domain) return false;
  if (!within(a.path, b.path) && !within(b.path, a.path)) return false;
  // A cookie with a domain goes to every host below it, whatever the routes say.
  return a.domain !== undefined || meetAt(jar.hosts, hosts);
}

/** Whether a browser may send a scope's cookie to one of these hosts. */
function reaches({ cookie, hosts }: Jar, others: ReadonlySet<string>, whole: ReadonlySet<string>): boolean {
  const domain = cookie?.domain;
  if (domain !== undefined) return meetAt(new Set([domain, `*.${domain}`]), others);
  return [...others].some((at) => [...hosts].some((host) => sharesHost(at, host, whole)));
}

function meetAt(some: ReadonlySet<string>, others: ReadonlySet<string>): boolean {
  return [...some].some((host) => [...others].some((other) => overlap(host, other)));
}

/** path-match of RFC 6265, section 5.1.4. */
function within(path: string, prefix: string): boolean {
  return path === prefix || path.startsWith(prefix.endsWith("/") ? prefix : `${prefix}/`);
}
