import { Fault } from "../../config/fault.ts";
import type { Field } from "../field.ts";
import type { KubernetesObject } from "../object.ts";
import { int, port, subsetName, text } from "../read.ts";
import { readFault } from "./fault.ts";
import { ALL, type Asked, readMatch, takesAll } from "./match.ts";
import type { Destination } from "./pools.ts";
import { duration, onlyOne, spelt } from "./read.ts";
import { type Retries, readRetries } from "./retries.ts";

/** One entry of `http` in a VirtualService. */
export interface HttpRoute {
  readonly field: Field;
  /** One native route for each; none: it asks for what cannot be asked here. */
  readonly asked: readonly Asked[];
  /** Empty: it answers in another way than by a pod. */
  readonly sides: readonly { readonly to: Destination; readonly weight: number }[];
  /** `timeouts.total` in native config. */
  readonly total: string | undefined;
  readonly retries: Retries | undefined;
  readonly fault: Readonly<Record<string, unknown>> | undefined;
}

const DAY = 86_400_000;
/** What leads a request elsewhere than to a pod. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  redirect: "an edge does not redirect",
  directResponse: "an edge does not answer itself",
  delegate: "routes of another VirtualService are not read here",
};
const IGNORED: Readonly<Record<string, string>> = {
  rewrite: "pods get the path and the host as they came",
  mirror: "requests are not mirrored",
  mirrors: "requests are not mirrored",
  mirrorPercent: "requests are not mirrored",
  mirrorPercentage: "requests are not mirrored",
  corsPolicy: "CORS is the pods' business",
  headers: "headers of requests and responses are not edited",
};

export function readHttpRoute(field: Field, object: KubernetesObject): HttpRoute {
  field.at("name").take();
  for (const [name, why] of Object.entries(IGNORED)) field.at(name).ignore(why);
  const elsewhere = onlyOne(field, [...Object.keys(ELSEWHERE), "route"]);
  const list = field.at("route");
  const sides = list.items().flatMap((item) => sideOf(item, list, object));
  if (elsewhere !== undefined && elsewhere !== "route")
    field.at(elsewhere).ignore(`${ELSEWHERE[elsewhere]}: what comes here gets 503`);
  else if (list.items().length === 0)
    field.refuse(new Fault("leads nowhere", "write a route with a destination"));
  if (sides.length > 1 && sides.every(({ weight }) => weight === 0))
    list.refuse(new Fault("all weights are 0", "give at least one destination a weight over 0"));
  const matches = field.at("match").items();
  const asked = matches.length === 0 ? [ALL] : matches.flatMap((item) => readMatch(item) ?? []);
  const timeout = field.at("timeout");
  const time = timeout.read(duration(0));
  return {
    field,
    asked,
    sides,
    // 0s is none, as Envoy has it.
    total: time === undefined || time === 0 ? undefined : spelt(timeout, time, 100, DAY),
    retries: readRetries(field.at("retries")),
    fault: readFault(field.at("fault")),
  };
}

function sideOf(field: Field, list: Field, object: KubernetesObject): HttpRoute["sides"] {
  field.at("headers").ignore("headers of requests and responses are not edited");
  const share = field.at("weight");
  // One that is refused is not 0.
  const weight = share.read(int(0, 2 ** 31 - 1)) ?? Number(share.present);
  const to = field.at("destination");
  const at = to.at("host");
  const host = at.read(text);
  if (host === undefined || host === "" || host === "*") {
    at.refuse(new Fault("is no host", "write the name of a Service"));
    return [];
  }
  const subset = to.at("subset").value === "" ? undefined : to.at("subset").read(subsetName);
  const number = to.at("port", "number");
  const asked = number.read(port);
  if (to.at("port").present && !number.present)
    number.refuse(new Fault("is missing", "write the number of the Service's port, or leave port out"));
  to.at("subset").take();
  return [{ to: { host, subset, port: asked, object, field: to, list }, weight }];
}

/** Whether nothing gets past a route. */
export function isLast({ asked }: HttpRoute): boolean {
  return asked.some(takesAll);
}
