import { Fault, shown } from "../../config/fault.ts";
import { parseHost } from "../../config/host.ts";
import type { KubernetesObject } from "../object.ts";
import { text } from "../read.ts";
import { namesOf, serviceOf } from "./host.ts";
import { type HttpRoute, isLast, readHttpRoute } from "./http-route.ts";
import { createdOf } from "./rule.ts";

/** A VirtualService as it is written. */
export interface VirtualService {
  readonly object: KubernetesObject;
  /** Seconds since the epoch; older ones go before. */
  readonly created: number;
  /** Hosts of native routes. */
  readonly hosts: readonly string[];
  readonly routes: readonly HttpRoute[];
  /** How many native routes these come to, with those of the VirtualServices before. */
  readonly total: number;
}

/** Hosts by routes are a product: what does not fit in a config must not be made first. */
const MOST = 100_000;

/**
 * Reads one; undefined where it is for others to delegate to. What Istio's validation refuses is an error.
 *
 * @param before native routes of those before it
 */
export function readVirtualService(object: KubernetesObject, before: number): VirtualService | undefined {
  const spec = object.root.at("spec");
  spec.at("gateways").ignore("every VirtualService is served, whatever its gateways");
  spec.at("exportTo").ignore("an edge sees those of all namespaces");
  for (const name of ["tcp", "tls"]) spec.at(name).ignore("what is not HTTP does not come to an edge");
  const isEmpty = (name: string) => !spec.at(name).present || (spec.at(name).value as unknown[]).length === 0;
  if (["http", "tcp", "tls"].every(isEmpty))
    spec.at("http").refuse(new Fault("is missing", "write where requests go"));
  const hosts = hostsOf(object);
  const routes: HttpRoute[] = [];
  for (const field of spec.at("http").items()) {
    const [last] = routes.slice(-1);
    const route = readHttpRoute(field, object);
    if (last !== undefined && isLast(last)) field.notice("ignored", "a route before it takes all requests");
    else routes.push(route);
  }
  if (isEmpty("hosts")) {
    object.ignore("it has no hosts: it is for VirtualServices that delegate to it, which is not done here");
    return undefined;
  }
  const total = before + routes.reduce((sum, { asked }) => sum + asked.length, 0) * hosts.length;
  if (total > MOST) {
    const fault = new Fault(`hosts by matches come to ${total}: ${MOST} routes are the most`, "use fewer");
    return spec.refuse(fault);
  }
  return { object, created: createdOf(object), hosts, routes, total };
}

/** A name of a Service is all its names in the cluster. */
function hostsOf(object: KubernetesObject): string[] {
  const hosts = new Set<string>();
  for (const item of object.root.at("spec", "hosts").items()) {
    const written = item.read(text);
    if (written === undefined) continue;
    const of = serviceOf(written, object.namespace);
    const host = parseHost(written);
    if (host instanceof Fault) item.refuse(host);
    else if (hosts.has(host) || (of !== undefined && hosts.has(namesOf(of)[0]!)))
      item.refuse(new Fault(`${shown(written)} stands twice`, "name each host once"));
    else if (of === undefined) hosts.add(host);
    else {
      item.tell("changed", "it is a Service's: its names in the cluster lead here");
      for (const name of namesOf(of)) hosts.add(name);
    }
  }
  return [...hosts];
}
