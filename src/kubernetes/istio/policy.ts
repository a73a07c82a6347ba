import { Fault } from "../../config/fault.ts";
import { formatPercent } from "../../config/percent.ts";
import type { Field } from "../field.ts";
import { int, port } from "../read.ts";
import { type Connections, readConnectionPool } from "./connection-pool.ts";
import { type Balance, readBalance } from "./load-balancer.ts";
import { type Outlier, readOutlier } from "./outlier.ts";
import { number } from "./read.ts";

/** The sections of a traffic policy that a pool is made of; a section that is written replaces the whole of another. */
export interface Sections {
  readonly balance?: Balance | undefined;
  readonly outlier?: Outlier | undefined;
  readonly connections?: Connections | undefined;
  /** `retry.budget` in native config. */
  readonly budget?: string | undefined;
}

/** A traffic policy as it is written. */
export interface Policy extends Sections {
  readonly field: Field;
  readonly ports: ReadonlyMap<number, PortPolicy>;
}

export interface PortPolicy extends Sections {
  readonly field: Field;
}

/** What pods are spoken to by, which is not an edge's to choose. */
const IGNORED: Readonly<Record<string, string>> = {
  tls: "pods are spoken to in http, or https where the Service's appProtocol says so",
  tunnel: "requests go to pods straight",
  proxyProtocol: "pods are told of the client by X-Forwarded-For",
};

/** trafficPolicy of a rule or of one of its subsets; undefined where there is none. */
export function readPolicy(field: Field): Policy | undefined {
  if (!field.present) return undefined;
  const names = ["loadBalancer", "connectionPool", "outlierDetection", "portLevelSettings", "retryBudget"];
  if (![...names, ...Object.keys(IGNORED)].some((name) => field.at(name).present)) {
    return field.refuse(
      new Fault("is empty", "write a section of it, such as loadBalancer, or leave it out"),
    );
  }
  const ports = new Map<number, PortPolicy>();
  for (const item of field.at("portLevelSettings").items()) {
    const at = item.at("port", "number");
    const found = at.read(port);
    if (!at.present) at.refuse(new Fault("is missing", "write the Service's port"));
    if (!["loadBalancer", "connectionPool", "outlierDetection", "tls"].some((name) => item.at(name).present))
      item.refuse(new Fault("is empty", "write a section of it, such as loadBalancer, or leave it out"));
    const sections = sectionsOf(item);
    if (found === undefined) continue;
    if (ports.has(found)) at.notice("ignored", "the port stands here already, and the first counts");
    else ports.set(found, { ...sections, field: item });
  }
  return { ...sectionsOf(field), budget: budgetOf(field.at("retryBudget")), ports, field };
}

function sectionsOf(field: Field): Sections {
  const [lb, pool, outlier] = ["loadBalancer", "connectionPool", "outlierDetection"].map((name) =>
    field.at(name),
  ) as [Field, Field, Field];
  for (const [name, why] of Object.entries(IGNORED)) field.at(name).ignore(why);
  return {
    balance: lb.present ? readBalance(lb, outlier.present) : undefined,
    outlier: outlier.present ? readOutlier(outlier) : undefined,
    connections: pool.present ? readConnectionPool(pool) : undefined,
  };
}

function budgetOf(field: Field): string | undefined {
  if (!field.present) return undefined;
  const percent = field.at("percent").read(number(0, 100)) ?? 20;
  const least = field.at("minRetryConcurrency");
  if (least.read(int(0, 2 ** 31 - 1)) !== undefined)
    least.tell("changed", "3 retries a second are always within the budget here");
  field.take();
  return formatPercent(percent / 100);
}

/**
 * What holds for one port, of a subset where one is given: a subset's sections go before those of its rule, and settings of
 * a port before all of them, also where they leave a section out (MergeSubsetTrafficPolicy).
 */
export function sectionsFor(
  rule: Policy | undefined,
  subset: Policy | undefined,
  port: number | undefined,
): Sections {
  const above = atPort(rule, port);
  if (subset === undefined) return above.sections;
  const own = atPort(subset, port);
  const { balance, outlier, connections, budget } = own.sections;
  const rest: Sections = own.whole ? {} : above.sections;
  return {
    balance: balance ?? rest.balance,
    outlier: outlier ?? rest.outlier,
    connections: connections ?? rest.connections,
    budget: budget ?? above.sections.budget,
  };
}

function atPort(
  policy: Policy | undefined,
  port: number | undefined,
): { sections: Sections; whole: boolean } {
  const own = port === undefined ? undefined : policy?.ports.get(port);
  const { balance, outlier, connections } = own ?? policy ?? {};
  return { sections: { balance, outlier, connections, budget: policy?.budget }, whole: own !== undefined };
}
