import type { CookieOptions } from "../affinity/cookie.ts";
import { overlap } from "../config/host.ts";
import type { Route, Scope, Snapshot } from "../model/snapshot.ts";

/** How the default names begin, of scopes that are gone from the config too: none of them is a pod's. */
const OURS = ["mooring-", "__Host-mooring-", "__Secure-mooring-"] as const;

/**
 * How the cookies begin that the pods of a route must not see: those of all scopes that a browser may send to its host, but
 * its own scope's where that says `forward`. On a host where no scope writes it, a name is the application's.
 */
export function hiddenCookies({ scopes, routes }: Snapshot): (route: Route) => string[] {
  const named = scopes.flatMap((scope) => {
    const { name, domain } = cookieOf(scope) ?? {};
    if (name === undefined) return [];
    const own = routes.filter((route) => route.scope === scope).map(({ host }) => host);
    // One with a domain goes to every host below it, whatever the routes say.
    return [{ name, hosts: domain === undefined ? [...new Set(own)] : [domain, `*.${domain}`] }];
  });
  return ({ scope, host }) => {
    const own = cookieOf(scope);
    const shown = own?.forward === true;
    const names = named
      .filter(
        ({ name, hosts }) => !(shown && name === own.name) && hosts.some((other) => overlap(other, host)),
      )
      .map(({ name }) => `${name}=`);
    return [...(shown && own.name === undefined ? [] : OURS), ...new Set(names)];
  };
}

function cookieOf({ affinity }: Scope): CookieOptions | undefined {
  return affinity.find(({ source }) => source === "cookie")?.options as CookieOptions | undefined;
}
