import type { Place, PlacePool } from "./place.ts";

interface Cookie {
  readonly name: string;
  readonly path: string;
  readonly domain?: string;
  readonly ingressNginx?: object;
}

/**
 * Several Services behind one cookie, of one name, path and host. ingress-nginx reads its key for each of them; a token is of
 * one pool alone. So each gets a cookie of its own, named after its pool, and begins from the live one, which stays as it is.
 */
export function separate(places: Iterable<Place>): void {
  const groups = new Map<string, Map<PlacePool, Place>>();
  for (const place of places) {
    const cookie = cookieOf(place.pool);
    if (cookie === undefined) continue;
    const path = cookie.path === "matched" ? place.path : cookie.path;
    const key = `${cookie.name} ${cookie.domain ?? place.host} ${path}`;
    const group = groups.get(key) ?? new Map<PlacePool, Place>();
    if (!group.has(place.pool!)) group.set(place.pool!, place);
    groups.set(key, group);
  }
  const renamed = new Set<PlacePool>();
  for (const group of [...groups.values()].filter(({ size }) => size > 1)) {
    for (const [pool, place] of group) {
      const { name, ...cookie } = cookieOf(pool)!;
      if (renamed.has(pool)) continue;
      renamed.add(pool);
      const own = `${name.slice(0, 64)}-${pool.name}`;
      pool.native.affinity = [
        { cookie: { name: own, ...cookie, ingressNginx: { ...cookie.ingressNginx, name } } },
      ];
      const message = `the cookie ${name} is that of several Services here: this one's is ${own}, and begins from the live one`;
      place.field.at("backend").tell("changed", message);
    }
  }
}

function cookieOf(pool: PlacePool | undefined): Cookie | undefined {
  const affinity = pool?.native.affinity;
  const [link] = Array.isArray(affinity) ? affinity : [];
  const cookie = (link as { readonly cookie?: Cookie } | undefined)?.cookie;
  return cookie?.ingressNginx === undefined ? undefined : cookie;
}
