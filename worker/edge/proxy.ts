import { stackText } from "../../src/events/record.ts";
import type { Refusal } from "../../src/model/refusal.ts";
import { problem } from "../../src/route/problem.ts";
import { route } from "../../src/route/route.ts";
import type { Env } from "../env.ts";
import { log } from "../log.ts";
import { type Isolate, theIsolate } from "./isolate.ts";

/** Traffic for pods: everything outside /_mooring. */
export function proxy(request: Request, env: Env, context: ExecutionContext): Promise<Response> {
  const isolate = theIsolate(env, context);
  if (isolate instanceof Promise) return isolate.then((ready) => serve(ready, request, context));
  return serve(isolate, request, context);
}

function serve(isolate: Isolate, request: Request, context: ExecutionContext): Promise<Response> {
  if (isolate.badSecret !== undefined) return Promise.resolve(problem(noSecret(isolate.badSecret)));
  const { traces, edge } = isolate;
  const routed = traces === undefined ? route(edge, request, context) : traces.route(edge, request, context);
  return routed.catch((error: unknown) => {
    log("bug", { where: "proxy", error: stackText(error) });
    isolate.edge.counters.count("", "refused", BUG.status);
    return problem(BUG);
  });
}

/** Nothing should throw; what does is a bug of ours, and says no more to a client. */
const BUG: Refusal = {
  status: 500,
  code: "internal",
  title: "Something went wrong at the edge",
  detail: "The request may have reached a pod. The log of the worker says what went wrong.",
  proxyStatus: "proxy_internal_error",
};

function noSecret(variable: string): Refusal {
  return {
    status: 503,
    code: "no-secret",
    title: `${variable} is missing or too short`,
    detail: `Set the secret ${variable} to at least 32 random bytes, for example by: openssl rand -base64 48 | npx wrangler secret put ${variable}`,
    proxyStatus: "proxy_configuration_error",
  };
}
