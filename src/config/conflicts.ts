import { bareDomain, isCookiePath, MATCHED } from "../affinity/cookie.ts";
import { Fault, shown } from "../affinity/option.ts";
import type { PathType } from "../model/snapshot.ts";
import { type Diagnostic, diagnostic } from "./diagnostic.ts";
import { overlap, parseHost, sharesHost } from "./host.ts";
import { cookiePathOf } from "./route.ts";
import { own, type Tree, tree } from "./tree.ts";

/** What tells cookies apart (RFC 6265, section 5.3). */
interface Cookie {
  readonly name: string;
  /** Those that it may be written with. */
  readonly paths: Set<string>;
  readonly domain: string | undefined;
}

/** What a scope writes on the hosts of its routes. */
interface Jar {
  readonly pool: string;
  /** Its own, if that has a configured name. */
  readonly cookie: Cookie | undefined;
  /** Those that its sessions are found by, and whose they are. */
  readonly keys: readonly (readonly [name: string, whose: string])[];
  readonly hosts: Set<string>;
}

/**
 * Two scopes that would write the same cookie: each would take the other's token for a stranger's and end its sessions.
 * Default names differ from scope to scope, so only configured ones can meet.
 */
export function cookieConflicts(pools: Tree, routes: readonly Tree[]): Diagnostic[] {
  const jars = [...collect(pools, routes).values()];
  const errors = unwritable(pools, routes);
  const whole = new Set(
    routes
      .filter(
        ({ path = "/", pathType: type = "prefix", match }) =>
          path === "/" && (type === "prefix" || type === "start") && match === undefined,
      )
      .map(({ host = "*" }) => String(host)),
  );
  jars.forEach((jar, i) => {
    const other = jar.cookie && jars.slice(0, i).find((earlier) => meet(earlier, jar));
    if (other !== undefined) {
      const message = `the cookie ${shown(jar.cookie!.name)} is the one of pool ${shown(other.pool)} too, on the same host`;
      const hint = "give each pool a cookie name of its own, or leave the names out";
      errors.push(diagnostic(["pools", jar.pool, "affinity"], new Fault(message, hint)));
    }
    for (const [name, whose] of jar.keys) {
      // The edge hides its cookies from all pods: these would never see again what they mint.
      const writer = jars.find(
        (one) => one !== jar && one.cookie?.name === name && reaches(one, jar.hosts, whole),
      );
      if (writer === undefined) continue;
      const message = `the cookie ${shown(name)} ${whose} is the edge's for pool ${shown(writer.pool)}, on the same host`;
      const hint = `give the cookie of pool ${shown(writer.pool)} another name`;
      errors.push(diagnostic(["pools", jar.pool, "affinity"], new Fault(message, hint)));
    }
  });
  return errors;
}

/** Routes whose paths a cookie cannot have though it should. */
function unwritable(pools: Tree, routes: readonly Tree[]): Diagnostic[] {
  return routes.flatMap((route, i) => {
    const path = pathOf(route);
    const primary = primaryOf(route, pools);
    if (path === undefined || isCookiePath(path) || primary === undefined) return [];
    if (cookieOf(chain(tree(own(pools, primary)))).path !== MATCHED) return [];
    const message = `the cookie of pool ${shown(primary)} cannot have the path ${shown(path)}`;
    const hint = 'use printable ASCII without blanks or ";", or give the cookie a path of its own';
    return [diagnostic(["routes", i, "path"], new Fault(message, hint))];
  });
}

/** The path that a cookie has by a route; undefined when the route's is no text. */
function pathOf({ path = "/", pathType, ignoreCase }: Tree): string | undefined {
  return typeof path === "string" ? cookiePathOf(path, pathType as PathType, ignoreCase === true) : undefined;
}

/** The pool whose scope a route is of, if there is one. */
function primaryOf({ pool, split }: Tree, pools: Tree): string | undefined {
  const primary = pool ?? Object.keys(tree(split))[0];
  return typeof primary === "string" && Object.hasOwn(pools, primary) ? primary : undefined;
}

function collect(pools: Tree, routes: readonly Tree[]): Map<string, Jar> {
  const jars = new Map<string, Jar>();
  for (const route of routes) {
    const { host = "*" } = route;
    const primary = primaryOf(route, pools);
    const place = typeof host === "string" ? parseHost(host) : undefined;
    if (primary === undefined || typeof place !== "string") continue;
    const sources = chain(tree(own(pools, primary)));
    const jar = jars.get(primary) ?? {
      pool: primary,
      cookie: named(sources),
      keys: keys(sources),
      hosts: new Set(),
    };
    jar.hosts.add(place);
    if (cookieOf(sources).path === MATCHED) jar.cookie?.paths.add(String(pathOf(route)));
    jars.set(primary, jar);
  }
  return jars;
}

function chain({ affinity }: Tree): Tree[] {
  return (Array.isArray(affinity) ? affinity : [affinity]).map(tree);
}

function keys(sources: readonly Tree[]): [name: string, whose: string][] {
  return sources.flatMap((source): [string, string][] => {
    const { learn, "cookie-key": key } = source;
    const [minted, name] = [tree(learn).cookie, typeof key === "string" ? key : tree(key).name];
    return [
      ...(typeof minted === "string" ? [[minted, "that its pods mint"] as [string, string]] : []),
      ...(typeof name === "string" ? [[name, "that is its key"] as [string, string]] : []),
    ];
  });
}

/** The cookie's options as they were written: another error in the chain must not hide this one. */
function cookieOf(sources: readonly Tree[]): Tree {
  return tree(sources.map(({ cookie }) => cookie).find((options) => options !== undefined));
}

function named(sources: readonly Tree[]): Cookie | undefined {
  const { name, path = "/", domain } = cookieOf(sources);
  if (typeof name !== "string" || typeof path !== "string") return undefined;
  const paths = new Set(path === MATCHED ? [] : [path]);
  return { name, paths, domain: typeof domain === "string" ? bareDomain(domain.toLowerCase()) : undefined };
}

function meet({ cookie: a, ...jar }: Jar, { cookie: b, hosts }: Jar): boolean {
  if (a === undefined || b === undefined || a.name !== b.name || a.domain !== b.domain) return false;
  // Of two paths one within the other both come, and each scope opens its own.
  if (![...a.paths].some((path) => b.paths.has(path))) return false;
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
