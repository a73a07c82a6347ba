import { Fault } from "../../config/fault.ts";
import { parseHost } from "../../config/host.ts";
import type { Cluster } from "../cluster.ts";
import type { Field } from "../field.ts";
import type { ServiceRef } from "../istio/host.ts";
import type { KubernetesObject } from "../object.ts";
import { int, port, text } from "../read.ts";

/** A listener of a Gateway that takes HTTP. */
interface Listener {
  readonly name: string | undefined;
  readonly port: number | undefined;
  /** `*`: all hosts. */
  readonly host: string;
}

export interface Gateway {
  readonly object: KubernetesObject;
  readonly listeners: readonly Listener[];
}

/** One of a route's `parentRefs`. */
export interface Parent {
  readonly field: Field;
  /** `namespace/name` of a Gateway; undefined: it is none. */
  readonly gateway: string | undefined;
  /** The Service whose requests within the cluster it is for. */
  readonly service: ServiceRef | undefined;
  readonly section: string | undefined;
  readonly port: number | undefined;
}

const SHELF = Symbol("Gateway");
const IGNORED: Readonly<Record<string, string>> = {
  addresses: "an edge has the address that it is deployed at",
  infrastructure: "nothing is deployed for a Gateway here",
  backendTLS: "pods are asked by http, or https where the Service's appProtocol says so",
  tls: "TLS ends in front of the edge, or with the platform",
  allowedListeners: "ListenerSets are not read",
};

export function readGateway(object: KubernetesObject, cluster: Cluster): void {
  const spec = object.root.at("spec");
  spec.at("gatewayClassName").ignore("every Gateway is served, whatever its class");
  for (const [name, why] of Object.entries(IGNORED)) spec.at(name).ignore(why);
  const listeners = spec.at("listeners").items().flatMap(listenerOf);
  cluster.shelf<Gateway>(SHELF).push({ object, listeners });
}

function listenerOf(field: Field): Listener[] {
  const name = field.at("name").read(text);
  const number = field.at("port").read(port);
  const protocol = field.at("protocol").read(text) ?? "HTTP";
  const host = hostOf(field.at("hostname"));
  field.at("tls").ignore("TLS ends in front of the edge, or with the platform");
  field.at("allowedRoutes").ignore("routes of all namespaces are served");
  if (protocol !== "HTTP" && protocol !== "HTTPS") {
    field.ignore("what is not HTTP does not come to an edge");
    return [];
  }
  return host === undefined ? [] : [{ name, port: number, host }];
}

/** A name, or one that begins with `*.`; undefined after an error. */
export function hostOf(field: Field): string | undefined {
  const written = field.read(text) ?? "";
  if (written === "") return "*";
  const host =
    written === "*" ? new Fault('"*" is no hostname', "leave it out for all hosts") : parseHost(written);
  return host instanceof Fault ? field.refuse(host) : host;
}

export function gatewaysOf(cluster: Cluster): ReadonlyMap<string, Gateway> {
  const all = cluster.shelf<Gateway>(SHELF);
  return new Map(all.map((one) => [`${one.object.namespace}/${one.object.name}`, one]));
}

export function readParent(field: Field, object: KubernetesObject): Parent {
  const kind = field.at("kind").read(text) ?? "Gateway";
  field.at("group").read(text);
  const namespace = field.at("namespace").read(text) ?? object.namespace;
  const name = field.at("name").read(text) ?? "";
  const section = field.at("sectionName").read(text);
  const number = field.at("port").read(int(0, 65_535));
  return {
    field,
    gateway: kind === "Gateway" ? `${namespace}/${name}` : undefined,
    service: kind === "Service" ? { namespace, service: name } : undefined,
    section: section === "" ? undefined : section,
    port: number === 0 ? undefined : number,
  };
}

/**
 * The hosts of a route: its own, as far as the listeners of its Gateways take them. A Gateway that is not given takes all.
 *
 * @param own empty: whatever the listeners take
 */
export function hostsAt(
  own: readonly string[],
  parents: readonly Parent[],
  gateways: ReadonlyMap<string, Gateway>,
): string[] {
  const wanted = own.length === 0 ? ["*"] : own;
  if (parents.length === 0) return [...wanted];
  const hosts = parents.flatMap((parent) => {
    const gateway = parent.gateway === undefined ? undefined : gateways.get(parent.gateway);
    if (gateway === undefined) {
      parent.field.tell(
        "ignored",
        "a route is served, whatever its parents: this one is not among the documents",
      );
      return [...wanted];
    }
    const fits = ({ name, port }: Listener) =>
      (parent.section === undefined || parent.section === name) &&
      (parent.port === undefined || parent.port === port);
    const taking = gateway.listeners.filter(fits);
    const shared = taking.flatMap(({ host }) => wanted.flatMap((one) => common(one, host) ?? []));
    if (shared.length === 0) {
      const what =
        taking.length === 0 ? "has no such listener" : "has no listener that takes one of its hosts";
      parent.field.tell("invalid", `${gateway.object.label} ${what}: nothing comes of the route by it`);
    }
    return shared;
  });
  return [...new Set(hosts)];
}

/** Hosts that two names, one or both with a star, have in common: the narrower one. */
function common(a: string, b: string): string | undefined {
  if (a === b || b === "*") return a;
  if (a === "*") return b;
  const wider = b.startsWith("*.") && (!a.startsWith("*.") || a.length > b.length);
  const [narrow, wide] = wider ? [a, b] : [b, a];
  return wide.startsWith("*.") && narrow.endsWith(wide.slice(1)) ? narrow : undefined;
}
