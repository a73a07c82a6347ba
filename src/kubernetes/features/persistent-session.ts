import { Fault } from "../../config/fault.ts";
import { overlap } from "../../config/host.ts";
import type { Cluster } from "../cluster.ts";
import type { Draft, PoolDraft } from "../draft.ts";
import type { Feature } from "../feature.ts";
import type { Field } from "../field.ts";
import { cookieName, cookiePath } from "../istio/cookie-key.ts";
import { COOKIE, HEADER } from "../istio/labels.ts";
import { targets } from "./service.ts";

/** Envoy's cookie lasts as long as the browser, and its header for ever: here a session ends by itself. */
const ENDS = { idle: "1d", absolute: "7d" };
const TOLD =
  "sessions end when they were not seen for 1d, and 7d after they began; what Envoy has written is not read; a session whose pod is gone moves";

/** What carries the sessions of a Service, by its labels. */
interface Carrier {
  readonly field: Field;
  readonly cookie?: { readonly name: string; readonly path: string };
  readonly affinity: readonly unknown[];
}

/** A Service's label is the word of whoever runs its pods, and goes before all hashes, as Envoy's stateful session does. */
function apply(cluster: Cluster, draft: Draft): void {
  const carried: [PoolDraft, Carrier][] = [];
  for (const [key, service] of cluster.services) {
    const carrier = carrierOf(service.object.root.at("metadata", "labels"));
    if (carrier === undefined) continue;
    const own = draft.made.filter((pool) => `${pool.service.namespace}/${pool.service.name}` === key);
    for (const pool of own) if (claim(pool, carrier, draft)) carried.push([pool, carrier]);
  }
  separate(carried, draft);
}

function carrierOf(labels: Field): Carrier | undefined {
  const [cookie, header] = [labels.at(COOKIE), labels.at(HEADER)];
  if (typeof cookie.value === "string" && cookie.value !== "") {
    header.ignore(`the label ${COOKIE} goes before it`);
    const [name = "", ...rest] = cookie.value.split(":");
    const path = rest.length === 0 ? "/" : rest.join(":");
    const fault = [cookieName(name), cookiePath(path)].find((read) => read instanceof Fault);
    if (fault !== undefined) return cookie.refuse(fault as Fault);
    return { field: cookie, cookie: { name, path }, affinity: cookieOf({ name, path }) };
  }
  if (typeof header.value !== "string" || header.value === "") return undefined;
  return { field: header, affinity: [{ token: { header: header.value, ...ENDS } }] };
}

/** As Envoy writes it, without SameSite. */
const cookieOf = (cookie: { readonly name: string; readonly path: string }) => [
  { cookie: { ...cookie, sameSite: "unset", ...ENDS } },
];

/** Sessions that an Ingress or a route has given a pool stay as they are. */
function claim({ name, native, service }: PoolDraft, { field, affinity }: Carrier, draft: Draft): boolean {
  const said = native.affinity !== "none" && native.affinity !== service.native.affinity;
  const owner = draft.origins.get(`pools.${name}.affinity`) ?? (said ? "another object" : undefined);
  if (owner !== undefined && !/^(?:DestinationRule|VirtualService) /.test(owner)) {
    field.tell("changed", `sessions of ${name} are as ${owner} says`);
    return false;
  }
  const before = owner?.startsWith("DestinationRule ")
    ? `; it goes before the consistentHash of ${owner}`
    : "";
  field.tell("changed", `${TOLD}${before}`);
  native.affinity = structuredClone(affinity);
  draft.origins.set(`pools.${name}.affinity`, field.owner.label);
  return true;
}

/** Several pools behind one cookie of a host would take it from each other: each gets one of its own. */
function separate(carried: readonly (readonly [PoolDraft, Carrier])[], draft: Draft): void {
  const hosts = new Map<string, Set<string>>();
  for (const route of draft.routes) {
    const [first] = targets(route);
    const { host = "*" } = route as { readonly host?: unknown };
    if (first !== undefined && typeof host === "string")
      hosts.set(first, (hosts.get(first) ?? new Set()).add(host));
  }
  const groups = new Map<string, [PoolDraft, Carrier][]>();
  for (const [pool, carrier] of carried) {
    if (carrier.cookie === undefined || !hosts.has(pool.name)) continue;
    const key = `${carrier.cookie.name} ${carrier.cookie.path}`;
    groups.set(key, [...(groups.get(key) ?? []), [pool, carrier]]);
  }
  for (const group of groups.values()) {
    for (const [pool, { cookie, field }] of group) {
      const own = [...hosts.get(pool.name)!];
      const met = group.some(
        ([other]) =>
          other !== pool && own.some((host) => [...hosts.get(other.name)!].some((one) => overlap(host, one))),
      );
      if (!met) continue;
      const name = `${cookie!.name.slice(0, 64)}-${pool.name}`;
      pool.native.affinity = cookieOf({ name, path: cookie!.path });
      field.tell("changed", `several pools of a host have this cookie: that of ${pool.name} is ${name}`);
    }
  }
}

/** Istio's labels of Services that ask for persistent sessions. No kind of its own: it looks at the Services. */
export const persistentSession: Feature = { types: [], read: () => undefined, apply };
