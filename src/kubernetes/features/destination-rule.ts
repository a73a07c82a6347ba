import type { Cluster, Service } from "../cluster.ts";
import { type Draft, poolName } from "../draft.ts";
import type { Feature } from "../feature.ts";
import { keyOf } from "../istio/host.ts";
import type { Policy } from "../istio/policy.ts";
import { Pools } from "../istio/pools.ts";
import { type Merged, readRule, rulesOf } from "../istio/rule.ts";
import { settle } from "../istio/settle.ts";
import { targets } from "./service.ts";

/** After all pools are made: the rules' words for those that no VirtualService leads to, and what nothing came of. */
function apply(cluster: Cluster, draft: Draft): void {
  const rules = rulesOf(cluster);
  const pools = Pools.of(cluster, draft);
  pools.serveNamed(new Set(draft.routes.flatMap(targets)));
  for (const pool of draft.made) {
    const of = { namespace: pool.service.namespace, service: pool.service.name };
    if (rules.has(keyOf(of))) settle(cluster, draft, pool, of);
  }
  for (const [key, rule] of rules) {
    if (!cluster.services.has(key)) lonely(rule, key, pools);
    else tellPorts(rule, cluster);
    tellSubsets(rule, pools, cluster.services.get(key));
  }
}

/** A rule whose Service is not given shows all the same what it says, in a pool without pods. */
function lonely({ target, rules }: Merged, key: string, pools: Pools): void {
  const { object } = rules[0]!;
  object.root.tell("changed", `the Service ${key} is not among the documents: its pool has no pods`);
  pools.nothing(target, "any", object);
}

function tellPorts({ target, policy, subsets }: Merged, cluster: Cluster): void {
  const { ports } = cluster.services.get(keyOf(target))!;
  const all: (Policy | undefined)[] = [policy, ...[...subsets.values()].map((subset) => subset.policy)];
  for (const [number, { field }] of all.flatMap((one) => [...(one?.ports ?? [])]))
    if (!ports.some(({ port }) => port === number))
      field.at("port").tell("ignored", `the Service has no port ${number} of TCP`);
}

/** Subsets are pools where something leads to them. */
function tellSubsets({ target, subsets, policy }: Merged, pools: Pools, service: Service | undefined): void {
  const [port] = service?.ports ?? [];
  for (const subset of subsets.values()) {
    if (pools.uses(subset)) continue;
    const name = port && poolName({ ...target, port: port.port }, { suffix: subset.name });
    const how = name === undefined ? "" : `: a native route may, to the pool ${name}`;
    subset.field.tell("ignored", `nothing leads to it${how}`);
  }
  if (subsets.size > 1 && policy?.balance?.affinity !== undefined)
    policy.field
      .at("loadBalancer", "consistentHash")
      .tell(
        "changed",
        "a session keeps its subset where a split leads to several: Istio draws it anew for each request",
      );
}

/** networking.istio.io DestinationRule: what a Service's pools, and those of its subsets, balance by. */
export const destinationRule: Feature = {
  types: ["networking.istio.io/DestinationRule"],
  read: readRule,
  apply,
};
