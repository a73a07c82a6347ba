import { Fault } from "../../config/fault.ts";
import type { Field } from "../field.ts";
import { int } from "../read.ts";
import { gatewayDuration } from "./duration.ts";

/** `retry` of a route in native config. */
export interface Retry {
  readonly attempts: number;
  /** Undefined: on what a pool has, which is connect. */
  readonly on: readonly ("connect" | "timeout")[] | undefined;
  /** Where it says after what. */
  readonly field: Field;
}

const INT32 = 2 ** 31 - 1;

/** `retry` of a rule; attempts beside the first one. An answer of a pod is the answer, so that no code is tried again. */
export function readRetry(field: Field): Retry | undefined {
  if (!field.present) return undefined;
  const count = field.at("attempts");
  const attempts = count.read(int(0, INT32)) ?? 1;
  const codes = field
    .at("codes")
    .items()
    .map((item) => item.read(int(400, 599)));
  field.at("codes").take();
  field.at("backoff").read(gatewayDuration);
  field.at("backoff").ignore("what could not connect is tried again at once");
  const late = codes.includes(504);
  const others = codes.filter((code) => code !== 504 && code !== undefined);
  if (others.length > 0)
    field
      .at("codes")
      .tell(
        "changed",
        `${others.slice(0, 20).join(", ")}: an answer of a pod is the answer, and not asked for elsewhere`,
      );
  if (attempts > 4) count.tell("changed", "a request is tried 5 times at most");
  if (attempts > 0)
    field.tell(
      "changed",
      "POST, PATCH and requests with a body are not tried again, unless native config says so",
    );
  return {
    attempts: Math.min(attempts + 1, 5),
    on: late ? ["connect", "timeout"] : undefined,
    field: late ? field.at("codes") : field,
  };
}

/** Milliseconds of `timeouts`; 0 is no bound. */
export interface Timeouts {
  readonly request: number | undefined;
  readonly backend: number | undefined;
  readonly field: Field;
}

export function readTimeouts(field: Field): Timeouts {
  const [request, backend] = ["request", "backendRequest"].map((name) =>
    field.at(name).read(gatewayDuration),
  );
  if (request && backend !== undefined && backend > request)
    field
      .at("backendRequest")
      .refuse(
        new Fault(
          "is longer than request",
          "write at most what request says, which bounds all tries together",
        ),
      );
  return { request, backend, field };
}
