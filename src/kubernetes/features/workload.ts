import { type Cluster, selects } from "../cluster.ts";
import { containersOf } from "../containers.ts";
import type { Draft } from "../draft.ts";
import type { Feature } from "../feature.ts";
import type { KubernetesObject } from "../object.ts";
import { text } from "../read.ts";

function read(object: KubernetesObject, cluster: Cluster): void {
  const template = object.root.at("spec", "template");
  const labels: Record<string, string> = {};
  for (const [key, field] of template.at("metadata", "labels").entries())
    labels[key] = field.read(text) ?? "";
  cluster.templates.push({
    object,
    namespace: object.namespace,
    labels,
    containers: containersOf(template.at("spec")),
  });
}

function apply(cluster: Cluster, draft: Draft): void {
  for (const { object, labels } of cluster.templates) {
    if (object.kind === "Pod") continue;
    const used = draft.made.some(
      ({ service }) => service.namespace === object.namespace && selects(service.selector, labels),
    );
    if (!used) object.ignore("no Service that has a pool selects its pods");
    else object.root.at("spec").ignoreRest("it says how pods run, not where requests go");
  }
}

/** Workloads of apps/v1: their pods' probes are those of the pools. */
export const workload: Feature = {
  types: ["apps/Deployment", "apps/StatefulSet", "apps/DaemonSet", "apps/ReplicaSet"],
  read,
  apply,
};
