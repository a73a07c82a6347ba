import type { Cluster } from "./cluster.ts";
import type { Draft } from "./draft.ts";
import type { KubernetesObject } from "./object.ts";

/**
 * Kinds of Kubernetes objects: one file in `features/`, one line in its registry, one file of goldens.
 *
 * All objects are read first, in their order; then each feature applies what it has read, in the registry's order. Fields
 * are read through {@link KubernetesObject.root}: what the API server would refuse with `field.refuse` or a bare
 * `field.read(reader)`, which are errors; what has no effect with `field.ignore` or a notice. What is neither read nor
 * taken is told as ignored by itself.
 */
export interface Feature {
  /** Group and kind, of every version: `Service`, `networking.k8s.io/Ingress`. */
  readonly types: readonly string[];
  /** Its objects say where requests go: Services are not routed by their own names then. */
  readonly routes?: true;
  /** Its objects are in no namespace. */
  readonly clusterWide?: true;
  /** Its objects have no spec. */
  readonly specless?: true;
  /** Reads one object: into the cluster, or onto a shelf of the feature's own there. */
  read(object: KubernetesObject, cluster: Cluster): void;
  /** Once all have been read: pools (`draft.pool`) and routes (`draft.addRoute`) of them. */
  apply?(cluster: Cluster, draft: Draft): void;
}
