import type { Cluster } from "../cluster.ts";
import type { Draft } from "../draft.ts";
import { poolName } from "../draft.ts";
import { tellFallen } from "../fallen.ts";
import type { Feature } from "../feature.ts";
import { type Ingress, keyOf, type Place, type PlacePool, readIngress } from "../ingress/place.ts";
import { addRoute } from "../ingress/routes.ts";
import { separate } from "../ingress/shared-cookie.ts";
import type { KubernetesObject } from "../object.ts";

const SHELF = Symbol("Ingress");

/** Oldest first, as ingress-nginx has them; those that do not say stay in their order. */
function apply(cluster: Cluster, draft: Draft): void {
  const all = cluster.shelf<Ingress>(SHELF).toSorted((a, b) => a.created - b.created);
  const primaries = all.filter(({ canary }) => canary === undefined);
  const places = new Map<string, Place>();
  for (const place of primaries.flatMap(({ places }) => places)) {
    const known = places.get(keyOf(place));
    if (known === undefined) places.set(keyOf(place), place);
    else place.field.notice("ignored", `${known.ingress.object.label} has this host and path already`);
  }
  const said: Said = new Map();
  for (const place of places.values()) settle(place, draft, said);
  for (const ingress of all) if (ingress.canary !== undefined) join(ingress, places, draft, said);
  separate(places.values());
  const regex = new Set(all.filter((one) => one.regex).flatMap((one) => one.places.map(({ host }) => host)));
  for (const place of places.values()) addRoute(draft, place, regex);
  tellFallen(
    [...places.values()].map(({ host, path, type, ingress }) => ({
      host,
      whole: path === "/" && type !== "Exact",
      field: ingress.object.root,
    })),
    "ingress-nginx answers them with 404",
  );
}

/** Finds or makes the pool of a place. Without a Service it has no pods, and answers 503 as there. */
function lead(place: Place, draft: Draft, said: Said): PlacePool {
  const found: PlacePool | undefined = draft.pool(place.ref);
  if (found !== undefined) return found;
  const { service, port } = place.ref;
  place.field.tell("changed", `no port ${port} of a Service ${service} is given: its requests get 503`);
  const name = poolName(place.ref);
  const known = said.get(name);
  if (known !== undefined) return known.pool;
  const pool = { name, native: { affinity: "none", pods: [] } };
  draft.addPool(name, pool.native, place.ingress.object);
  return pool;
}

/** The pool takes what the first Ingress that leads to it says; cookie affinity that of the first one that has it. */
function settle(place: Place, draft: Draft, said: Said): void {
  const { ingress } = place;
  const pool = lead(place, draft, said);
  place.pool = pool;
  const { native } = pool;
  const { by } = said.get(pool.name) ?? { by: new Map<string, Ingress>() };
  if (by.size === 0 && Array.isArray(native.affinity) && ingress.settings.affinity === undefined) {
    const field = pool.service?.object.root.at("spec", "sessionAffinity");
    field?.tell(
      "changed",
      "clients stay by their address here too; ingress-nginx would go past the Service to its pods",
    );
  }
  said.set(pool.name, { pool, by });
  for (const [key, value] of Object.entries(ingress.settings)) {
    const first = by.get(key);
    if (first === undefined) {
      native[key] = Array.isArray(value) ? named(value, place) : value;
      draft.origins.set(`pools.${pool.name}.${key}`, ingress.object.label);
      by.set(key, ingress);
    } else if (
      first.settings[key] !== value &&
      JSON.stringify(first.settings[key]) !== JSON.stringify(value)
    ) {
      const message = `${key} of ${pool.name} is what ${first.object.label} says, which leads there too`;
      ingress.object.root.tell("changed", message);
    }
  }
  if (ingress.https)
    native.pods = podsOf(pool).map((pod) => ({ ...pod, url: pod.url.replace(/^http:/, "https:") }));
}

/** Who has said what of each pool, by its name. */
type Said = Map<string, { readonly pool: PlacePool; readonly by: Map<string, Ingress> }>;

const podsOf = ({ native }: PlacePool) => native.pods as readonly { readonly url: string }[];

/** The cookie with the name that ingress-nginx has for the backend, by which it knows its own. */
function named(affinity: readonly unknown[], { ref }: Place): unknown[] {
  const backend = `${ref.namespace}-${ref.service}-${ref.port}`;
  return affinity.map((link) => {
    const { cookie } = link as { readonly cookie: { readonly ingressNginx: object } };
    return { cookie: { ...cookie, ingressNginx: { ...cookie.ingressNginx, backend } } };
  });
}

/** A canary joins the place of its primary, host, path and type alike; one alone leads nowhere. */
function join(ingress: Ingress, places: ReadonlyMap<string, Place>, draft: Draft, said: Said): void {
  for (const place of ingress.places) {
    const primary = places.get(keyOf(place));
    const why = refusal(primary, place);
    if (why !== undefined) {
      place.field.notice("ignored", why);
      continue;
    }
    settle(place, draft, said);
    // Whoever has a session at the canary gets 503 too (balancer.lua).
    if (podsOf(primary!.pool!).length === 0 && podsOf(place.pool!).length > 0) {
      place.field.notice("ignored", "its primary has no endpoints: all requests get 503");
      continue;
    }
    primary!.canary = { place, rule: ingress.canary! };
    // Its live cookies mean nothing where only the primary's sessions stick.
    if (ingress.canary!.sticky === "all") inherit(primary!, place);
  }
}

function refusal(primary: Place | undefined, place: Place): string | undefined {
  if (primary === undefined)
    return "a canary needs an Ingress of the same host, path and pathType: it leads nowhere";
  if (primary.canary !== undefined)
    return `${primary.canary.place.ingress.object.label} is the canary of this host and path already`;
  return poolName(primary.ref) === poolName(place.ref) ? "a canary of the same backend is none" : undefined;
}

/** Live cookies of the canary are known by its backend's name. */
function inherit({ pool }: Place, { ref }: Place): void {
  const affinity = pool?.native.affinity;
  if (pool === undefined || !Array.isArray(affinity)) return;
  pool.native.affinity = affinity.map((link) => {
    const { cookie } = link as { cookie?: { ingressNginx?: { canary?: object } } };
    if (cookie?.ingressNginx === undefined) return link;
    const canary = {
      ...cookie.ingressNginx.canary,
      [poolName(ref)]: `${ref.namespace}-${ref.service}-${ref.port}`,
    };
    return { cookie: { ...cookie, ingressNginx: { ...cookie.ingressNginx, canary } } };
  });
}

function read(object: KubernetesObject, cluster: Cluster): void {
  const shelf = cluster.shelf<Ingress>(SHELF);
  shelf.push(readIngress(object, shelf.at(-1)?.total ?? 0));
}

/** networking.k8s.io Ingress, as ingress-nginx serves it. */
export const ingress: Feature = {
  types: ["networking.k8s.io/Ingress", "extensions/Ingress"],
  routes: true,
  read,
  apply,
};
