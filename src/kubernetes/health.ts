import { Fault, shown } from "../config/fault.ts";
import { checkHeader, isHeaderName } from "../config/probe.ts";
import type { Cluster, Container, Service, ServicePort, Template } from "./cluster.ts";
import type { Field } from "./field.ts";
import type { KubernetesObject } from "./object.ts";
import { int, oneOf, portRef, text } from "./read.ts";

/** Kinds of probes here, and what Kubernetes calls them. */
const PROBES = { readiness: "readinessProbe", liveness: "livenessProbe", startup: "startupProbe" };
const GATES =
  "a pod that is not ready keeps its sessions and gets no new ones: gates: all in native config is kubelet's way";
const INT32 = 2 ** 31 - 1;

/**
 * The `health` of a Service's pool: the probes of the workload, or Pod, whose pods it selects, of the container that has
 * the port, and whose they are; undefined where there is none.
 *
 * @param pods a part of the Service's: the workloads of the others do not count
 */
export function healthOf(
  cluster: Cluster,
  service: Service,
  port: ServicePort,
  pods?: readonly { readonly id: string }[],
): { readonly health: Record<string, unknown>; readonly object: KubernetesObject } | undefined {
  const has = ({ object: { kind, name } }: Template) =>
    pods?.some(({ id }) => (kind === "Pod" ? id === name : id.startsWith(`${name}-`))) ?? true;
  const [template, ...others] = cluster.templates.of(service).filter(has);
  if (template === undefined) return undefined;
  const target = (one: Container) =>
    typeof port.target === "number" ? one.numbers.includes(port.target) : one.ports.has(port.target);
  const container = template.containers.find(target) ?? template.containers[0];
  if (container === undefined) return undefined;
  const own = typeof port.target === "number" ? port.target : container.ports.get(port.target);
  const health: Record<string, unknown> = {};
  for (const [name, written] of Object.entries(PROBES)) {
    const probe = probeOf(container.field.at(written), container, own, port.scheme, name);
    if (probe !== undefined) health[name] = probe;
  }
  const unused = template.containers.filter((one) => one !== container);
  for (const other of [...unused, ...others.flatMap(({ containers }) => containers)]) {
    for (const written of Object.values(PROBES)) {
      const [field, used] = [other.field.at(written), container.field.at(written)];
      // A Pod has what its workload says of it.
      if (JSON.stringify(field.value) === JSON.stringify(used.value)) field.take();
      else
        field.ignore(
          `the pool has the probes of the container ${nameOf(container)} of ${template.object.label}`,
        );
    }
  }
  return Object.keys(health).length === 0 ? undefined : { health, object: template.object };
}

function nameOf({ field }: Container): string {
  return shown(String(field.at("name").value));
}

function probeOf(
  field: Field,
  container: Container,
  own: number | undefined,
  scheme: string,
  name: string,
): Record<string, unknown> | undefined {
  if (!field.present) return undefined;
  const handler = ["exec", "grpc", "tcpSocket"].find((key) => field.at(key).present);
  if (handler !== undefined) {
    field.ignore(`a probe by ${handler} cannot be made from here: it is not run`);
    return undefined;
  }
  const get = field.at("httpGet");
  if (!get.present) return field.refuse(new Fault("the probe has no handler", "write httpGet"));
  field.at("terminationGracePeriodSeconds").take();
  get.at("host").ignore("the pod itself is probed");
  const asked = get.at("port").read(portRef);
  const number = typeof asked === "string" ? container.ports.get(asked) : asked;
  if (asked === undefined && !get.at("port").present)
    get.at("port").refuse(new Fault("is missing", "write the port to probe"));
  else if (typeof asked === "string" && number === undefined)
    get
      .at("port")
      .refuse(new Fault(`the container has no port ${JSON.stringify(asked)}`, "name one of its ports"));
  const wanted = (get.at("scheme").read(oneOf("HTTP", "HTTPS")) ?? "HTTP").toLowerCase();
  const path = get.at("path").read(text) ?? "/";
  const headers = headersOf(get.at("httpHeaders"));
  const once = name !== "readiness";
  if (!once) field.tell("changed", GATES);
  return {
    path: path === "" ? "/" : path.startsWith("/") ? path : `/${path}`,
    ...(number === own ? {} : { port: number }),
    ...(wanted === scheme ? {} : { scheme: wanted.toUpperCase() }),
    ...(headers === undefined ? {} : { headers }),
    ...seconds(field.at("periodSeconds"), "period", 1, 3600),
    ...seconds(field.at("timeoutSeconds"), "timeout", 1, 600),
    ...count(field.at("successThreshold"), "success", once ? 1 : 1000, once),
    ...count(field.at("failureThreshold"), "failure", 1000, false),
    ...seconds(field.at("initialDelaySeconds"), "initialDelay", 0, 86_400),
    ...(once ? {} : { gates: "new" }),
  };
}

/** Later ones of a name go before earlier ones. kubelet sends what an edge cannot: that is left out. */
function headersOf(field: Field): Record<string, string> | undefined {
  const headers: Record<string, string> = {};
  for (const item of field.items()) {
    const name = item.at("name").read(text);
    const value = item.at("value").read(text) ?? "";
    if (name === undefined) continue;
    if (name.toLowerCase() === "host") item.ignore("the pod's own authority stands in Host");
    else {
      const fault = isHeaderName(name) ? checkHeader(name, value) : undefined;
      if (fault === undefined) headers[name] = value;
      else item.ignore(fault.message);
    }
  }
  return Object.keys(headers).length === 0 ? undefined : headers;
}

/** 0 is what the API server makes a default of. */
function seconds(field: Field, key: string, least: number, most: number): Record<string, string> {
  const value = field.read(int(0, INT32));
  if (value === undefined || value < least) return {};
  if (value > most) field.notice("changed", `${most} s is the most here`);
  return { [key]: `${Math.min(value, most)}s` };
}

function count(field: Field, key: string, most: number, once: boolean): Record<string, number> {
  const value = field.read(int(0, once ? 1 : INT32));
  if (value === undefined || value === 0) return {};
  if (value > most) field.notice("changed", `${most} is the most here`);
  return { [key]: Math.min(value, most) };
}
