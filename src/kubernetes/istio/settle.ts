import type { Cluster, Service, ServicePort } from "../cluster.ts";
import type { Draft } from "../draft.ts";
import { keyOf, type ServiceRef } from "./host.ts";
import { DEFAULT } from "./load-balancer.ts";
import { type Sections, sectionsFor } from "./policy.ts";
import { type Merged, rulesOf, type Subset } from "./rule.ts";

/** A pool that an object of Istio leads to or speaks of; without a Service it has no pods. */
export interface Led {
  readonly name: string;
  readonly native: Record<string, unknown>;
  readonly service?: Service | undefined;
  readonly port?: ServicePort | undefined;
}

/** Envoy has no time-out until it is given one: the most that native config has. */
const PATIENCE = "1h";
/** Two more after the first (pilot/pkg/networking/core/route/retry). */
const ATTEMPTS = 3;
const SETTLED = Symbol("pools that have what Istio says of them");

/**
 * Writes into a pool what DestinationRules say of its port, and of its subset where it is one's, and Istio's defaults else.
 * What another object has said of the pool stays. Once for each pool.
 */
export function settle(cluster: Cluster, draft: Draft, pool: Led, of: ServiceRef, subset?: Subset): void {
  const shelf = cluster.shelf<Set<string>>(SETTLED);
  shelf[0] ??= new Set();
  if (shelf[0].has(pool.name)) return;
  shelf[0].add(pool.name);
  const rule = rulesOf(cluster).get(keyOf(of));
  const sections = sectionsFor(rule?.policy, subset?.policy, pool.port?.port);
  const lost = new Map<string, string[]>();
  for (const [key, value] of Object.entries(nativeOf(pool, sections))) {
    const owner = ownerOf(draft, pool, key, value);
    if (owner === undefined) {
      pool.native[key] = value;
      const origin = subset?.policy === undefined ? rule?.rules[0] : subset.rule;
      if (origin !== undefined && key !== "health")
        draft.origins.set(`pools.${pool.name}.${key}`, origin.object.label);
    } else lost.set(owner, [...(lost.get(owner) ?? []), key]);
  }
  for (const [owner, keys] of lost)
    tellLost(rule, `${keys.join(", ")} of ${pool.name}: as ${owner} says, which leads there too`);
  tellAffinity(pool, sections, rule);
  if (sections.outlier !== undefined && (sections.balance ?? DEFAULT).local)
    sections.outlier.field.tell(
      "honoured",
      "pods of the request's zone are preferred, as Istio does with it; where that is read stands in native config, under zone",
    );
}

function nativeOf(
  pool: Led,
  { balance = DEFAULT, outlier, connections, budget }: Sections,
): Record<string, unknown> {
  const health = pool.native.health as object | undefined;
  return {
    policy: balance.policy,
    ...(balance.affinity === undefined ? {} : { affinity: balance.affinity }),
    ...(balance.slowStart === undefined ? {} : { slowStart: balance.slowStart }),
    ...(outlier !== undefined && balance.local ? { zones: "prefer" } : {}),
    ...(outlier === undefined
      ? {}
      : { health: { ...health, outlier: outlier.outlier, panic: outlier.panic } }),
    ...connections,
    timeouts: { headers: PATIENCE },
    retry: { attempts: ATTEMPTS, ...(budget === undefined ? {} : { budget }) },
  };
}

/** Who has said something of a key that is not the Service's own word. */
function ownerOf(
  draft: Draft,
  { name, native, service }: Led,
  key: string,
  value: unknown,
): string | undefined {
  // Probes are another matter than outlierDetection.
  if (key === "health" || service === undefined) return undefined;
  const there = native[key];
  if (there === undefined || there === service.native[key]) return undefined;
  if (JSON.stringify(there) === JSON.stringify(value)) return undefined;
  return draft.origins.get(`pools.${name}.${key}`) ?? "another object";
}

function tellLost(rule: Merged | undefined, message: string): void {
  for (const { object } of rule?.rules ?? []) object.root.tell("changed", message);
}

/** A Service's ClientIP, which Istio goes past, gives way to a hash, and is kept without one. */
function tellAffinity({ service }: Led, { balance }: Sections, rule: Merged | undefined): void {
  if (service === undefined || !Array.isArray(service.native.affinity)) return;
  const { root } = service.object;
  const written = root.at("spec", "sessionAffinity");
  const field = written.present ? written : root;
  if (balance?.affinity === undefined)
    field.tell(
      "changed",
      "clients stay by their address here too: Istio would go past the Service to its pods",
    );
  else field.tell("changed", `consistentHash of ${rule!.rules[0]!.object.label} goes before it, as in Istio`);
}
