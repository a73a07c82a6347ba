import type { Condition, Match, Route } from "../model/snapshot.ts";
import type { RouteRuntime, View } from "../route/view.ts";
import { hostFor, keyOf, keyOfFound, pathFor } from "./place.ts";

/** The routes of one config at one host and path, in the order in which they are tried; the last may take any request. */
type Chain = readonly RouteRuntime[];

const ANY: Match = { methods: [], headers: [], query: [] };

/**
 * Finds the routes of a new config that may take what a route of the config in force had. No binding says what its client's
 * requests have besides a host, so where both routes go by that there may be several.
 */
export class Takers {
  readonly #before: View;
  readonly #after: View;
  readonly #chains = new Map<string, readonly [before: Chain, after: Chain]>();
  readonly #keys = new Map<RouteRuntime, string>();

  constructor(before: View, after: View) {
    this.#before = before;
    this.#after = after;
  }

  /**
   * @param host another host whose requests the route had, too
   * @returns undefined among them: some requests may find no route
   */
  of(route: Route, host: string = route.host): readonly (RouteRuntime | undefined)[] {
    const { match = ANY } = route;
    const named = match.headers.find(({ name, not }) => name === "host" && !not);
    const [before, after] = this.#chainsAt(hostFor(host, named), pathFor(route));
    const own = keyOf(route);
    // What those had that were tried first was never this one's.
    const ahead = new Set<string>();
    for (const other of before) {
      if (this.#keyOf(other) === own) break;
      ahead.add(this.#keyOf(other));
    }
    const takers: RouteRuntime[] = [];
    for (const other of after) {
      const asked = other.conditions?.match ?? ANY;
      if (ahead.has(this.#keyOf(other)) || excludes(match, asked)) continue;
      takers.push(other);
      if (implies(match, asked)) return takers;
    }
    return [...takers, undefined];
  }

  #chainsAt(host: string, path: string): readonly [before: Chain, after: Chain] {
    const key = `${host}\n${path}`;
    let chains = this.#chains.get(key);
    if (chains === undefined) {
      chains = [chainAt(this.#before, host, path), chainAt(this.#after, host, path)];
      this.#chains.set(key, chains);
    }
    return chains;
  }

  #keyOf(route: RouteRuntime): string {
    let key = this.#keys.get(route);
    if (key === undefined) {
      key = keyOfFound(route);
      this.#keys.set(route, key);
    }
    return key;
  }
}

function chainAt(view: View, host: string, path: string): Chain {
  const asking: RouteRuntime[] = [];
  const last = view.match(host, path, undefined, asking);
  return last === undefined ? asking : [...asking, last];
}

/** Whether all that fits one fits the other, as far as that can be seen. */
function implies(one: Match, other: Match): boolean {
  const { methods } = other;
  const fits =
    methods.length === 0 ||
    (one.methods.length > 0 && one.methods.every((method) => methods.includes(method)));
  const has = (some: readonly Condition[], all: readonly Condition[]) =>
    all.every((asked) => some.some((own) => same(own, asked)));
  return fits && has(one.headers, other.headers) && has(one.query, other.query);
}

/** Whether nothing that fits one fits the other, as far as that can be seen. */
function excludes(one: Match, other: Match): boolean {
  const apart =
    one.methods.length > 0 &&
    other.methods.length > 0 &&
    !one.methods.some((method) => other.methods.includes(method));
  const differ = (some: readonly Condition[], others: readonly Condition[]) =>
    some.some((own) => others.some((asked) => own.name === asked.name && contradict(own, asked)));
  return apart || differ(one.headers, other.headers) || differ(one.query, other.query);
}

function same(a: Condition, b: Condition): boolean {
  return (
    a.name === b.name &&
    a.not === b.not &&
    a.value === b.value &&
    a.prefix === b.prefix &&
    a.pattern === b.pattern
  );
}

/** Two values of one thing, or the same turned. */
function contradict(a: Condition, b: Condition): boolean {
  if (a.not !== b.not) return same({ ...a, not: b.not }, b);
  return !a.not && a.value !== undefined && b.value !== undefined && a.value !== b.value;
}
