import { Fault, shown } from "../../config/fault.ts";
import type { Cluster, Service, ServicePort } from "../cluster.ts";
import type { Draft, PoolDraft } from "../draft.ts";
import { poolName } from "../draft.ts";
import { hasEndpoints } from "../endpoints.ts";
import type { Feature } from "../feature.ts";
import type { Field } from "../field.ts";
import type { KubernetesObject } from "../object.ts";
import { bool, int, label, oneOf, port, portRef, text } from "../read.ts";

/** What allocates addresses in the cluster, or other ways in than this one. */
const ALLOCATED = [
  "allocateLoadBalancerNodePorts",
  "clusterIP",
  "clusterIPs",
  "healthCheckNodePort",
  "ipFamilies",
  "ipFamilyPolicy",
];

/** Schedulers of kube-router: sticks by the client's address, or a policy. Others are rr to it. */
const SCHEDULERS: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  rr: { policy: "round-robin" },
  lc: { policy: "least-request" },
  sh: { policy: "consistent-hash", affinity: [{ "client-ip": {} }] },
  mh: { policy: "consistent-hash", affinity: [{ "client-ip": {} }] },
};

const IDLE = "nothing leads to it, and no endpoints are given";

function read(object: KubernetesObject, cluster: Cluster): void {
  const spec = object.root.at("spec");
  for (const key of ALLOCATED) spec.at(key).take();
  const type = spec.at("type").read(oneOf("ClusterIP", "NodePort", "LoadBalancer", "ExternalName"));
  if (type === "ExternalName") {
    object.ignore(
      `ExternalName has no endpoints: name ${shown(String(spec.at("externalName").value))} as a pod in a pool of native config`,
    );
    return;
  }
  const why =
    "an edge is at no node: requests go to the pods of all, and the client's address is told in X-Forwarded-For";
  for (const key of ["externalTrafficPolicy", "internalTrafficPolicy"]) {
    if (spec.at(key).read(oneOf("Cluster", "Local")) === "Local") spec.at(key).ignore(why);
  }
  const selector: Record<string, string> = {};
  for (const [key, field] of spec.at("selector").entries()) selector[key] = field.read(text) ?? "";
  cluster.services.set(`${object.namespace}/${object.name}`, {
    object,
    namespace: object.namespace,
    name: object.name,
    ports: portsOf(spec),
    selector: spec.at("selector").present ? selector : undefined,
    unready: spec.at("publishNotReadyAddresses").read(bool) === true,
    native: { policy: "random", affinity: affinityOf(spec), ...scheduled(object), ...zonesOf(spec) },
  });
}

function portsOf(spec: Field): ServicePort[] {
  const fields = spec.at("ports").items();
  const names = new Set<string>();
  const numbers = new Set<string>();
  return fields.flatMap((field): ServicePort[] => {
    const name = field.at("name").read(label) ?? "";
    const number = field.at("port").read(port);
    field.at("nodePort").read(int(0, 65_535));
    if (!field.at("port").present)
      field.at("port").refuse(new Fault("is missing", "write the Service's port"));
    if (name === "" && fields.length > 1 && field.at("name").value === undefined)
      field.at("name").refuse(new Fault("is missing", "name each port where there are several"));
    if (name !== "" && names.has(name))
      field.at("name").refuse(new Fault("the name stands twice", "give each port its own"));
    names.add(name);
    const target = field.at("targetPort");
    const unset = target.value === 0 || target.value === "";
    const aim = unset ? target.take() && undefined : target.read(portRef);
    const protocol = field.at("protocol").read(oneOf("TCP", "UDP", "SCTP"));
    const place = `${protocol ?? "TCP"}/${number}`;
    if (number !== undefined && numbers.has(place))
      field.at("port").refuse(new Fault("the port stands twice", "give each its own number or protocol"));
    numbers.add(place);
    const app = field.at("appProtocol").read(text);
    if (app !== undefined && !/^(?:https?|kubernetes\.io\/wss?)$/.test(app))
      field.at("appProtocol").ignore("pods are spoken to in HTTP");
    if (protocol !== undefined && protocol !== "TCP") {
      field.ignore(`${protocol} is not HTTP`);
      return [];
    }
    if (number === undefined) return [];
    const scheme = app === "https" || app === "kubernetes.io/wss" ? "https" : "http";
    return [{ name, port: number, target: aim ?? number, scheme, field }];
  });
}

function affinityOf(spec: Field): unknown {
  const config = spec.at("sessionAffinityConfig");
  const affinity = spec.at("sessionAffinity").read(oneOf("None", "ClientIP"));
  if (affinity === "None" || !spec.at("sessionAffinity").present) {
    config.ignore("sessionAffinity None erases it");
    return "none";
  }
  const timeout = config.at("clientIP", "timeoutSeconds").read(int(1, 86_400)) ?? 10_800;
  return [{ "client-ip": { timeout: `${timeout}s` } }];
}

