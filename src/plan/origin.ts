import { type Binding, parseVia } from "../model/binding.ts";
import type { SourceRuntime } from "../route/source.ts";
import type { ScopeRuntime, View } from "../route/view.ts";
import { Takers } from "./taken.ts";

/** One thing that a session may be, as the store does not say it all, and what the new config makes of it. */
export interface Origin {
  /** Its scope in the config in force; undefined: that has none for it. */
  readonly before: ScopeRuntime | undefined;
  /** Its scope in the new config, if its client still gets there with what carries it. */
  readonly after: ScopeRuntime | undefined;
  readonly carrier: "token" | "key";
}

/**
 * What sessions may be by the scope and host that their bindings name, or by the pool that they are in where an older
 * version wrote one that does not. What carries it no binding says. Alternatives that come to the same are one.
 */
export class Origins {
  readonly #before: View;
  readonly #after: View;
  readonly #takers: Takers;
  readonly #known = new Map<string, readonly Origin[]>();

  constructor(before: View, after: View) {
    this.#before = before;
    this.#after = after;
    this.#takers = new Takers(before, after);
  }

  /** Empty: neither config has a place for it, so an earlier one had. */
  of(pool: string, { created, exp, via }: Pick<Binding, "created" | "exp" | "via">): readonly Origin[] {
    const key = via || `pool ${pool}`;
    let all = this.#known.get(key);
    if (all === undefined) {
      const { scope: id, host } = parseVia(via);
      all = id === undefined ? this.#inPool(pool) : this.#ofScope(({ scope }) => scope.id === id, host);
      this.#known.set(key, all);
    }
    if (all.length < 2) return all;
    // The whole life of a token's session is `absolute`, from birth to expiry; seconds are rounded on the way.
    const isHeld = ({ before, carrier }: Origin) =>
      carrier === "token" &&
      before?.carrier !== undefined &&
      Math.abs(exp - created - before.carrier.absolute * 1000) <= 2000;
    const own = all.filter((origin) => isHeld(origin) || origin.carrier === "key");
    const held = own.filter(isHeld);
    return held.length > 0 ? held : own.length > 0 ? own : all;
  }

  #inPool(pool: string): Origin[] {
    // The first is what is said of it where nothing tells: most of a pool's sessions are of the scope that it leads.
    const own = ({ scope }: ScopeRuntime) => Number(scope.id !== pool);
    const names = ({ pools }: ScopeRuntime) => pools.some((other) => other.pool.name === pool);
    return this.#ofScope(names).sort((a, b) => own(a.before ?? a.after!) - own(b.before ?? b.after!));
  }

  /** @param host of the route, as the config in force had it */
  #ofScope(named: (scope: ScopeRuntime) => boolean, host?: string): Origin[] {
    const origins = new Map<string, Origin>();
    const add = (origin: Origin) => {
      const key = `${origin.before?.scope.id}\n${origin.after?.scope.id}\n${origin.carrier}`;
      origins.set(key, origin);
    };
    for (const scope of this.#before.scopes.filter(named)) {
      // A client shows a cookie without a domain to the host alone that has set it, and its key or header to any.
      const { carrier: own } = scope;
      const anywhere = own !== undefined && (own.header !== undefined || own.options.domain !== undefined);
      const hosts = anywhere ? undefined : host;
      const near = this.#reached(scope, hosts);
      for (const after of this.#reached(scope)) {
        for (const [carrier, carried] of carriers(scope, after)) {
          if (carrier === "token" && !near.includes(after)) continue;
          add({ before: scope, after: carried ? after : undefined, carrier });
        }
      }
    }
    if (origins.size > 0) return [...origins.values()];
    // A scope that comes back finds the sessions that it left.
    for (const scope of this.#after.scopes.filter(named)) {
      if (scope.carrier !== undefined) add({ before: undefined, after: scope, carrier: "token" });
      if (sources(scope).length > 0) add({ before: undefined, after: scope, carrier: "key" });
    }
    return [...origins.values()];
  }

  /** Where those who come by the scope's routes, or those of one host, get to: the scope, nowhere (undefined), or either. */
  #reached(scope: ScopeRuntime, only?: string): (ScopeRuntime | undefined)[] {
    const same = this.#after.scopes.find((other) => other.scope.id === scope.scope.id);
    if (same === undefined) return [undefined];
    const after = this.#after.snapshot.routes;
    const found = new Set<ScopeRuntime | undefined>();
    const routes = this.#before.snapshot.routes.filter((route) => route.scope.id === scope.scope.id);
    // Whoever came by a route that is gone comes by another one now.
    const own = routes.filter(({ host }) => host === only);
    for (const route of own.length > 0 ? own : routes) {
      const takers = this.#takers.of(route);
      if (takers.some((taker) => taker?.scope === same)) found.add(same);
      if (takers.some((taker) => taker?.scope !== same)) found.add(undefined);
      // Those of a host that the new config names, where the old one took any.
      const nearer = (host: string) => this.#takers.of(route, host).some((taker) => taker?.scope === same);
      if (!found.has(same) && after.some(({ host }) => within(host, route.host) && nearer(host)))
        found.add(same);
      if (found.size === 2) break;
    }
    return [...found];
  }
}

function within(host: string, outer: string): boolean {
  return host !== outer && (outer === "*" || (outer.startsWith("*.") && host.endsWith(outer.slice(1))));
}

export function sources({ ahead, behind }: ScopeRuntime): SourceRuntime[] {
  return [...ahead, ...behind];
}

/** What may carry a session of the scope, and whether the new scope still reads it; both, where only its client knows. */
function carriers(before: ScopeRuntime, after: ScopeRuntime | undefined): [Origin["carrier"], boolean][] {
  const found: [Origin["carrier"], boolean][] = [];
  const labels = (scope: ScopeRuntime | undefined) =>
    new Set(scope === undefined ? [] : sources(scope).map(({ label }) => label));
  const [old, now] = [labels(before), labels(after)];
  const { carrier, cookie } = before;
  // The scheme tells which of the two names a client has.
  const read =
    carrier?.header === undefined
      ? (["secureName", "plainName"] as const).map(
          (name) => cookie !== undefined && after?.cookie?.[name] === cookie[name],
        )
      : [carrier.header === after?.carrier?.header];
  // A new source that goes before takes the clients that have its key; nobody knows which those are.
  const taken = after?.ahead.some(({ label }) => !old.has(label)) === true;
  const add = (carrier: Origin["carrier"], carried: boolean) => {
    found.push([carrier, carried]);
    if (carried && taken) found.push([carrier, false]);
  };
  const behind = before.behind.some(({ label }) => now.has(label));
  for (const carried of carrier === undefined ? [] : read) {
    add("token", carried);
    // A session that was found by a key and then by its token looks like any of the token.
    if (!carried && behind) add("token", true);
  }
  for (const { label, behindToken } of sources(before)) {
    // A key behind the token has been given one.
    for (const carried of read) add("key", now.has(label) || (behindToken && carried));
  }
  return found;
}
