import type { Refusal } from "../model/refusal.ts";

/** A refusal as problem+json (RFC 9457) with Proxy-Status (RFC 9209). Names no address, pod or count. */
export function problem(refusal: Refusal): Response {
  const { status, code, title, detail, retryAfter, proxyStatus } = refusal;
  const headers = new Headers({ "content-type": "application/problem+json", "cache-control": "no-store" });
  if (proxyStatus !== undefined) headers.set("proxy-status", `mooring; error=${proxyStatus}`);
  if (retryAfter !== undefined) headers.set("retry-after", String(retryAfter));
  if (BODILESS.has(status)) return new Response(null, { status, headers });
  const type = `urn:mooring:problem:${code}`;
  return new Response(`${JSON.stringify({ type, title, status, detail, code })}\n`, { status, headers });
}

/** Statuses with which no Response may have a body. */
const BODILESS = new Set([204, 205, 304]);

export const NO_CONFIG: Refusal = {
  status: 503,
  code: "no-config",
  title: "Mooring has no config yet",
  detail: "This edge has never seen a config: PUT one to /_mooring/v1/config, or set MOORING_CONFIG.",
  retryAfter: 5,
  proxyStatus: "proxy_configuration_error",
};

export const NO_ROUTE: Refusal = {
  status: 404,
  code: "no-route",
  title: "No route matches",
  detail: "No route of the config matches this host and path.",
  proxyStatus: "destination_not_found",
};

export const NO_POD: Refusal = {
  status: 503,
  code: "no-pod",
  title: "No pod can take this request",
  detail: "Every pod behind this route is down, draining or disabled. Try again soon.",
  retryAfter: 2,
  proxyStatus: "destination_unavailable",
};

export const EMPTY: Refusal = {
  status: 500,
  code: "empty-pool",
  title: "There are no pods behind this side",
  detail:
    "The config leads a share of the requests to a pool without pods, and has them answered so (empty: 500).",
  proxyStatus: "destination_not_found",
};

export const BUSY: Refusal = {
  status: 503,
  code: "busy",
  title: "Every place is taken",
  detail: "The pods that may take this request have as many in flight as they are allowed. Try again soon.",
  retryAfter: 1,
  proxyStatus: "connection_limit_reached",
};

export const POD_DOWN: Refusal = {
  status: 503,
  code: "pod-down",
  title: "The pod of this session is down",
  detail: "The session waits for its pod, as the pool is configured to (failover: none). Try again soon.",
  retryAfter: 2,
  proxyStatus: "destination_unavailable",
};

export const NO_STORE: Refusal = {
  status: 503,
  code: "no-store",
  title: "The session cannot be moved now",
  detail: "The session store does not answer, and the pool is strict. Try again soon.",
  retryAfter: 2,
  proxyStatus: "destination_unavailable",
};

export const STALE_VIEW: Refusal = {
  status: 503,
  code: "stale-view",
  title: "This edge has not heard of its coordinator for too long",
  detail: "What it knows of the pods may be wrong, and the pool is strict. Try again soon.",
  retryAfter: 2,
  proxyStatus: "destination_unavailable",
};

export const CONNECT_FAILED: Refusal = {
  status: 502,
  code: "connect-failed",
  title: "The pod did not answer",
  detail:
    "The connection to the pod failed before a response began, and the request could not be sent again.",
  proxyStatus: "connection_terminated",
};

export const TIMED_OUT: Refusal = {
  status: 504,
  code: "timeout",
  title: "The pod did not answer in time",
  detail:
    "No response began within the time-outs of its route and pool. The request may have been processed.",
  proxyStatus: "http_response_timeout",
};

export const BAD_BODY: Refusal = {
  status: 400,
  code: "bad-body",
  title: "The request's body is broken",
  detail: "The body ended early or is framed wrongly; nothing of it will be tried again.",
  proxyStatus: "http_request_error",
};

export const STALLED: Refusal = {
  status: 408,
  code: "stalled-body",
  title: "The request's body stopped coming",
  detail: "Nothing more of the body came within the pool's header time-out.",
  proxyStatus: "http_request_error",
};

export const GARBAGE: Refusal = {
  status: 502,
  code: "bad-response",
  title: "The pod's response is not valid",
  detail: "The pod answered with a status that no HTTP client may be given. Nothing was tried again.",
  proxyStatus: "http_protocol_error",
};

export const UNREACHABLE: Refusal = {
  status: 503,
  code: "unreachable",
  title: "No pod could be reached",
  detail: "The connection failed at every pod that was tried. Try again soon.",
  retryAfter: 2,
  proxyStatus: "destination_unavailable",
};

/** What a route answers a share of its requests on purpose, without asking a pod. */
export function abortedBy(status: number): Refusal {
  return {
    status,
    code: "fault-abort",
    title: "The request was aborted on purpose",
    detail: "The config asks this route to abort a share of its requests (fault). No pod was asked.",
    proxyStatus: "proxy_internal_response",
  };
}
