import { formatPath } from "../../config/diagnostic.ts";
import type { Cluster, Service } from "../cluster.ts";
import type { Backend } from "./backend.ts";
import { type LbPolicy, lbPoliciesOf } from "./lb-policy.ts";
import type { Persistence } from "./persistence.ts";
import type { HttpRoute } from "./route.ts";
import type { Rule } from "./rule.ts";

/** The policies of a rule's Services, in the order of its backends. */
export function policiesOf(backends: readonly Backend[], cluster: Cluster): LbPolicy[] {
  const all = lbPoliciesOf(cluster);
  return [...new Set(backends.flatMap((backend) => all.get(keyOf(backend)) ?? []))];
}

const keyOf = ({ namespace, service }: Backend) => `${namespace}/${service}`;

/** What holds the sessions of a rule: its own word, else that of the first policy, for all backends. The rest is told. */
export function persistenceOf(
  { object }: HttpRoute,
  rule: Rule,
  policies: readonly LbPolicy[],
): Persistence | undefined {
  const place = `${object.label}: ${formatPath(rule.field.path)}`;
  const saying = policies.filter(({ persistence }) => persistence !== undefined);
  const tell = ({ persistence }: LbPolicy, message: string) =>
    persistence!.field.tell("changed", `${place}: ${message}`);
  if (rule.persistence !== undefined) {
    for (const policy of saying) tell(policy, "the rule says itself how its sessions persist");
    return rule.persistence;
  }
  const [first, ...others] = saying;
  for (const policy of others)
    tell(policy, `a rule's sessions are one, and ${first!.object.label} goes before it`);
  if (first === undefined) return undefined;
  const meant = new Set(saying.flatMap(({ targets }) => targets));
  if (!rule.backends.every((backend) => meant.has(keyOf(backend))))
    tell(first, "it holds for all backends of the rule, those without a policy too");
  return first.persistence;
}

/** A Service's ClientIP gives way to what a rule says of sessions; else that of the first backend is kept. */
export function tellAddress(
  { object, native }: Service,
  route: HttpRoute,
  goesBefore: "sessionPersistence" | "ConsistentHash" | "another backend" | undefined,
): void {
  if (!Array.isArray(native.affinity)) return;
  const written = object.root.at("spec", "sessionAffinity");
  const field = written.present ? written : object.root;
  const why =
    goesBefore === undefined
      ? "clients stay by their address here too: a Gateway would go past the Service to its pods"
      : goesBefore === "another backend"
        ? `the first backend of a rule of ${route.object.label} says what carries its sessions`
        : `${goesBefore} of ${route.object.label} goes before it`;
  field.tell("changed", why);
}
