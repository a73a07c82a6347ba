import { normalizePath } from "./target.ts";

/** The part of a route that matching needs. */
export interface Matchable {
  readonly host: string;
  readonly path: string;
}

/** The routes of one host. */
interface Paths<R> {
  readonly byPath: Map<string, R>;
  readonly root: R | undefined;
  /** Length of the longest path, so that long request paths are cut once. */
  readonly longest: number;
}

/** Finds the route of a request: the most specific host that has a matching path, and there the longest path. */
export class Matcher<R extends Matchable> {
  readonly #exact = new Map<string, Paths<R>>();
  /** Suffixes with their dot, `.example.com`, for `*.example.com`. */
  readonly #wildcard = new Map<string, Paths<R>>();
  readonly #any: Paths<R> | undefined;

  constructor(routes: readonly R[]) {
    const hosts = new Map<string, R[]>();
    for (const route of routes) {
      const list = hosts.get(route.host);
      if (list === undefined) hosts.set(route.host, [route]);
      else list.push(route);
    }
    for (const [host, list] of hosts) {
      if (host.startsWith("*.")) this.#wildcard.set(host.slice(1), paths(list));
      else if (host !== "*") this.#exact.set(host, paths(list));
    }
    const any = hosts.get("*");
    this.#any = any === undefined ? undefined : paths(any);
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

function paths<R extends Matchable>(routes: readonly R[]): Paths<R> {
  const byPath = new Map(routes.map((route) => [route.path, route]));
  const longest = routes.reduce((most, route) => Math.max(most, route.path.length), 0);
  return { byPath, root: byPath.get("/"), longest };
}

function byPath<R>(paths: Paths<R> | undefined, raw: string): R | undefined {
  if (paths === undefined) return undefined;
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
