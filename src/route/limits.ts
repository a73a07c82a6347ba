import type { Refusal } from "../model/refusal.ts";
import type { Limits } from "../model/snapshot.ts";
import type { Fields } from "./fields.ts";
import type { Target } from "./target.ts";

/** What is too large to be forwarded, by counts that were made already. */
export function overLimits(fields: Fields, target: Target, limits: Limits): Refusal | undefined {
  if (target.rest.length > limits.url) return LONG_URL;
  return fields.count > limits.headers || fields.size > limits.headerBytes ? LARGE_HEADERS : undefined;
}

const LONG_URL: Refusal = {
  status: 414,
  code: "long-url",
  title: "The URL is too long",
  detail: "Send a shorter path and query.",
  proxyStatus: "http_request_error",
};

const LARGE_HEADERS: Refusal = {
  status: 431,
  code: "large-headers",
  title: "The headers are too many or too large",
  detail: "Send fewer or shorter headers; often it is cookies that pile up.",
  proxyStatus: "http_request_error",
};
