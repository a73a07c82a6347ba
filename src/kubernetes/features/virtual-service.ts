import type { Cluster } from "../cluster.ts";
import type { Draft } from "../draft.ts";
import { tellFallen } from "../fallen.ts";
import type { Feature } from "../feature.ts";
import type { HttpRoute } from "../istio/http-route.ts";
import { isLabelled } from "../istio/labels.ts";
import { type Asked, takesAll } from "../istio/match.ts";
import { Pools } from "../istio/pools.ts";
import { type Sides, setApart, sidesOf, stick } from "../istio/scopes.ts";
import { readVirtualService, type VirtualService } from "../istio/virtual-service.ts";
import type { KubernetesObject } from "../object.ts";
import { sharesOf } from "../shares.ts";
import { targets } from "./service.ts";

const SHELF = Symbol("VirtualService");

/** One match of a route, at one of its hosts. */
interface Placed {
  readonly service: VirtualService;
  readonly route: HttpRoute;
  readonly asked: Asked;
}

/** The oldest first; those that do not say stay in their order. */
function apply(cluster: Cluster, draft: Draft): void {
  const all = cluster.shelf<VirtualService>(SHELF).toSorted((a, b) => a.created - b.created);
  const pools = Pools.of(cluster, draft);
  pools.serveNamed(new Set(draft.routes.flatMap(targets)));
  const sides = new Map<HttpRoute, Sides>();
  for (const { object, routes } of all) {
    for (const route of routes) {
      if (route.asked.length === 0) continue;
      const found = sidesOf(route.sides, pools);
      sides.set(route, found.length > 0 ? found : nowhere(object, pools, route));
    }
  }
  const apart = setApart([...sides.values()], pools);
  stick(draft, [...apart.values()]);
  const hosts = placesOf(all);
  const before = new Set(draft.routes.map((route) => (route as { host?: unknown } | null)?.host ?? "*"));
  for (const [host, placed] of hosts) {
    placed.forEach(({ route, asked, service }, i) => {
      draft.addRoute(
        {
          ...(host === "*" ? {} : { host }),
          ...asked,
          rank: placed.length - i,
          ...aimOf(apart.get(sides.get(route)!)!),
          ...settingsOf(route, apart.get(sides.get(route)!)!),
        },
        service.object,
      );
    });
    if (before.has(host))
      placed[0]?.service.object.root.tell("changed", `${host}: its routes go before those of other objects`);
  }
  tellFallen(
    [...hosts].flatMap(([host, placed]) =>
      placed.map(({ service, asked }) => ({ host, whole: takesAll(asked), field: service.object.root })),
    ),
    "Istio answers them with 404",
  );
}

/** What no pod answers: 503, and never a pod of a route behind it. */
function nowhere(object: KubernetesObject, pools: Pools, route: HttpRoute): Sides {
  const of = { namespace: object.namespace, service: object.name };
  const to = { host: "", subset: undefined, port: undefined, object, field: route.field, list: route.field };
  return [{ pool: pools.nothing(of, "nowhere", object), weight: 1, to }];
}

/** By host, in the order in which they are tried: what takes all comes last (Istio's SortVHostRoutes), and only once. */
function placesOf(all: readonly VirtualService[]): Map<string, readonly Placed[]> {
  const hosts = new Map<string, Placed[]>();
  const last = new Map<string, Placed>();
  for (const service of all) {
    for (const host of service.hosts) {
      const places = hosts.get(host) ?? [];
      hosts.set(host, places);
      for (const route of service.routes) {
        for (const asked of route.asked) {
          const placed = { service, route, asked };
          const other = last.get(host);
          if (!takesAll(asked)) places.push(placed);
          else if (other === undefined) last.set(host, placed);
          else if (other.service !== service)
            route.field.tell("ignored", `${other.service.object.label} takes all requests of ${host}`);
        }
      }
    }
  }
  for (const [host, placed] of last) hosts.get(host)!.push(placed);
  return hosts;
}

function aimOf(sides: Sides): Record<string, unknown> {
  if (sides.length === 1) return { pool: sides[0]!.pool.name };
  return { split: sharesOf(sides) };
}

function settingsOf({ total, retries, fault }: HttpRoute, sides: Sides): Record<string, unknown> {
  const timeouts = {
    ...(retries?.perTry === undefined ? {} : { headers: retries.perTry }),
    ...(total === undefined ? {} : { total }),
  };
  const { native, service } = sides[0]!.pool;
  const keyed = native.affinity !== "none" || (service !== undefined && isLabelled(service));
  if (keyed && retries?.on?.includes("timeout"))
    retries.field.tell("changed", "a session stays at its pod, however slow that is");
  const on = retries?.on?.filter((word) => !(keyed && word === "timeout"));
  const attempts = on?.length === 0 ? 1 : retries?.attempts;
  return {
    ...(Object.keys(timeouts).length === 0 ? {} : { timeouts }),
    ...(attempts === undefined
      ? {}
      : { retry: { attempts, ...(on === undefined || on.length === 0 ? {} : { on }) } }),
    ...(fault === undefined ? {} : { fault }),
  };
}

function read(object: KubernetesObject, cluster: Cluster): void {
  const shelf = cluster.shelf<VirtualService>(SHELF);
  const found = readVirtualService(object, shelf.at(-1)?.total ?? 0);
  if (found !== undefined) shelf.push(found);
}

/** networking.istio.io VirtualService: routes, and splits that stick. */
export const virtualService: Feature = {
  types: ["networking.istio.io/VirtualService"],
  routes: true,
  read,
  apply,
};
