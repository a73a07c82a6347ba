import { formatDuration } from "../../config/duration.ts";
import { Fault } from "../../config/fault.ts";
import type { Field } from "../field.ts";
import { gatewayDuration } from "../gateway/duration.ts";
import { within } from "../istio/read.ts";
import { bool, int, oneOf, text } from "../read.ts";

const UINT32 = 4_294_967_295;
const HOUR = 3_600_000;

/** healthCheck as a native pool's `health`, with the defaults of Envoy Gateway; undefined where it says nothing. */
export function readHealthCheck(field: Field): Record<string, unknown> | undefined {
  if (!field.present) return undefined;
  const readiness = activeOf(field.at("active"));
  const outlier = passiveOf(field.at("passive"));
  const panic = field.at("panicThreshold").read(int(0, 100));
  field.take();
  const health = {
    ...(readiness === undefined ? {} : { readiness }),
    ...(outlier === undefined ? {} : { outlier }),
    ...(panic === undefined ? {} : { panic: `${panic}%` }),
  };
  return Object.keys(health).length === 0 ? undefined : health;
}

function activeOf(field: Field): Record<string, unknown> | undefined {
  if (!field.present) return undefined;
  const type = field.at("type").read(oneOf("HTTP", "TCP", "GRPC"));
  const http = field.at("http");
  if (type === "HTTP" && !http.present)
    http.refuse(new Fault("is missing", "type HTTP needs it: { path: /ready }"));
  for (const key of ["interval", "initialJitter"]) field.at(key).read(gatewayDuration);
  field.at("initialJitter").ignore("probes of many pods are spread by themselves");
  field.at("overrides").ignore("pods are probed at the port that requests go to");
  if (type !== "HTTP") {
    field.ignore("a probe that is no request of HTTP cannot be made from here: it is not run");
    return undefined;
  }
  const at = http.at("path");
  const path = at.read(text);
  if (!at.present) at.refuse(new Fault("is missing", 'write what to ask for: "/ready"'));
  http.at("hostname").ignore("the pod's own authority stands in Host");
  const method = http.at("method").read(text);
  if (method !== undefined && method.toUpperCase() !== "GET")
    http.at("method").notice("changed", "probes are GETs");
  http.at("expectedResponse").ignore("the status alone counts");
  for (const item of http.at("expectedStatuses").items()) item.read(int(100, 599));
  http.at("expectedStatuses").take();
  http.tell("changed", "200 to 399 passes, whatever expectedStatuses says; there it is 200 unless written");
  field.tell(
    "changed",
    "a pod that fails gets no new sessions and keeps its own: gates: all in native config takes them from it",
  );
  if (path === undefined) return undefined;
  return {
    path,
    period: time(field.at("interval"), 3000, 100, HOUR),
    timeout: time(field.at("timeout"), 1000, 10, 600_000),
    success: count(field.at("healthyThreshold"), 1),
    failure: count(field.at("unhealthyThreshold"), 3),
    gates: "new",
  };
}

function passiveOf(field: Field): Record<string, unknown> | undefined {
  if (!field.present) return undefined;
  const errors = (name: string, otherwise: number) => {
    const at = field.at(name);
    return within(at, at.read(int(0, UINT32)) ?? otherwise, 0, 1000);
  };
  const why = "failed connections and time-outs count with all other errors";
  const split = field.at("splitExternalLocalOriginErrors");
  if (split.read(bool) === true) split.ignore(why);
  const local = field.at("consecutiveLocalOriginFailures");
  if (local.read(int(0, UINT32)) !== undefined) local.ignore(why);
  field
    .at("failurePercentageThreshold")
    .ignore("a pod is ejected by its rate of errors anyway, at a rate that is not chosen");
  return {
    consecutive5xx: errors("consecutive5XxErrors", 5),
    consecutiveGatewayErrors: errors("consecutiveGatewayErrors", 0),
    interval: time(field.at("interval"), 3000, 1000, HOUR),
    baseEjection: time(field.at("baseEjectionTime"), 30_000, 1000, 24 * HOUR),
    maxEjection: `${field.at("maxEjectionPercent").read(int(0, 100)) ?? 10}%`,
  };
}

function time(field: Field, otherwise: number, least: number, most: number): string {
  return formatDuration(within(field, field.read(gatewayDuration) ?? otherwise, least, most, formatDuration));
}

function count(field: Field, otherwise: number): number {
  return within(field, field.read(int(1, UINT32)) ?? otherwise, 1, 1000);
}
