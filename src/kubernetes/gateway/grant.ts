import type { Cluster } from "../cluster.ts";
import type { Field } from "../field.ts";
import type { KubernetesObject } from "../object.ts";
import { text } from "../read.ts";

/** A ReferenceGrant: who may refer to what of its namespace. */
interface Grant {
  readonly namespace: string;
  /** Namespaces whose HTTPRoutes may. */
  readonly from: ReadonlySet<string>;
  /** Services; undefined: all of them. */
  readonly to: ReadonlySet<string | undefined>;
}

const SHELF = Symbol("ReferenceGrant");
const GROUP = "gateway.networking.k8s.io";

export function readGrant(object: KubernetesObject, cluster: Cluster): void {
  const spec = object.root.at("spec");
  const word = (field: Field, key: string) => field.at(key).read(text) ?? "";
  const from = spec.at("from").items();
  const to = spec.at("to").items();
  cluster.shelf<Grant>(SHELF).push({
    namespace: object.namespace,
    from: new Set(
      from.flatMap((field) => {
        const [group, kind, namespace] = [
          word(field, "group"),
          word(field, "kind"),
          word(field, "namespace"),
        ];
        return group === GROUP && kind === "HTTPRoute" ? [namespace] : [];
      }),
    ),
    to: new Set(
      to.flatMap((field) => {
        const [group, kind, name] = [word(field, "group"), word(field, "kind"), word(field, "name")];
        return group === "" && kind === "Service" ? [name === "" ? undefined : name] : [];
      }),
    ),
  });
}

/** Whether an HTTPRoute of one namespace may lead to a Service of another. */
export function isGranted(cluster: Cluster, from: string, namespace: string, service: string): boolean {
  return cluster
    .shelf<Grant>(SHELF)
    .some(
      (grant) =>
        grant.namespace === namespace &&
        grant.from.has(from) &&
        [service, undefined].some((name) => grant.to.has(name)),
    );
}
