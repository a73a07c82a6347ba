import { formatPercent } from "../../config/percent.ts";
import type { Field } from "../field.ts";
import { gatewayDuration } from "../gateway/duration.ts";
import type { Retry } from "../gateway/retry.ts";
import { number, spelt } from "../istio/read.ts";
import { condition, mapped } from "../istio/retries.ts";
import { int } from "../read.ts";
import type { Timeout } from "./traffic-policy.ts";

const HOUR = 3_600_000;
const INT32 = 2 ** 31 - 1;

/** retry; without triggers what could not connect. `perRetry.timeout` is the time-out of each try. */
export function readRetryPolicy(field: Field): { retry?: Retry; perTry?: Timeout } {
  if (!field.present) return {};
  const count = field.at("numRetries");
  const retries = count.read(int(0, INT32)) ?? 2;
  const on = field.at("retryOn");
  const triggers = on
    .at("triggers")
    .items()
    .flatMap((item) => item.read(condition) ?? []);
  const codes = on.at("httpStatusCodes");
  for (const item of codes.items()) item.read(int(100, 599));
  if (codes.present) codes.tell("changed", "an answer of a pod is the answer, and not asked for elsewhere");
  on.take();
  const at = field.at("perRetry", "timeout");
  const perTry = at.read(gatewayDuration);
  field.at("perRetry", "backOff").ignore("what could not connect is tried again at once");
  field.at("numAttemptsPerPriority").ignore("pods have no priorities");
  if (retries > 4) count.tell("changed", "a request is tried 5 times at most");
  if (retries > 0)
    field.tell(
      "changed",
      "POST, PATCH and requests with a body are not tried again, unless native config says so",
    );
  field.take();
  const found = triggers.length === 0 ? undefined : mapped(triggers, on);
  return {
    retry: {
      attempts: found?.length === 0 ? 1 : Math.min(retries + 1, 5),
      on: found?.includes("timeout") ? found : undefined,
      field: on.present ? on : field,
    },
    ...(perTry === undefined ? {} : { perTry: { time: perTry, field: at } }),
  };
}

/** faultInjection as a native route's `fault`. */
export function readFaultInjection(field: Field): Record<string, unknown> | undefined {
  if (!field.present) return undefined;
  const [delay, abort] = [field.at("delay"), field.at("abort")];
  const time = delay.at("fixedDelay").read(gatewayDuration);
  const status = abort.at("httpStatus").read(int(200, 599));
  abort.at("grpcStatus").ignore("pods are spoken to in HTTP");
  const share = (one: Field) => formatPercent((one.at("percentage").read(number(0, 100)) ?? 100) / 100);
  const fault = {
    ...(status === undefined ? {} : { abort: { share: share(abort), status } }),
    ...(time === undefined || time === 0
      ? {}
      : { delay: { share: share(delay), for: spelt(delay.at("fixedDelay"), time, 1, HOUR) } }),
  };
  for (const one of [delay, abort]) one.at("percentage").take();
  return Object.keys(fault).length === 0 ? undefined : fault;
}
