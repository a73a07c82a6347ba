import type { Refusal } from "../../src/model/refusal.ts";
import { problem } from "../../src/route/problem.ts";
import { route } from "../../src/route/route.ts";
import type { Env } from "../env.ts";
import { type Isolate, theIsolate } from "./isolate.ts";

/** Traffic for pods: everything outside /_mooring. */
export function proxy(request: Request, env: Env, context: ExecutionContext): Promise<Response> {
  const isolate = theIsolate(env, context);
  if (isolate instanceof Promise) return isolate.then((ready) => serve(ready, request, context));
  return serve(isolate, request, context);
}

function serve(isolate: Isolate, request: Request, context: ExecutionContext): Promise<Response> {
  if (isolate.badSecret !== undefined) return Promise.resolve(problem(noSecret(isolate.badSecret)));
  return route(isolate.edge, request, context);
}

function noSecret(variable: string): Refusal {
  return {
    status: 503,
    code: "no-secret",
    title: `${variable} is missing or too short`,
    detail: `Set the secret ${variable} to at least 32 random bytes, for example by: openssl rand -base64 48 | npx wrangler secret put ${variable}`,
    proxyStatus: "proxy_configuration_error",
  };
}
