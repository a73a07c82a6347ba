import { compilePath } from "../config/route.ts";
import type { Pattern } from "../model/pattern/pattern.ts";
import type { PathType } from "../model/snapshot.ts";
import { normalizePath } from "./target.ts";

/** The part of a route that matching needs. */
export interface Matchable {
  readonly host: string;
  readonly path: string;
  /** A prefix unless it says otherwise. */
  readonly pathType?: PathType;
  /** 0 unless it says otherwise. */
  readonly rank?: number;
}

/** The routes of one host and rank. */
interface Paths<R> {
  readonly byPath: Map<string, R>;
  readonly root: R | undefined;
  /** Length of the longest path, so that long request paths are cut once. */
  readonly longest: number;
  /** What is no prefix; undefined where there is none, which is the way of most. */
  readonly special: Special<R> | undefined;
  /** Those of the next lower rank of the host. */
  readonly lower: Paths<R> | undefined;
}

interface Special<R> {
  readonly exact: Map<string, R>;
  /** The longest text first. */
  readonly patterns: readonly (readonly [Pattern, R])[];
  /** By characters; the longest path first. */
  readonly starts: readonly R[];
}

/**
 * Finds the route of a request: the most specific host that has a matching path, there the highest rank that has one, and of
 * that the very path, else the longest
 * pattern, else the longest prefix, by segments or by characters: of the same length the one by segments, which is narrower.
 */
export class Matcher<R extends Matchable> {
  readonly #exact = new Map<string, Paths<R> | undefined>();
  /** Suffixes with their dot, `.example.com`, for `*.example.com`. */
  readonly #wildcard = new Map<string, Paths<R> | undefined>();
  readonly #any: Paths<R> | undefined;

  constructor(routes: readonly R[]) {
    const hosts = new Map<string, R[]>();
    for (const route of routes) {
      const list = hosts.get(route.host);
      if (list === undefined) hosts.set(route.host, [route]);
      else list.push(route);
    }
    for (const [host, list] of hosts) {
      if (host.startsWith("*.")) this.#wildcard.set(host.slice(1), ranked(list));
      else if (host !== "*") this.#exact.set(host, ranked(list));
    }
    const any = hosts.get("*");
    this.#any = any === undefined ? undefined : ranked(any);
  }

  /** @param host lower case, without a port; @param path raw, beginning with `/` */
  match(host: string, path: string): R | undefined {
    const name = this.#exact.size + this.#wildcard.size > 0 && host.endsWith(".") ? host.slice(0, -1) : host;
    if (this.#exact.size > 0) {
      const hit = byPath(this.#exact.get(name), path);
      if (hit !== undefined) return hit;
    }
    if (this.#wildcard.size > 0) {
      for (let dot = name.indexOf("."); dot > 0; dot = name.indexOf(".", dot + 1)) {
        const hit = byPath(this.#wildcard.get(name.slice(dot)), path);
        if (hit !== undefined) return hit;
      }
    }
    return byPath(this.#any, path);
  }
}

/** The paths of the highest rank, which lead to those below. */
function ranked<R extends Matchable>(routes: readonly R[]): Paths<R> | undefined {
  const ranks = new Map<number, R[]>();
  for (const route of routes) {
    const { rank = 0 } = route;
    const list = ranks.get(rank);
    if (list === undefined) ranks.set(rank, [route]);
    else list.push(route);
  }
  const upwards = [...ranks].sort(([a], [b]) => a - b);
  return upwards.reduce<Paths<R> | undefined>((lower, [, list]) => paths(list, lower), undefined);
}

function paths<R extends Matchable>(routes: readonly R[], lower: Paths<R> | undefined): Paths<R> {
  const of = (type: PathType) => routes.filter(({ pathType = "prefix" }) => pathType === type);
  const prefixes = of("prefix");
  const byPath = new Map(prefixes.map((route) => [route.path, route]));
  const longest = prefixes.reduce((most, route) => Math.max(most, route.path.length), 0);
  const exact = new Map(of("exact").map((route) => [route.path, route]));
  const longestFirst = (a: R, b: R) => b.path.length - a.path.length;
  const patterns = routes.filter(isPattern).sort(longestFirst).map(compiled);
  const starts = of("start").sort(longestFirst);
  const special = exact.size + patterns.length + starts.length > 0 ? { exact, patterns, starts } : undefined;
  return { byPath, root: byPath.get("/"), longest, special, lower };
}

function isPattern({ pathType }: Matchable): boolean {
  return pathType === "regex" || pathType === "pattern";
}

function compiled<R extends Matchable>(route: R): readonly [Pattern, R] {
  return [compilePath(route.path, route.pathType as "regex" | "pattern") as Pattern, route];
}

function byPath<R extends Matchable>(highest: Paths<R> | undefined, raw: string): R | undefined {
  for (let paths = highest; paths !== undefined; paths = paths.lower) {
    const hit = ofRank(paths, raw);
    if (hit !== undefined) return hit;
  }
  return undefined;
}

function ofRank<R extends Matchable>(paths: Paths<R>, raw: string): R | undefined {
  if (paths.special === undefined) return byPrefix(paths, raw);
  const path = normalizePath(raw);
  const { exact, patterns, starts } = paths.special;
  const hit = exact.get(path) ?? patterns.find(([pattern]) => pattern.test(path))?.[1];
  if (hit !== undefined) return hit;
  const start = starts.find((route) => path.startsWith(route.path));
  const prefix = byPrefix(paths, path);
  return start === undefined || (prefix && prefix.path.length >= start.path.length) ? prefix : start;
}

function byPrefix<R>(paths: Paths<R>, raw: string): R | undefined {
  if (paths.longest === 1) return paths.root;
  let path = normalizePath(raw);
  if (path.length > paths.longest) {
    // Cut to whole segments: `/a/bcd` may match `/a`, never `/a/b`.
    const cut =
      path.charCodeAt(paths.longest) === 47 ? paths.longest : path.lastIndexOf("/", paths.longest - 1);
    path = path.slice(0, cut);
  }
  for (;;) {
    if (path === "" || path === "/") return paths.root;
    const hit = paths.byPath.get(path);
    if (hit !== undefined) return hit;
    path = path.slice(0, path.lastIndexOf("/"));
  }
}
