import type { Cluster } from "../cluster.ts";
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
  const { namespace } = object;
  const containers = containersOf(template.at("spec"));
  cluster.templates.add({ object, containers }, namespace, labels);
}

function apply(cluster: Cluster, draft: Draft): void {
  const used = new Set(draft.made.flatMap(({ service }) => cluster.templates.of(service)));
  for (const template of cluster.templates.all) {
    const { object } = template;
    if (object.kind === "Pod") continue;
    if (!used.has(template)) object.ignore("no Service that has a pool selects its pods");
    else object.root.at("spec").ignoreRest("it says how pods run, not where requests go");
  }
}

/** Workloads of apps/v1: their pods' probes are those of the pools. */
export const workload: Feature = {
  types: ["apps/Deployment", "apps/StatefulSet", "apps/DaemonSet", "apps/ReplicaSet"],
  read,
  apply,
};
