import { Fault, shown } from "../../config/fault.ts";
import type { Cluster } from "../cluster.ts";
import type { Field } from "../field.ts";
import type { KubernetesObject } from "../object.ts";
import { subsetName, text } from "../read.ts";
import { keyOf, type ServiceRef, serviceOf } from "./host.ts";
import { type Policy, readPolicy } from "./policy.ts";

/** A DestinationRule as it is written. */
export interface Rule {
  readonly object: KubernetesObject;
  /** Seconds since the epoch; older ones go before. */
  readonly created: number;
  /** Undefined: its host is no name of a Service. */
  readonly target: ServiceRef | undefined;
  readonly policy: Policy | undefined;
  readonly subsets: readonly Subset[];
}

export interface Subset {
  readonly rule: Rule;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly policy: Policy | undefined;
  readonly field: Field;
}

/** All rules of a Service as one. */
export interface Merged {
  readonly target: ServiceRef;
  readonly rules: readonly Rule[];
  readonly policy: Policy | undefined;
  readonly subsets: ReadonlyMap<string, Subset>;
}

const RULES = Symbol("DestinationRule");
const MERGED = Symbol("DestinationRules by their Service");

export const createdOf = ({ root }: KubernetesObject): number =>
  Date.parse(String(root.at("metadata", "creationTimestamp").value)) || 0;

/** Reads a rule; what Istio's validation refuses is an error. */
export function readRule(object: KubernetesObject, cluster: Cluster): void {
  const spec = object.root.at("spec");
  const at = spec.at("host");
  const host = at.read(text);
  if (host === undefined || host === "")
    at.refuse(new Fault("is missing", "write the Service that the rule is for"));
  spec.at("exportTo").ignore("an edge sees the rules of all namespaces");
  const subsets: Subset[] = [];
  const rule: Rule = {
    object,
    created: createdOf(object),
    target: serviceOf(host ?? "", object.namespace),
    policy: readPolicy(spec.at("trafficPolicy")),
    subsets,
  };
  for (const field of spec.at("subsets").items()) {
    const subset = subsetOf(field, rule);
    if (subset === undefined) continue;
    if (subsets.some(({ name }) => name === subset.name))
      field.at("name").refuse(new Fault("the name stands twice", "give each subset its own"));
    subsets.push(subset);
  }
  if (spec.at("workloadSelector").present) {
    object.ignore("it is for the requests of some workloads alone, and an edge is none of them");
    return;
  }
  cluster.shelf<Rule>(RULES).push(rule);
}

function subsetOf(field: Field, rule: Rule): Subset | undefined {
  const at = field.at("name");
  const name = at.read(subsetName);
  if (!at.present) at.refuse(new Fault("is missing", "name the subset"));
  const labels: Record<string, string> = {};
  for (const [key, value] of field.at("labels").entries()) labels[key] = value.read(text) ?? "";
  field.at("labels").take();
  const policy = readPolicy(field.at("trafficPolicy"));
  return name === undefined ? undefined : { rule, name, labels, policy, field };
}

/** Rules by `namespace/name` of their Service, merged as Istio does (pilot/pkg/model/destination_rule.go). */
export function rulesOf(cluster: Cluster): ReadonlyMap<string, Merged> {
  const shelf = cluster.shelf<Map<string, Merged>>(MERGED);
  if (shelf[0] !== undefined) return shelf[0];
  const groups = new Map<string, Rule[]>();
  for (const rule of cluster.shelf<Rule>(RULES)) {
    const { target, object } = rule;
    if (target === undefined) {
      const host = shown(String(object.root.at("spec", "host").value));
      object.ignore(`${host} is no name of a Service in the cluster: nothing comes of the rule`);
    } else groups.set(keyOf(target), [...(groups.get(keyOf(target)) ?? []), rule]);
  }
  const all = new Map<string, Merged>();
  for (const [key, rules] of groups) all.set(key, merge(rules));
  shelf.push(all);
  return all;
}

/** Those of the Service's own namespace, the oldest first; of another namespace's where it has none. */
function merge(all: readonly Rule[]): Merged {
  const target = all[0]!.target!;
  const foreign = ({ object }: Rule) => Number(object.namespace !== target.namespace);
  const [first, ...others] = all.toSorted((a, b) => foreign(a) - foreign(b) || a.created - b.created);
  const rules = [first!];
  for (const rule of others) {
    if (rule.object.namespace === first!.object.namespace) rules.push(rule);
    else rule.object.ignore(`${first!.object.label} is for the same Service, and goes before it`);
  }
  if (foreign(first!) === 1)
    first!.object.root.tell(
      "changed",
      "it counts for all requests: Istio takes it for those of its own namespace alone",
    );
  const subsets = new Map<string, Subset>();
  for (const subset of rules.flatMap((rule) => rule.subsets)) {
    const other = subsets.get(subset.name);
    if (other === undefined) subsets.set(subset.name, subset);
    else subset.field.notice("ignored", `${other.rule.object.label} has this subset already`);
  }
  const [policy, ...lesser] = rules.flatMap((rule) => rule.policy ?? []);
  for (const { field } of lesser)
    field.notice("ignored", "an older rule of the Service has a trafficPolicy, which counts");
  return { target, rules, policy, subsets };
}
