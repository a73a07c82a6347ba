import type { Cluster } from "../cluster.ts";
import { text } from "../read.ts";
import type { Subset } from "./rule.ts";

type Labels = Readonly<Record<string, string>>;

const MEMBERS = Symbol("labels of pods by their names");

/** Labels of pods by `namespace/name`: of the Pods that are given, else of the workload whose name their own begins with. */
export class Members {
  readonly #pods = new Map<string, Labels>();
  readonly #workloads = new Map<string, Labels>();

  /** The same for all subsets of a cluster. */
  static of(cluster: Cluster): Members {
    const shelf = cluster.shelf<Members>(MEMBERS);
    shelf[0] ??= new Members(cluster);
    return shelf[0];
  }

  constructor({ pods, templates }: Cluster) {
    for (const { object } of pods.all) this.#pods.set(`${object.namespace}/${object.name}`, object.labels);
    for (const { object } of templates.all) {
      if (object.kind === "Pod") continue;
      const labels: Record<string, string> = {};
      for (const [key, field] of object.root.at("spec", "template", "metadata", "labels").entries())
        labels[key] = field.read(text) ?? "";
      this.#workloads.set(`${object.namespace}/${object.name}`, labels);
    }
  }

  /** Undefined: nothing that is given says them. */
  labelsOf(namespace: string, pod: string): Labels | undefined {
    const key = `${namespace}/${pod}`;
    const own = this.#pods.get(key);
    // cart-7f9c-x2 is of the ReplicaSet cart-7f9c and of the Deployment cart, cart-0 of the StatefulSet cart.
    for (
      let end = key.length;
      own === undefined && end > namespace.length;
      end = key.lastIndexOf("-", end - 1)
    ) {
      const found = this.#workloads.get(key.slice(0, end));
      if (found !== undefined) return found;
    }
    return own;
  }
}

/** Which pods a subset has, by their names, and of how many it cannot be said. */
export function membership(
  { labels }: Subset,
  namespace: string,
  members: Members,
): { readonly only: (pod: string | undefined) => boolean; readonly unknown: () => number } {
  const asked = Object.entries(labels);
  const unknown = new Set<string | undefined>();
  return {
    only: (pod) => {
      const found = pod === undefined ? undefined : members.labelsOf(namespace, pod);
      if (found === undefined) unknown.add(pod);
      return found !== undefined && asked.every(([key, value]) => found[key] === value);
    },
    unknown: () => unknown.size,
  };
}