function zonesOf(spec: Field): object {
  const field = spec.at("trafficDistribution");
  const wanted = field.read(oneOf("PreferSameZone", "PreferSameNode", "PreferClose"));
  if (wanted === undefined) return {};
  const where = "where a request's zone is read stands in native config, under zone";
  if (wanted === "PreferSameNode")
    field.notice("changed", `an edge is at no node: pods of the request's zone are preferred; ${where}`);
  else field.notice("honoured", `pods of the request's zone are preferred; ${where}`);
  return { zones: "prefer" };
}

/** kube-router's annotation goes before what kube-proxy would do; stickiness by the Service's own word goes before a hash. */
function scheduled(object: KubernetesObject): object {
  const field = object.annotation("kube-router.io/service.scheduler");
  const name = field.read(text);
  if (name === undefined) return {};
  const known = Object.hasOwn(SCHEDULERS, name) ? SCHEDULERS[name]! : SCHEDULERS.rr!;
  const sticky = object.root.at("spec", "sessionAffinity").value === "ClientIP";
  const { affinity, ...rest } = known;
  if (name === "dh")
    field.notice(
      "ignored",
      "dh goes by the address that is asked for, which is always the same here: round-robin is taken",
    );
  else if (known === SCHEDULERS.rr && name !== "rr")
    field.notice("invalid", "no scheduler of kube-router: rr is taken");
  else if (affinity !== undefined)
    field.notice(
      "changed",
      "a client's address stays with its pod, by Mooring's table and not by IPVS' own hash",
    );
  return sticky || affinity === undefined ? rest : known;
}

/** Pools of what is left, and routes by the Services' names in the cluster where nothing else says where requests go. */
function apply(cluster: Cluster, draft: Draft): void {
  const named = new Set(draft.routes.flatMap(targets));
  for (const service of cluster.services.values()) {
    for (const port of service.ports) {
      for (const ref of [port.port, port.name]) {
        const place = { namespace: service.namespace, service: service.name, port: ref };
        if (ref !== "" && named.has(poolName(place)) && !Object.hasOwn(draft.pools, poolName(place)))
          draft.pool(place);
      }
      const made = draft.serves(port);
      if (!made && (!draft.routed || hasEndpoints(cluster, service, port)))
        draft.pool({ namespace: service.namespace, service: service.name, port: port.port });
    }
  }
  for (const pool of draft.made) {
    const { pods } = pool.native;
    // Whoever asked for a part of them knows what is missing.
    if (pool.variant?.only === undefined && Array.isArray(pods) && pods.length === 0)
      pool.port.field.tell("changed", "no endpoints are given: its requests get 503");
  }
  if (!draft.routed) routeByName(draft);
  for (const { object, ports } of cluster.services.values()) {
    const idle = ports.filter((port) => !draft.serves(port));
    if (ports.length === 0) object.ignore("it has no port of TCP");
    else if (idle.length === ports.length) object.ignore(IDLE);
    else for (const { field } of idle) field.ignore(IDLE);
  }
}

function routeByName(draft: Draft): void {
  const { made } = draft;
  const only = made[0];
  if (made.length === 1 && only !== undefined) {
    draft.addRoute({ path: "/", pool: only.name }, only.service.object);
    only.service.object.root.tell(
      "changed",
      "it is the only Service, and no object says what leads to it: it takes every host",
    );
    return;
  }
  const seen = new Map<Service, PoolDraft>();
  for (const pool of made) {
    const { service, port } = pool;
    const first = seen.get(service);
    if (first !== undefined) {
      port.field.tell(
        "changed",
        `the Service's names lead to port ${first.port.port}: a native route may lead to ${pool.name}`,
      );
      continue;
    }
    seen.set(service, pool);
    const name = `${service.name}.${service.namespace}`;
    for (const host of [`${name}.svc.cluster.local`, `${name}.svc`, name])
      draft.addRoute({ host, path: "/", pool: pool.name }, service.object);
  }
  for (const { object } of seen.keys())
    object.root.tell("changed", "no object says what leads to it: it is routed by its names in the cluster");
}

/** The pools that a native route names, whatever shape it has. */
export function targets(route: unknown): string[] {
  if (typeof route !== "object" || route === null) return [];
  const { pool, split } = route as { readonly pool?: unknown; readonly split?: unknown };
  return [
    ...(typeof pool === "string" ? [pool] : []),
    ...Object.keys(typeof split === "object" && split !== null ? split : {}),
  ];
}

/** v1 Service: each port of TCP is a pool. */
export const service: Feature = { types: ["Service"], read, apply };
