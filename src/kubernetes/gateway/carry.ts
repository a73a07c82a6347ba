import { Fault } from "../../config/fault.ts";
import { overlap } from "../../config/host.ts";
import { type Draft, fnv1a } from "../draft.ts";
import { cookiePath } from "../istio/cookie-key.ts";
import { affinityOf, type Persistence } from "./persistence.ts";
import type { Placed } from "./place.ts";

interface Carrier {
  readonly placed: Placed;
  readonly persistence: Persistence;
  /** `namespace/name` of those that it leads to. */
  readonly services: ReadonlySet<string>;
  name: string | undefined;
  path: string;
}

/** Writes into the pools of rules what carries their sessions: each rule a cookie of its own, also where names are alike. */
export function carry(all: readonly Placed[], draft: Draft): void {
  const carriers = all.flatMap((placed): Carrier[] => {
    const { persistence, rule } = placed;
    if (persistence === undefined) return [];
    const services = new Set(
      rule.backends.flatMap(({ namespace, service }) =>
        service === undefined ? [] : `${namespace}/${service}`,
      ),
    );
    return [{ placed, persistence, services, name: persistence.name, path: persistence.path }];
  });
  const named = (type: Persistence["type"]) =>
    carriers.filter(({ persistence, name }) => persistence.type === type && name !== undefined);
  separate(named("Cookie"));
  tellHeaders(named("Header"));
  for (const { placed, persistence, name, path } of carriers) {
    for (const { pool } of placed.sides) {
      if (pool.nowhere) continue;
      pool.native.affinity = affinityOf(persistence, name, path, placed.sides[0]!.pool.name);
      draft.origins.set(`pools.${pool.name}.affinity`, persistence.field.owner.label);
    }
  }
}

/**
 * Rules of one host whose cookies have one name and path: a browser would keep one of them alone. Each is written for the path
 * of its route; where that is another's as well, it gets a name of its own.
 */
function separate(carriers: readonly Carrier[]): void {
  for (const group of grouped(carriers, ({ name, path }) => `${name} ${path}`)) {
    const met = group.filter((one) => group.some((other) => other !== one && meet(one, other)));
    const taken: { readonly by: Carrier; readonly paths: readonly string[] }[] = [];
    for (const one of met) {
      const isFree = (paths: readonly string[]) =>
        !taken.some((other) => meet(one, other.by) && other.paths.some((path) => paths.includes(path)));
      const { persistence, placed } = one;
      const paths = matchedPaths(one);
      if (persistence.path === "/" && paths !== undefined && isFree(paths)) {
        one.path = "matched";
        taken.push({ by: one, paths });
        const strange = met.some((other) => isStrange(one, other) && meet(one, other));
        persistence.named.tell(
          strange ? "invalid" : "changed",
          `${strange ? STRANGE : "several rules of a host have it"}: the cookie of each is for the path of its rule`,
        );
      } else if (isFree([persistence.path])) taken.push({ by: one, paths: [persistence.path] });
      else {
        one.name = `${persistence.name!.slice(0, 64)}-${fnv1a(placed.sides[0]!.pool.name)}`;
        const where = `${placed.route.object.label} spec.rules[${placed.route.rules.indexOf(placed.rule)}]`;
        persistence.named.tell(
          "invalid",
          `rules of one host and path cannot share it: the cookie of ${where} is ${one.name}`,
        );
      }
    }
  }
}

const STRANGE = "two Services of a host cannot have sessions of one name";

/** A header has no path: who talks to both Services sends the tokens of both. */
function tellHeaders(carriers: readonly Carrier[]): void {
  for (const group of grouped(carriers, ({ name }) => name!.toLowerCase())) {
    for (const one of group)
      if (group.some((other) => isStrange(one, other) && meet(one, other)))
        one.persistence.named.tell("invalid", `${STRANGE}: a client of both must send the tokens of both`);
  }
}

function grouped(carriers: readonly Carrier[], keyOf: (one: Carrier) => string): Iterable<Carrier[]> {
  const groups = new Map<string, Carrier[]>();
  for (const one of carriers) {
    const group = groups.get(keyOf(one));
    if (group === undefined) groups.set(keyOf(one), [one]);
    else group.push(one);
  }
  return groups.values();
}

/** Whether two rules lead to Services, and to none in common. */
function isStrange({ services: a }: Carrier, { services: b }: Carrier): boolean {
  return a.size > 0 && b.size > 0 && ![...a].some((service) => b.has(service));
}

function meet({ placed: a }: Carrier, { placed: b }: Carrier): boolean {
  // Rules of one route have one list of hosts.
  return a.hosts === b.hosts || a.hosts.some((host) => b.hosts.some((other) => overlap(host, other)));
}

/** The paths that a cookie has where it is for those of its rule; undefined where it cannot be. */
function matchedPaths({ name = "", placed }: Carrier): string[] | undefined {
  const { asked } = placed.rule;
  // One with that prefix has the path "/" (RFC 6265bis, section 4.1.3).
  if (/^__host-/i.test(name) || asked.some(({ pathType }) => pathType === "pattern")) return undefined;
  const paths = asked.map(({ path }) => path);
  return paths.some((path) => cookiePath(path) instanceof Fault) ? undefined : paths;
}
