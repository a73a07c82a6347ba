import { Fault, shown } from "../../config/fault.ts";
import type { Cluster, Service, ServicePort } from "../cluster.ts";
import type { Field } from "../field.ts";
import type { KubernetesObject } from "../object.ts";
import { int, port, text } from "../read.ts";
import { readFilters } from "./filters.ts";
import { isGranted } from "./grant.ts";

/** One of a rule's `backendRefs`. */
export interface Backend {
  readonly field: Field;
  readonly namespace: string;
  /** Undefined: it is no Service, or its requests need what an edge has not. */
  readonly service: string | undefined;
  readonly port: number | undefined;
  readonly weight: number;
}

const NONE = "its share of the requests gets 500";

export function readBackend(field: Field, object: KubernetesObject): Backend {
  const group = field.at("group").read(text) ?? "";
  const kind = field.at("kind").read(text) ?? "Service";
  const name = field.at("name").read(text);
  if (!field.at("name").present) field.at("name").refuse(new Fault("is missing", "name a Service"));
  const namespace = field.at("namespace").read(text) ?? object.namespace;
  const number = field.at("port").read(port);
  const share = field.at("weight");
  // One that is refused is not 0.
  const weight = share.read(int(0, 1_000_000)) ?? 1;
  const passable = readFilters(field.at("filters"));
  const other = group !== "" || kind !== "Service";
  if (other) field.at("kind").tell("invalid", `${shown(kind)} is no Service: ${NONE}`);
  return { field, namespace, service: other || !passable ? undefined : name, port: number, weight };
}

/** What a backend leads to: a Service's port, one that is not there, or nothing that it may lead to. */
export type Target =
  | { readonly service: Service; readonly port: ServicePort }
  | { readonly missing: "service" | "grant" };

/** Finds it; what the Gateway API calls invalid is told. */
export function resolve(
  { field, namespace, service: name, port: asked }: Backend,
  object: KubernetesObject,
  cluster: Cluster,
): Target {
  if (name === undefined) return { missing: "grant" };
  if (namespace !== object.namespace && !isGranted(cluster, object.namespace, namespace, name)) {
    const message = `no ReferenceGrant in ${namespace} lets HTTPRoutes of ${object.namespace} lead to ${name}`;
    field.at("namespace").tell("invalid", `${message}: ${NONE}`);
    return { missing: "grant" };
  }
  const service = cluster.services.get(`${namespace}/${name}`);
  if (service === undefined) {
    field.tell("invalid", `no Service ${namespace}/${name} is among the documents: ${NONE}`);
    return { missing: "service" };
  }
  const { ports } = service;
  const port =
    asked === undefined && ports.length === 1 ? ports[0] : ports.find(({ port }) => port === asked);
  if (asked === undefined) {
    const taken =
      port === undefined ? `the Service has ${ports.length}: ${NONE}` : "the Service's only one is taken";
    field.tell("invalid", `it names no port: ${taken}`);
  } else if (port === undefined)
    field.at("port").tell("invalid", `the Service has no port ${asked} of TCP: ${NONE}`);
  return port === undefined ? { missing: "service" } : { service, port };
}
