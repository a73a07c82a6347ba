import { Fault } from "../../config/fault.ts";
import type { Field } from "../field.ts";
import { gatewayDuration } from "../gateway/duration.ts";
import { spelt } from "../istio/read.ts";
import { oneOf } from "../read.ts";
import { readHash } from "./consistent-hash.ts";

const DAY = 86_400_000;
const POLICIES = { LeastRequest: "least-request", Random: "random", RoundRobin: "round-robin" } as const;
const TYPES = ["ConsistentHash", ...Object.keys(POLICIES)] as const;

/** loadBalancer as keys of a native pool: `policy`, `affinity`, `slowStart`, `zones`. */
export function readLoadBalancer(field: Field): Record<string, unknown> {
  if (!field.present) return {};
  const at = field.at("type");
  if (!at.present || at.value === "") at.refuse(new Fault("is missing", `write one of ${TYPES.join(", ")}`));
  const type = at.read(oneOf(...TYPES), "LeastRequest") ?? "LeastRequest";
  field.at("endpointOverride").ignore("a client cannot name its pod");
  const slow = slowStartOf(field.at("slowStart"), type);
  const zones = zonesOf(field.at("zoneAware"), type);
  if (type !== "ConsistentHash") {
    const hash = field.at("consistentHash");
    if (hash.present)
      hash.refuse(new Fault(`is not for type ${type}`, "write type: ConsistentHash, or leave it out"));
    return { policy: POLICIES[type as keyof typeof POLICIES], ...slow, ...zones };
  }
  const hash = field.at("consistentHash");
  if (!hash.present) hash.refuse(new Fault("is missing", "say what to hash: { type: SourceIP }"));
  const found = hash.present ? readHash(hash) : undefined;
  if (found === undefined) return {};
  return { policy: found.policy, ...(found.affinity === undefined ? {} : { affinity: found.affinity }) };
}

function slowStartOf(field: Field, type: string | undefined): Record<string, unknown> {
  if (!field.present) return {};
  if (type === "Random" || type === "ConsistentHash") {
    field.refuse(new Fault(`is not for type ${type}`, "leave it out, or write RoundRobin or LeastRequest"));
    return {};
  }
  const at = field.at("window");
  if (!at.present) at.refuse(new Fault("is missing", 'write how long it takes: "60s"'));
  const window = at.read(gatewayDuration);
  return window === undefined ? {} : { slowStart: spelt(at, window, 0, DAY) };
}

function zonesOf(field: Field, type: string | undefined): Record<string, unknown> {
  if (!field.present) return {};
  if (type === "ConsistentHash") {
    field.refuse(new Fault("is not for type ConsistentHash", "leave it out"));
    return {};
  }
  field.at("weightedZones").ignore("requests are not shared among zones by weight");
  const near = field.at("preferLocal");
  if (!near.present) return {};
  near.notice(
    "changed",
    "pods of the request's zone are preferred while they have room; where that is read stands in native config, under zone",
  );
  return { zones: "prefer" };
}
