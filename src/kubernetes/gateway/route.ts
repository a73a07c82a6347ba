import { Fault } from "../../config/fault.ts";
import type { Cluster } from "../cluster.ts";
import { namesOf } from "../istio/host.ts";
import { createdOf } from "../istio/rule.ts";
import type { KubernetesObject } from "../object.ts";
import { gatewaysOf, hostOf, hostsAt, type Parent, readParent } from "./listeners.ts";
import { type Rule, readRule } from "./rule.ts";

/** An HTTPRoute as it is written. */
export interface HttpRoute {
  readonly object: KubernetesObject;
  /** Seconds since the epoch; older ones go before. */
  readonly created: number;
  /** Its own; empty: those of its Gateways. */
  readonly hosts: readonly string[];
  readonly parents: readonly Parent[];
  readonly rules: readonly Rule[];
}

const SHELF = Symbol("HTTPRoute");
/** Hosts by matches are a product: what does not fit in a config must not be made first. */
const MOST = 100_000;

/** Reads one; what the API server refuses is an error. */
export function readHttpRoute(object: KubernetesObject, cluster: Cluster): void {
  const spec = object.root.at("spec");
  const parents = spec
    .at("parentRefs")
    .items()
    .map((item) => readParent(item, object));
  if (parents.length === 0) spec.at("parentRefs").take();
  spec.at("useDefaultGateways").ignore("a route is served, whatever its parents");
  const hosts = spec
    .at("hostnames")
    .items()
    .flatMap((item) => {
      if (item.value !== "") return hostOf(item) ?? [];
      // Taken for none it would be every host.
      return item.refuse(new Fault("is empty", "name a host, or leave hostnames out for all of them")) ?? [];
    });
  const rules: Rule[] = [];
  const written = spec.at("rules");
  for (const field of written.items()) rules.push(readRule(field, object, rules));
  // What the API server makes of a route without rules.
  if (written.present && rules.length === 0)
    written.notice("invalid", "it holds no rule: nothing comes of the route");
  if (!written.present) rules.push(readRule(written, object, []));
  cluster.shelf<HttpRoute>(SHELF).push({ object, created: createdOf(object), hosts, parents, rules });
}

/** The oldest first, of two as old by their names, as the API has it. */
export function routesOf(cluster: Cluster): HttpRoute[] {
  return cluster.shelf<HttpRoute>(SHELF).toSorted((a, b) => compareAge(a, b));
}

interface Aged {
  readonly object: KubernetesObject;
  readonly created: number;
}

export function compareAge(a: Aged, b: Aged): number {
  const [first, second] = [a, b].map(({ object }) => `${object.namespace}/${object.name}`) as [
    string,
    string,
  ];
  return a.created - b.created || (first === second ? 0 : first < second ? -1 : 1);
}

/** Its hosts by its Gateways; as a Service's own route, that Service's names. */
export function hostsOf({ object, hosts, parents }: HttpRoute, cluster: Cluster): string[] {
  const services = parents.flatMap(({ service }) => service ?? []);
  if (services.length > 0 && services.length === parents.length) {
    object.root
      .at("spec", "parentRefs")
      .tell("changed", "it is for requests within the cluster: the Service's names lead here");
    return [...new Set(services.flatMap(namesOf))];
  }
  return hostsAt(hosts, parents, gatewaysOf(cluster));
}

/** Whether the native routes of one more fit, with those before it; else it is an error. */
export function fits({ object, rules }: HttpRoute, hosts: readonly string[], before: number): boolean {
  const total = before + rules.reduce((sum, { asked }) => sum + asked.length, 0) * hosts.length;
  if (total <= MOST) return true;
  const fault = new Fault(`hosts by matches come to ${total}: ${MOST} routes are the most`, "use fewer");
  object.root.at("spec").refuse(fault);
  return false;
}
