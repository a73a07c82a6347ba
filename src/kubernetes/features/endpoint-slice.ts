import { Fault } from "../../config/fault.ts";
import { addressOf } from "../address.ts";
import type { Cluster, Endpoint, Group } from "../cluster.ts";
import type { Draft } from "../draft.ts";
import type { Feature } from "../feature.ts";
import type { Field } from "../field.ts";
import { portOf } from "../group-port.ts";
import type { KubernetesObject } from "../object.ts";
import { bool, oneOf, text } from "../read.ts";

export const SERVICE_NAME = "kubernetes.io/service-name";

function read(object: KubernetesObject, cluster: Cluster): void {
  const { root } = object;
  const label = root.at("metadata", "labels", SERVICE_NAME);
  const service = object.labels[SERVICE_NAME];
  if (service === undefined)
    label.refuse(new Fault("is missing", "write the name of the Service that it belongs to"));
  const type = root.at("addressType").read(oneOf("IPv4", "IPv6", "FQDN"));
  const ports = root.at("ports").items().flatMap(portOf);
  const endpoints = root
    .at("endpoints")
    .items()
    .flatMap((field) => endpointsOf(field, type));
  const key = `${object.namespace}/${service}`;
  cluster.slices.set(key, [...(cluster.slices.get(key) ?? []), { object, ports, endpoints }]);
}

function endpointsOf(field: Field, type: string | undefined): Endpoint[] {
  const conditions = field.at("conditions");
  const ready = conditions.at("ready").read(bool) ?? true;
  const serving = conditions.at("serving").read(bool) ?? true;
  const terminating = conditions.at("terminating").read(bool) ?? false;
  const pod = podName(field.at("targetRef"));
  // Where it runs, and what DNS calls it.
  for (const key of ["nodeName", "hostname", "deprecatedTopology"]) field.at(key).take();
  const zone = field.at("zone").read(text);
  const hints = field
    .at("hints", "forZones")
    .items()
    .flatMap((hint) => hint.at("name").read(text) ?? []);
  field.at("hints", "forNodes").ignore("an edge is at no node");
  return field
    .at("addresses")
    .items()
    .flatMap((item): Endpoint[] => {
      const address = addressOf(item, type);
      return address === undefined ? [] : [{ address, ready, serving, terminating, pod, zone, hints }];
    });
}

/** The pod's name in a targetRef; the rest of it is bookkeeping. */
export function podName(field: Field): string | undefined {
  const kind = field.at("kind").read(text);
  const name = field.at("name").read(text);
  field.take();
  return kind === undefined || kind === "Pod" ? name : undefined;
}

function apply(cluster: Cluster, draft: Draft): void {
  for (const [key, groups] of cluster.slices) tellUnused(key, groups, cluster, draft);
}

/** Endpoints whose Service is not there, and ports that it does not have. */
export function tellUnused(key: string, groups: readonly Group[], cluster: Cluster, draft: Draft): void {
  const service = cluster.services.get(key);
  for (const { object, ports } of groups) {
    if (service === undefined) {
      object.ignore(`the Service ${key} is not among the documents`);
      continue;
    }
    if (!draft.serves(service)) object.ignore("its Service has no pool");
    for (const { name, field } of ports) {
      if (service.ports.some((port) => port.name === name)) continue;
      field.ignore(`the Service has no port ${JSON.stringify(name)}`);
    }
  }
}

/** discovery.k8s.io EndpointSlice: joined by their Service. */
export const endpointSlice: Feature = {
  types: ["discovery.k8s.io/EndpointSlice"],
  specless: true,
  read,
  apply,
};
