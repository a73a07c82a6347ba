import { bareDomain, type CookieOptions } from "../affinity/cookie.ts";
import { overlap, sharesHost } from "../config/host.ts";
import type { Route, Scope, Snapshot } from "../model/snapshot.ts";

/** How the default names begin, of scopes that are gone from the config too: none of them is a pod's. */
const OURS = ["mooring-", "__Host-mooring-", "__Secure-mooring-"] as const;

/**
 * How the cookies begin that the pods of a route must not see: those of all scopes that a browser may send to its host, but
 * its own scope's where that says `forward`. On a host where no scope writes it, a name is the application's.
 */
export function hiddenCookies({ scopes, routes }: Snapshot): (route: Route) => string[] {
  const whole = new Set(
    routes
      .filter(
        ({ path, pathType, match }) =>
          path === "/" && (pathType === "prefix" || pathType === "start") && match === undefined,
      )
      .map(({ host }) => host),
  );
  const named = scopes.flatMap((scope) => {
    const { name, domain } = cookieOf(scope) ?? {};
    if (name === undefined) return [];
    const hosts = new Set(routes.filter((route) => route.scope === scope).map(({ host }) => host));
    return [{ name, domain, hosts: [...hosts] }];
  });
  return ({ scope, host }) => {
    const own = cookieOf(scope);
    const shown = own?.forward === true;
    const names = new Set<string>();
    for (const { name, domain, hosts } of named) {
      if (shown && name === own.name) continue;
      // One with a domain goes to every host below it, whatever the routes say.
      const meets =
        domain === undefined
          ? hosts.some((other) => sharesHost(host, other, whole))
          : overlap(host, bareDomain(domain)) || overlap(host, `*.${bareDomain(domain)}`);
      if (meets) names.add(`${name}=`);
    }
    return [...(shown && own.name === undefined ? [] : OURS), ...names];
  };
}

function cookieOf({ affinity }: Scope): CookieOptions | undefined {
  return affinity.find(({ source }) => source === "cookie")?.options as CookieOptions | undefined;
}
