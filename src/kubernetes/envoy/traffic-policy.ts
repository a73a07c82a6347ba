import { Fault, shown } from "../../config/fault.ts";
import type { Cluster } from "../cluster.ts";
import type { Field } from "../field.ts";
import { gatewayDuration } from "../gateway/duration.ts";
import type { Retry } from "../gateway/retry.ts";
import { compareAge, type HttpRoute } from "../gateway/route.ts";
import type { Rule } from "../gateway/rule.ts";
import { createdOf } from "../istio/rule.ts";
import type { KubernetesObject } from "../object.ts";
import { text } from "../read.ts";
import { readHealthCheck } from "./health-check.ts";
import { readLoadBalancer } from "./load-balancer.ts";
import { readFaultInjection, readRetryPolicy } from "./route-settings.ts";

/** A BackendTrafficPolicy of Envoy Gateway. */
export interface TrafficPolicy {
  readonly object: KubernetesObject;
  readonly created: number;
  readonly targets: readonly Target[];
  /** Keys of a native pool. */
  readonly pool: Readonly<Record<string, unknown>>;
  /** Of a route. */
  readonly total: Timeout | undefined;
  readonly perTry: Timeout | undefined;
  readonly retry: Retry | undefined;
  readonly fault: Readonly<Record<string, unknown>> | undefined;
}

/** Milliseconds, and where they stand. */
export interface Timeout {
  readonly time: number;
  readonly field: Field;
}

interface Target {
  readonly field: Field;
  /** `HTTPRoute namespace/name section`, the section empty where it is for all of it. */
  readonly key: string;
}

const SHELF = Symbol("BackendTrafficPolicy");
const TARGETED = Symbol("BackendTrafficPolicies by their target");
const OWN = "the runtime holds connections to pods itself";
const IGNORED: Readonly<Record<string, string>> = {
  mergeType: "the policy nearest to a rule counts, and no other beside it",
  targetSelectors: "targets are named: write targetRefs",
  rateLimit: "requests are not limited by their rate",
  circuitBreaker: "maxInFlight and queue in native config bound the requests at each pod",
  proxyProtocol: "pods are told of the client by X-Forwarded-For",
  tcpKeepalive: OWN,
  connection: OWN,
  dns: OWN,
  http2: OWN,
  useClientProtocol: OWN,
  compression: "answers are passed on as they come",
  compressor: "answers are passed on as they come",
  responseOverride: "an answer of a pod is passed on as it is",
  httpUpgrade: "WebSockets are passed on",
  requestBuffer: "bodies are passed on as they come",
  telemetry: "metrics are told by pool",
};

export function readTrafficPolicy(object: KubernetesObject, cluster: Cluster): void {
  const spec = object.root.at("spec");
  for (const [name, why] of Object.entries(IGNORED)) spec.at(name).ignore(why);
  const http = spec.at("timeout", "http");
  const at = http.at("requestTimeout");
  const time = at.read(gatewayDuration);
  http.ignoreRest(OWN);
  spec.at("timeout", "tcp").ignore("the runtime bounds this itself");
  const health = readHealthCheck(spec.at("healthCheck"));
  cluster.shelf<TrafficPolicy>(SHELF).push({
    object,
    created: createdOf(object),
    targets: targetsOf(spec, object),
    pool: { ...readLoadBalancer(spec.at("loadBalancer")), ...(health === undefined ? {} : { health }) },
    total: time === undefined ? undefined : { time, field: at },
    perTry: undefined,
    retry: undefined,
    fault: readFaultInjection(spec.at("faultInjection")),
    ...readRetryPolicy(spec.at("retry")),
  });
}

function targetsOf(spec: Field, object: KubernetesObject): Target[] {
  const [list, one] = [spec.at("targetRefs"), spec.at("targetRef")];
  if (list.items().length === 0 && !one.present && !spec.at("targetSelectors").present)
    list.refuse(new Fault("is missing", "name the HTTPRoutes or Gateways that it is for"));
  return [...list.items(), ...(one.present ? [one] : [])].flatMap((field): Target[] => {
    field.at("group").read(text);
    const kind = field.at("kind").read(text) ?? "";
    const name = field.at("name").read(text);
    const section = field.at("sectionName").read(text) ?? "";
    if (name === undefined)
      field.at("name").refuse(new Fault("is missing", "name an HTTPRoute or a Gateway"));
    else if (kind === "HTTPRoute" || kind === "Gateway")
      return [{ field, key: `${kind} ${object.namespace}/${name} ${section}` }];
    else field.notice("ignored", `${shown(kind)} is not read`);
    return [];
  });
}

/** By their targets, of several for one the oldest. */
function policiesOf(cluster: Cluster): Map<string, TrafficPolicy> {
  const shelf = cluster.shelf<Map<string, TrafficPolicy>>(TARGETED);
  if (shelf[0] !== undefined) return shelf[0];
  const found = new Map<string, TrafficPolicy>();
  for (const policy of cluster.shelf<TrafficPolicy>(SHELF).toSorted(compareAge)) {
    for (const { key, field } of policy.targets) {
      const known = found.get(key);
      if (known === undefined) found.set(key, policy);
      else field.tell("ignored", `${known.object.label} is for it already, and goes before it`);
    }
  }
  shelf.push(found);
  return found;
}

/** The policy nearest to a rule: its own, its route's, that of a listener which the route names, that of a Gateway. */
export function trafficOf(
  cluster: Cluster,
  { object, parents }: HttpRoute,
  rule: Rule,
): TrafficPolicy | undefined {
  const policies = policiesOf(cluster);
  const route = `HTTPRoute ${object.namespace}/${object.name}`;
  const gateways = parents.flatMap(({ gateway, section }) =>
    gateway === undefined ? [] : [{ gateway, section }],
  );
  const keys = [
    ...(rule.name === undefined ? [] : [`${route} ${rule.name}`]),
    `${route} `,
    ...gateways.flatMap(({ gateway, section }) =>
      section === undefined ? [] : [`Gateway ${gateway} ${section}`],
    ),
    ...gateways.map(({ gateway }) => `Gateway ${gateway} `),
  ];
  const key = keys.find((one) => policies.has(one));
  return key === undefined ? undefined : policies.get(key);
}

/** Targets that no rule was found by. */
export function tellIdle(cluster: Cluster, used: ReadonlySet<TrafficPolicy>): void {
  for (const policy of new Set(policiesOf(cluster).values()))
    if (!used.has(policy)) policy.object.root.tell("ignored", "no rule of an HTTPRoute that is given has it");
}
