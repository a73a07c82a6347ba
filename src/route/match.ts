import { type Asking, Subject } from "./condition.ts";
import { find, type Matchable, type Paths, pathsOf, type Search } from "./paths.ts";

/**
 * Finds the route of a request: the most specific host that has one, there the highest rank that has one, and of
 * that the very path, else the longest pattern, else the longest prefix, by segments or by characters: of the same length the
 * one by segments, which is narrower, and then the one with case. Of one path the route with the most conditions goes first,
 * then the one that stands first. A route whose conditions do not fit is as good as none.
 */
export class Matcher<R extends Matchable> {
  readonly #exact = new Map<string, Paths<R> | undefined>();
  /** Suffixes with their dot, `.example.com`, for `*.example.com`. */
  readonly #wildcard = new Map<string, Paths<R> | undefined>();
  readonly #any: Paths<R> | undefined;
  /** Whether any route asks for more than a path. */
  readonly #asks: boolean;

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
    this.#asks = routes.some(({ conditions }) => conditions !== undefined);
  }

  /**
   * @param host lower case, without a port
   * @param path raw, beginning with `/`
   * @param request undefined: no conditions fit
   * @param passed takes the routes whose path matched and whose conditions did not fit, in the order in which they were tried
   */
  match(host: string, path: string, request?: Asking, passed?: R[]): R | undefined {
    const search = this.#asks ? searchOf(host, request, passed) : undefined;
    const name = this.#exact.size + this.#wildcard.size > 0 && host.endsWith(".") ? host.slice(0, -1) : host;
    if (this.#exact.size > 0) {
      const hit = find(this.#exact.get(name), path, search);
      if (hit !== undefined) return hit;
    }
    if (this.#wildcard.size > 0) {
      for (let dot = name.indexOf("."); dot > 0; dot = name.indexOf(".", dot + 1)) {
        const hit = find(this.#wildcard.get(name.slice(dot)), path, search);
        if (hit !== undefined) return hit;
      }
    }
    return find(this.#any, path, search);
  }
}

function searchOf<R>(host: string, request: Asking | undefined, passed: R[] | undefined): Search<R> {
  return { subject: request && new Subject(host, request), passed };
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
  return upwards.reduce<Paths<R> | undefined>((lower, [, list]) => pathsOf(list, lower), undefined);
}
