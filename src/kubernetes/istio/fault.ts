import { Fault } from "../../config/fault.ts";
import { formatPercent } from "../../config/percent.ts";
import type { Field } from "../field.ts";
import { int } from "../read.ts";
import { duration, number, spelt } from "./read.ts";

const HOUR = 3_600_000;

/** `fault` of a route in native config; undefined where it comes to none. */
export function readFault(field: Field): Record<string, unknown> | undefined {
  if (!field.present) return undefined;
  const [abort, delay] = [field.at("abort"), field.at("delay")];
  if (!abort.present && !delay.present)
    return field.refuse(new Fault("has neither abort nor delay", "write one of the two, or leave it out"));
  const found = { ...abortOf(abort), ...delayOf(delay) };
  return Object.keys(found).length === 0 ? undefined : found;
}

function abortOf(field: Field): object {
  if (!field.present) return {};
  const share = shareOf(field, "aborted");
  const status = field.at("httpStatus").read(int(200, 599));
  for (const name of ["grpcStatus", "http2Error"])
    field.at(name).ignore("aborts answer with a status of HTTP");
  if (status === undefined) {
    if (!field.at("httpStatus").present) field.tell("ignored", "it has no httpStatus: nothing is aborted");
    return {};
  }
  return share === undefined ? {} : { abort: { share, status } };
}

function delayOf(field: Field): object {
  if (!field.present) return {};
  const share = shareOf(field, "delayed");
  const at = field.at("fixedDelay");
  const time = at.read(duration(1));
  if (field.at("exponentialDelay").present)
    field.at("exponentialDelay").refuse(new Fault("is not supported by Istio", "write fixedDelay"));
  if (time === undefined || share === undefined) return {};
  return { delay: { share, for: spelt(at, time, 1, HOUR) } };
}

/** Of all requests; none where nothing is said. The older field has whole percents. */
function shareOf(field: Field, what: string): string | undefined {
  const old = field.at("percent");
  const whole = old.read(int(0, 100));
  const written = field.at("percentage");
  const share = written.present ? (written.at("value").read(number(0, 100)) ?? 0) : whole;
  if (written.present) old.ignore("percentage goes before it");
  written.take();
  if (share !== undefined && share > 0) return formatPercent(share / 100);
  field.tell("invalid", `no request is ${what}: write percentage: { value: 100 } for all of them`);
  return undefined;
}
