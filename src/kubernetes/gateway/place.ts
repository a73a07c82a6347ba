import type { Cluster, Service } from "../cluster.ts";
import { type Draft, fnv1a, poolName } from "../draft.ts";
import { type TrafficPolicy, trafficOf } from "../envoy/traffic-policy.ts";
import { targets } from "../features/service.ts";
import type { Field } from "../field.ts";
import { isLabelled } from "../istio/labels.ts";
import { sectionsFor } from "../istio/policy.ts";
import { rulesOf } from "../istio/rule.ts";
import { type Backend, resolve, type Target } from "./backend.ts";
import type { LbPolicy } from "./lb-policy.ts";
import type { Persistence } from "./persistence.ts";
import type { HttpRoute } from "./route.ts";
import type { Rule } from "./rule.ts";
import { persistenceOf, policiesOf, tellAddress } from "./sessions.ts";

/** A pool that a rule leads to; one without a Service has no pods, and its requests get 500. */
export interface LedPool {
  readonly name: string;
  readonly native: Record<string, unknown>;
  readonly service?: Service;
  /** It stands for no backend at all. */
  readonly nowhere?: true;
}

const LED = Symbol("Services that a rule leads to");
const SPLITS = Symbol("pools that splits of other objects begin with");

interface Side {
  readonly pool: LedPool;
  readonly weight: number;
}

/** A rule with the pools that it leads to. */
export interface Placed {
  readonly route: HttpRoute;
  readonly rule: Rule;
  readonly hosts: readonly string[];
  /** Each pool once; the first one names the scope. */
  readonly sides: readonly Side[];
  readonly persistence: Persistence | undefined;
  readonly traffic: TrafficPolicy | undefined;
  /** Whether anything carries sessions. */
  readonly keyed: boolean;
}

/**
 * Finds the pools of a rule. One with sessions of its own has pools of its own: nobody else's requests share them, also where
 * they go to the same Services.
 */
export function placeRule(
  route: HttpRoute,
  rule: Rule,
  hosts: readonly string[],
  cluster: Cluster,
  draft: Draft,
): Placed {
  const { object } = route;
  const found = rule.backends.map((backend) => ({ backend, to: resolve(backend, object, cluster) }));
  for (const { namespace, service } of rule.backends)
    cluster.shelf<string>(LED).push(`${namespace}/${service}`);
  const policies = policiesOf(rule.backends, cluster);
  const persistence = persistenceOf(route, rule, policies);
  const traffic = trafficOf(cluster, route, rule);
  const hashed = traffic?.pool.affinity !== undefined;
  const services = [...new Set(found.flatMap(({ to }) => ("service" in to ? to.service : [])))];
  services.forEach((service, i) => {
    const goesBefore =
      persistence !== undefined ? "sessionPersistence" : hashed ? "ConsistentHash" : undefined;
    tellAddress(service, route, goesBefore ?? (i > 0 ? "another backend" : undefined));
  });
  const [first] = found.flatMap(({ to }) => ("service" in to ? to : []));
  const keyed = persistence !== undefined || hashed || (first !== undefined && isSticky(first, cluster));
  const own =
    persistence !== undefined ||
    (keyed && found.length > 1) ||
    (first !== undefined && beginsSplit(first, cluster, draft));
  if (own && persistence === undefined && found.length > 1)
    rule.field
      .at("backendRefs")
      .tell("changed", "a session keeps its side of the split, which a Gateway draws anew for each request");
  const shared = traffic !== undefined && Object.keys(traffic.pool).length > 0;
  const suffix = own ? suffixOf(route, rule) : shared ? sharedSuffix(traffic, rule) : undefined;
  const sides = sidesOf(found, own, suffix === undefined ? undefined : { suffix }, route, draft);
  if (sides.at(-1)?.pool.nowhere && found.length > 0 && found.every(({ backend }) => backend.weight === 0))
    rule.field.at("backendRefs").tell("invalid", "all weights are 0: new requests get 500");
  const pools = sides.flatMap(({ pool }) => (pool.nowhere ? [] : pool));
  if (traffic !== undefined) balance(pools, traffic, draft);
  for (const policy of policies) limit(pools, policy, draft);
  return { route, rule, hosts, sides, persistence, traffic, keyed };
}

/** Whether a Service's own word, or what Istio has for it, carries sessions. */
function isSticky({ service, port }: Extract<Target, { service: Service }>, cluster: Cluster): boolean {
  if (Array.isArray(service.native.affinity) || isLabelled(service)) return true;
  const rule = rulesOf(cluster).get(`${service.namespace}/${service.name}`);
  return sectionsFor(rule?.policy, undefined, port.port).balance?.affinity !== undefined;
}

