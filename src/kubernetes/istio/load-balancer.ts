import { Fault } from "../../config/fault.ts";
import { formatPercent } from "../../config/percent.ts";
import type { Field } from "../field.ts";
import { bool, oneOf } from "../read.ts";
import { type Hash, readHash } from "./consistent-hash.ts";
import { duration, number, onlyOne, spelt, within } from "./read.ts";

/** What loadBalancer says of a pool. */
export interface Balance extends Hash {
  /** `slowStart` in native config. */
  readonly slowStart?: unknown;
  /** Whether pods of the request's zone may go before others. */
  readonly local: boolean;
}

const DAY = 86_400_000;
const SIMPLE = oneOf("UNSPECIFIED", "LEAST_CONN", "RANDOM", "PASSTHROUGH", "ROUND_ROBIN", "LEAST_REQUEST");
const POLICIES: Readonly<Record<string, string>> = { RANDOM: "random", ROUND_ROBIN: "round-robin" };

/** Istio's own choice (pilot/pkg/networking/core, defaultLBAlgorithm). */
export const DEFAULT: Balance = { policy: "least-request", affinity: undefined, local: true };

/** loadBalancer: a simple policy or a hash, how new pods warm up, and whether the zone counts. */
export function readBalance(field: Field, outlier: boolean): Balance {
  onlyOne(field, ["simple", "consistentHash"]);
  const at = field.at("simple");
  const simple = at.read(SIMPLE) ?? "UNSPECIFIED";
  if (simple === "PASSTHROUGH")
    at.ignore("an edge does not know the address that a client has asked for: LEAST_REQUEST is taken");
  const warm = warmthOf(field);
  const local = localityOf(field.at("localityLbSetting"), outlier);
  if (field.at("consistentHash").present) {
    for (const one of warmths(field)) one.ignore("it has no effect with consistentHash, as in Istio");
    return { ...(readHash(field.at("consistentHash")) ?? DEFAULT), local };
  }
  const policy = POLICIES[simple] ?? "least-request";
  if (policy === "random") {
    for (const one of warmths(field)) one.ignore("it has no effect with RANDOM, as in Istio");
    return { policy, affinity: undefined, local };
  }
  return { policy, affinity: undefined, ...(warm === undefined ? {} : { slowStart: warm }), local };
}

const warmths = (field: Field) => [field.at("warmup"), field.at("warmupDurationSecs")];

/** Envoy's slow start; the older field has its window alone, and gives way to the other. */
function warmthOf(field: Field): unknown {
  const [warmup, old] = warmths(field) as [Field, Field];
  const seconds = old.read(duration(1));
  if (!warmup.present) return seconds === undefined ? undefined : spelt(old, seconds, 1, DAY);
  old.ignore("warmup goes before it");
  const at = warmup.at("duration");
  if (!at.present) at.refuse(new Fault("is missing", 'write how long it takes: "60s"'));
  const window = at.read(duration(1));
  const minimum = warmup.at("minimumPercent").read(number(0, 100));
  const steep = warmup.at("aggression");
  const aggression = steep.read(number(1, Number.POSITIVE_INFINITY));
  const spell = window === undefined ? "0s" : spelt(at, window, 1, DAY);
  if (minimum === undefined && aggression === undefined) return spell;
  return {
    window: spell,
    ...(aggression === undefined ? {} : { aggression: within(steep, aggression, 1, 10) }),
    ...(minimum === undefined ? {} : { minimum: formatPercent(minimum / 100) }),
  };
}

/** Whether pods of the request's zone go first, which takes outlierDetection there. */
function localityOf(field: Field, outlier: boolean): boolean {
  const { distribute, failover, failoverPriority } = {
    distribute: field.at("distribute"),
    failover: field.at("failover"),
    failoverPriority: field.at("failoverPriority"),
  };
  if (distribute.items().length > 0 && failover.items().length > 0)
    field.refuse(new Fault("distribute and failover exclude each other", "leave one of the two out"));
  const enabled = field.at("enabled").read(bool) !== false;
  const shares = distribute.present;
  distribute.ignore("requests are not shared among zones by percent");
  const where = "pods of the request's zone go first, and all others are one";
  for (const one of [failover, failoverPriority])
    one.ignore(outlier ? where : "it has no effect without outlierDetection, as in Istio");
  return enabled && !shares;
}
