import { Fault, shown } from "../../config/fault.ts";
import { formatPercent } from "../../config/percent.ts";
import type { Cluster } from "../cluster.ts";
import type { Field } from "../field.ts";
import { createdOf } from "../istio/rule.ts";
import type { KubernetesObject } from "../object.ts";
import { int, text } from "../read.ts";
import { gatewayDuration } from "./duration.ts";
import { type Persistence, readPersistence } from "./persistence.ts";
import { compareAge } from "./route.ts";

/** A BackendLBPolicy, or what it is called since: what holds for Services, whoever leads to them. */
export interface LbPolicy {
  readonly object: KubernetesObject;
  readonly created: number;
  /** `namespace/name` of Services. */
  readonly targets: readonly string[];
  readonly persistence: Persistence | undefined;
  /** `retry.budget` in native config. */
  readonly budget: string | undefined;
}

const SHELF = Symbol("BackendLBPolicy");
const TARGETED = Symbol("BackendLBPolicies by their Service");

export function readLbPolicy(object: KubernetesObject, cluster: Cluster): void {
  const spec = object.root.at("spec");
  cluster.shelf<LbPolicy>(SHELF).push({
    object,
    created: createdOf(object),
    targets: targetsOf(spec, object),
    persistence: readPersistence(spec.at("sessionPersistence")),
    budget: budgetOf(spec.at("retryConstraint")),
  });
}

function targetsOf(spec: Field, object: KubernetesObject): string[] {
  const [list, old] = [spec.at("targetRefs"), spec.at("targetRef")];
  if (list.items().length === 0 && !old.present)
    list.refuse(new Fault("is missing", "name the Services that it is for"));
  return [...list.items(), ...(old.present ? [old] : [])].flatMap((item) => {
    const group = item.at("group").read(text) ?? "";
    const kind = item.at("kind").read(text) ?? "Service";
    // As an early draft of the API spelt it.
    const name = item.at("name").read(text) ?? item.at("Name").read(text);
    const section = item.at("sectionName");
    if (section.read(text) !== undefined) section.ignore("it holds for all ports of the Service");
    if (name === undefined) item.at("name").refuse(new Fault("is missing", "name a Service"));
    else if (group === "" && kind === "Service") return [`${object.namespace}/${name}`];
    else item.notice("invalid", `${shown(kind)} is no Service: nothing comes of it`);
    return [];
  });
}

function budgetOf(field: Field): string | undefined {
  if (!field.present) return undefined;
  const budget = field.at("budget");
  const share = budget.at("percent").read(int(0, 100)) ?? 20;
  if (budget.at("interval").read(gatewayDuration) !== undefined)
    budget.at("interval").tell("changed", "it is a share of the requests of the last 10 s");
  const rate = field.at("minRetryRate");
  rate.at("count").read(int(1, 1_000_000));
  rate.at("interval").read(gatewayDuration);
  if (rate.present) rate.tell("changed", "3 retries a second are always within the budget here");
  field.take();
  return formatPercent(share / 100);
}

/**
 * Policies by `namespace/name` of their Service: of several for one the oldest. A name of sessions that an older policy has
 * is invalid, and so are the sessions of the later one.
 */
export function lbPoliciesOf(cluster: Cluster): ReadonlyMap<string, LbPolicy> {
  const shelf = cluster.shelf<Map<string, LbPolicy>>(TARGETED);
  if (shelf[0] !== undefined) return shelf[0];
  const found = new Map<string, LbPolicy>();
  const names = new Map<string, LbPolicy>();
  for (const policy of cluster.shelf<LbPolicy>(SHELF).toSorted(compareAge)) {
    const { object, persistence, targets } = policy;
    const key = `${object.namespace} ${persistence?.type} ${persistence?.name}`;
    const other = persistence?.name === undefined ? undefined : names.get(key);
    names.set(key, other ?? policy);
    if (other !== undefined) {
      const message = `two Services cannot have sessions of one name, and ${other.object.label} is older: nothing comes of them`;
      persistence!.named.tell("invalid", message);
    }
    for (const target of targets) {
      const known = found.get(target);
      if (known === undefined)
        found.set(target, other === undefined ? policy : { ...policy, persistence: undefined });
      else object.root.tell("ignored", `${known.object.label} is for ${target} already, and goes before it`);
    }
  }
  shelf.push(found);
  return found;
}