/** Whether a split of another object's begins with a pool: who is bound at its other sides would be kept there. */
function beginsSplit(
  { service: { namespace, name }, port: { port } }: Extract<Target, { service: Service }>,
  cluster: Cluster,
  draft: Draft,
): boolean {
  const shelf = cluster.shelf<Set<string>>(SPLITS);
  shelf[0] ??= new Set(
    draft.routes.map(targets).flatMap(([first, ...others]) => (others.length > 0 ? first! : [])),
  );
  return shelf[0].has(poolName({ namespace, service: name, port }));
}

/** The same when rules change places, and no other rule's. */
function suffixOf({ object }: HttpRoute, { key }: Rule): string {
  return `${object.name.toLowerCase()}-${fnv1a(JSON.stringify([object.namespace, object.name, key]))}`;
}

/** Services of another namespace may have a policy of that name from elsewhere. */
function sharedSuffix({ object: { namespace, name } }: TrafficPolicy, { backends }: Rule): string {
  const strange = backends.some((backend) => backend.namespace !== namespace);
  return strange ? `${name}-${fnv1a(JSON.stringify([namespace, name]))}` : name;
}

/** Each pool once, in the order of the backends; what has none gets its share of 500 last, and all of it where all is 0. */
function sidesOf(
  found: readonly { readonly backend: Backend; readonly to: Target }[],
  own: boolean,
  variant: { readonly suffix: string } | undefined,
  route: HttpRoute,
  draft: Draft,
): Side[] {
  const sides = new Map<string, Side>();
  const add = (pool: LedPool, weight: number) =>
    sides.set(pool.name, { pool, weight: weight + (sides.get(pool.name)?.weight ?? 0) });
  const empty: Field[] = [];
  let lost = 0;
  for (const { backend, to } of found) {
    const { namespace, service = "none", weight } = backend;
    const ref = { namespace, service, port: "port" in to ? to.port.port : (backend.port ?? "any") };
    const made = "service" in to ? draft.pool(ref, variant) : undefined;
    if (made !== undefined) {
      add(made, weight);
      if (weight > 0 && isEmpty(made)) empty.push(backend.field);
    }
    // By the name that it has once it is there: who has a session at another side keeps it.
    else if ("missing" in to && (own || to.missing === "service") && backend.service !== undefined)
      add(emptyPool(poolName(ref, variant), route, draft), weight);
    else lost += weight;
  }
  if ([...sides.values()].some(({ pool, weight }) => weight > 0 && !isEmpty(pool)))
    for (const field of empty)
      field.tell(
        "changed",
        "while it has no pods the other backends take its share, which a Gateway answers with 503",
      );
  const total = [...sides.values()].reduce((sum, { weight }) => sum + weight, 0);
  if (total === 0 || lost > 0) {
    const { namespace, name: service } = route.object;
    const name = poolName({ namespace, service, port: "nowhere" });
    add({ ...emptyPool(name, route, draft), nowhere: true }, Math.max(1, lost));
  }
  return [...sides.values()];
}

const isEmpty = ({ native }: LedPool): boolean => (native.pods as readonly unknown[]).length === 0;

/** Whether a rule leads to a Service, by `namespace/name`, whether it is given or not. */
export function isLed(cluster: Cluster, service: string): boolean {
  return cluster.shelf<string>(LED).includes(service);
}

/** A pool without pods, whose requests get 500: what the Gateway API has for a backend that is none. */
function emptyPool(name: string, { object }: HttpRoute, draft: Draft): LedPool {
  const known = draft.pools[name] as Record<string, unknown> | undefined;
  if (Array.isArray(known?.pods) && known.pods.length === 0) return { name, native: known };
  const native: Record<string, unknown> = { affinity: "none", pods: [], empty: 500 };
  draft.addPool(name, native, object);
  return { name, native };
}

function balance(pools: readonly LedPool[], { pool, object }: TrafficPolicy, draft: Draft): void {
  for (const { name, native } of pools) {
    for (const [key, value] of Object.entries(pool)) {
      native[key] =
        key === "health" ? { ...(native.health as object | undefined), ...(value as object) } : value;
      draft.origins.set(`pools.${name}.${key}`, object.label);
    }
  }
}

/** A Service's budget is that of all its pools. */
function limit(pools: readonly LedPool[], { budget, targets, object }: LbPolicy, draft: Draft): void {
  if (budget === undefined) return;
  for (const { name, native, service } of pools) {
    if (service === undefined || !targets.includes(`${service.namespace}/${service.name}`)) continue;
    native.retry = { budget };
    draft.origins.set(`pools.${name}.retry`, object.label);
  }
}
