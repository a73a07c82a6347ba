import { addressOf } from "../address.ts";
import type { Cluster } from "../cluster.ts";
import { containersOf } from "../containers.ts";
import type { Draft } from "../draft.ts";
import type { Feature } from "../feature.ts";
import type { KubernetesObject } from "../object.ts";
import { text } from "../read.ts";

function read(object: KubernetesObject, cluster: Cluster): void {
  const { root, name: pod, labels, namespace } = object;
  const status = root.at("status");
  const containers = containersOf(root.at("spec"));
  const condition = status
    .at("conditions")
    .items()
    .find((one) => one.at("type").value === "Ready");
  const ready = condition?.at("status").value === "True";
  const terminating = root.at("metadata", "deletionTimestamp").present;
  const over = /^(?:Succeeded|Failed)$/.test(status.at("phase").read(text) ?? "");
  const all = status
    .at("podIPs")
    .items()
    .map((one) => one.at("ip"));
  const ips = all.length > 0 ? all : [status.at("podIP")];
  const endpoints = (over ? [] : ips).flatMap((field) => {
    const address = addressOf(field);
    // A pod that goes takes no sessions, ready or not: its slice would say ready: false.
    return address === undefined
      ? []
      : [{ address, ready: ready && !terminating, serving: ready, terminating, pod, hints: [] }];
  });
  cluster.pods.add({ containers, endpoints, object }, namespace, labels);
  cluster.templates.add({ object, containers }, namespace, labels);
}

function apply(cluster: Cluster, draft: Draft): void {
  const used = new Set(draft.made.flatMap(({ service }) => cluster.pods.of(service)));
  for (const pod of cluster.pods.all) {
    const { object, endpoints } = pod;
    if (!used.has(pod)) {
      object.ignore("no Service that has a pool selects it");
      continue;
    }
    if (endpoints.length === 0)
      object.root.at("status").tell("ignored", "it has no address that requests could go to");
    object.root.at("spec").ignoreRest("it says how the pod runs, not where requests go");
  }
}

/** v1 Pod: an endpoint of the Services that select it, where there are no EndpointSlices. */
export const pod: Feature = { types: ["Pod"], read, apply };
