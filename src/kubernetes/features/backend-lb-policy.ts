import type { Cluster } from "../cluster.ts";
import { type Draft, poolName } from "../draft.ts";
import type { Feature } from "../feature.ts";
import { type LbPolicy, lbPoliciesOf, readLbPolicy } from "../gateway/lb-policy.ts";
import { affinityOf } from "../gateway/persistence.ts";
import { isLed } from "../gateway/place.ts";

/**
 * Pools that no rule of an HTTPRoute leads to: those that other routes do, and one without pods for a Service that is not given,
 * which shows what a policy says.
 */
function apply(cluster: Cluster, draft: Draft): void {
  for (const [key, policy] of lbPoliciesOf(cluster)) {
    const { object } = policy;
    const own = draft.made.filter(({ service }) => `${service.namespace}/${service.name}` === key);
    for (const { name, native, service, variant } of own) {
      if (variant !== undefined) continue;
      const owner = draft.origins.get(`pools.${name}.affinity`);
      if (native.affinity === service.native.affinity) hold(native, name, policy, draft);
      else
        policy.persistence?.field.tell(
          "changed",
          `sessions of ${name} are as ${owner ?? "another object"} says`,
        );
    }
    if (cluster.services.has(key) || isLed(cluster, key)) continue;
    object.root.tell("changed", `the Service ${key} is not among the documents: its pool has no pods`);
    const [namespace = "", service = ""] = key.split("/");
    const native: Record<string, unknown> = { affinity: "none", pods: [] };
    const name = poolName({ namespace, service, port: "any" });
    if (draft.addPool(name, native, object)) hold(native, name, policy, draft);
  }
}

function hold(native: Record<string, unknown>, name: string, policy: LbPolicy, draft: Draft): void {
  const { persistence, budget, object } = policy;
  if (persistence !== undefined) {
    native.affinity = affinityOf(persistence, persistence.name, persistence.path, name);
    draft.origins.set(`pools.${name}.affinity`, object.label);
  }
  if (budget !== undefined) {
    native.retry = { budget };
    draft.origins.set(`pools.${name}.retry`, object.label);
  }
}

/** BackendLBPolicy of the Gateway API, and XBackendTrafficPolicy as it is called since: sessions of a Service's own. */
export const backendLbPolicy: Feature = {
  types: [
    "gateway.networking.k8s.io/BackendLBPolicy",
    "gateway.networking.k8s.io/BackendTrafficPolicy",
    "gateway.networking.x-k8s.io/XBackendTrafficPolicy",
    // The API's own examples leave the group out.
    "BackendLBPolicy",
    "BackendTrafficPolicy",
  ],
  read: readLbPolicy,
  apply,
};
