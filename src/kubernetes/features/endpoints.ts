import { addressOf } from "../address.ts";
import type { Cluster, Endpoint, Group } from "../cluster.ts";
import type { Draft } from "../draft.ts";
import type { Feature } from "../feature.ts";
import type { Field } from "../field.ts";
import { portOf } from "../group-port.ts";
import type { KubernetesObject } from "../object.ts";
import { podName, tellUnused } from "./endpoint-slice.ts";

function read(object: KubernetesObject, cluster: Cluster): void {
  const groups = object.root
    .at("subsets")
    .items()
    .map((subset): Group => {
      subset
        .at("notReadyAddresses")
        .ignore("what is not ready is left out, as Endpoints do not say whether it goes");
      const ports = subset.at("ports").items().flatMap(portOf);
      return { object, ports, endpoints: subset.at("addresses").items().flatMap(endpointOf) };
    });
  cluster.endpoints.set(`${object.namespace}/${object.name}`, groups);
}

function endpointOf(field: Field): Endpoint[] {
  const pod = podName(field.at("targetRef"));
  for (const key of ["nodeName", "hostname"]) field.at(key).take();
  const address = addressOf(field.at("ip"));
  return address === undefined
    ? []
    : [{ address, ready: true, serving: true, terminating: false, pod, hints: [] }];
}

function apply(cluster: Cluster, draft: Draft): void {
  for (const [key, groups] of cluster.endpoints) {
    const mirrored = cluster.slices.has(key) && cluster.services.has(key);
    if (mirrored) groups[0]?.object.ignore("EndpointSlices of the same Service are there, and count");
    else tellUnused(key, groups, cluster, draft);
  }
}

/** v1 Endpoints: addresses × ports of each subset, where there are no EndpointSlices. */
export const endpoints: Feature = { types: ["Endpoints"], specless: true, read, apply };
