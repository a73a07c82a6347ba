import { Fault } from "../../config/fault.ts";
import { parseHost } from "../../config/host.ts";
import type { Service } from "../cluster.ts";
import type { PortRef } from "../draft.ts";
import type { Field } from "../field.ts";
import type { KubernetesObject } from "../object.ts";
import { oneOf, port, portName, text } from "../read.ts";
import { Annotations, goBool } from "./annotations.ts";
import { type Canary, canaryOf } from "./canary.ts";
import { annotationFeatures } from "./index.ts";
import type { Settings } from "./settings.ts";

/** Host and path of one rule of an Ingress, and where they lead. */
export interface Place {
  readonly ingress: Ingress;
  readonly host: string;
  readonly path: string;
  readonly type: "Exact" | "Prefix" | "ImplementationSpecific";
  readonly ref: PortRef;
  readonly field: Field;
  /** Where its canary leads. */
  canary?: { readonly place: Place; readonly rule: Canary };
  pool?: PlacePool;
}

/** The pool that a place leads to; without a Service one without pods. */
export interface PlacePool {
  readonly name: string;
  readonly native: Record<string, unknown>;
  readonly service?: Service;
}

/** An Ingress as its file reads it. */
export interface Ingress {
  readonly object: KubernetesObject;
  /** Seconds since the epoch; older ones go before. */
  readonly created: number;
  /** Undefined: it is no canary. */
  readonly canary: Canary | undefined;
  readonly settings: Settings;
  /** Paths of its hosts are regular expressions. */
  readonly regex: boolean;
  /** Its pods are spoken to in TLS. */
  readonly https: boolean;
  readonly places: readonly Place[];
  /** How many these are with those of the Ingresses before. */
  readonly total: number;
}

/** Names by paths are a product: what does not fit in a config must not be made first. */
const MAX_PLACES = 100_000;

/** @param before places of the Ingresses before it */
export function readIngress(object: KubernetesObject, before: number): Ingress {
  const annotations = new Annotations(object);
  const settings: Record<string, unknown> = {};
  for (const feature of annotationFeatures) {
    for (const [key, value] of Object.entries(feature.read(annotations, object))) settings[key] ??= value;
  }
  const spec = object.root.at("spec");
  spec.at("ingressClassName").ignore("every Ingress is served, whatever its class");
  object.annotation("kubernetes.io/ingress.class").ignore("every Ingress is served, whatever its class");
  spec.at("tls").ignore("TLS ends in front of the edge, or with the platform");
  const rewrite = annotations.has("rewrite-target");
  annotations.ignore("rewrite-target", "pods get the path as it came");
  const protocol = annotations.text("backend-protocol")?.toUpperCase();
  if (protocol !== undefined && protocol !== "HTTP" && protocol !== "HTTPS")
    annotations.ignore("backend-protocol", "pods are spoken to in HTTP or HTTPS");
  const ingress: Ingress = {
    object,
    created: Date.parse(String(object.root.at("metadata", "creationTimestamp").value)) || 0,
    canary: canaryOf(annotations),
    settings,
    regex: annotations.read("use-regex", goBool, false) || rewrite,
    https: protocol === "HTTPS",
    places: [],
    total: 0,
  };
  const own = placesOf(ingress, spec);
  const places = [...own, ...aliased(own, annotations, before)];
  return { ...ingress, places, total: before + places.length };
}

/** Of all its hosts: ingress-nginx gives each of their servers the alias. */
function aliased(own: readonly Place[], annotations: Annotations, before: number): Place[] {
  const names = (annotations.text("server-alias") ?? "").toLowerCase().split(/[\s,]+/);
  const field = annotations.field("server-alias");
  const aliases = new Set(names.filter(Boolean));
  const odd = [...aliases].filter((host) => host === "*" || parseHost(host) instanceof Fault);
  if (odd.length > 0) field.tell("changed", `left out, as no names of hosts: ${odd.join(" ").slice(0, 200)}`);
  for (const host of [...odd, ...own.map((place) => place.host)]) aliases.delete(host);
  // The first server that has a path.
  const paths = [
    ...new Map(own.map((place) => [`${place.type} ${place.path}`, place] as const).reverse()).values(),
  ].reverse();
  if (before + own.length + aliases.size * paths.length > MAX_PLACES) {
    field.refuse(
      new Fault(`its names by its paths are too many: ${MAX_PLACES} routes are the most`, "use fewer"),
    );
    return [];
  }
  return [...aliases].flatMap((host) => paths.map((place) => ({ ...place, host })));
}

function placesOf(ingress: Ingress, spec: Field): Place[] {
  const rules = spec.at("rules").items();
  const places = rules.flatMap((rule) => {
    const host = rule.at("host").read(text)?.toLowerCase() || "*";
    return rule
      .at("http", "paths")
      .items()
      .flatMap((field) => placeOf(ingress, host, field, field.at("backend")) ?? []);
  });
  const otherwise = spec.at("defaultBackend");
  if (!otherwise.present) return places;
  // It takes what no other path of its hosts does, or, without rules, of all hosts.
  const hosts = rules.length === 0 ? ["*"] : [...new Set(places.map(({ host }) => host))];
  const whole = hosts.filter((host) => !places.some((place) => place.host === host && place.path === "/"));
  return [...places, ...whole.flatMap((host) => placeOf(ingress, host, undefined, otherwise) ?? [])];
}

function placeOf(ingress: Ingress, host: string, at: Field | undefined, backend: Field): Place | undefined {
  const field = at ?? backend;
  const path = at?.at("path").read(text) || "/";
  const types = oneOf("Exact", "Prefix", "ImplementationSpecific");
  const type = at?.at("pathType").read(types, "ImplementationSpecific") ?? "Prefix";
  if (backend.at("resource").present) {
    backend.at("resource").ignore("requests go to the ports of Services");
    return undefined;
  }
  const service = backend.at("service");
  // As networking.k8s.io/v1beta1 had it.
  const name = service.at("name").read(text) ?? backend.at("serviceName").read(text);
  const old = backend.at("servicePort");
  const named = service.at("port", "name").read(portName);
  const number = service.at("port", "number").read(port);
  const ref = named ?? number ?? (typeof old.value === "number" ? old.read(port) : old.read(portName));
  if (name === undefined || ref === undefined) {
    field.notice("invalid", "its backend names no port of a Service: it is left out");
    return undefined;
  }
  return {
    ingress,
    host,
    path,
    type,
    field,
    ref: { namespace: ingress.object.namespace, service: name, port: ref },
  };
}

/** What tells places apart: a canary has that of its primary. */
export function keyOf({ host, path, type }: Place): string {
  return `${type} ${host} ${path}`;
}
