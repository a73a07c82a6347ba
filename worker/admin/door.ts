import type { Context, MiddlewareHandler } from "hono";
import type { Env } from "../env.ts";
import { log } from "../log.ts";
import { holders } from "./auth.ts";
import { apiProblem } from "./problem.ts";

/** Methods that change nothing. */
const SAFE = new Set(["GET", "HEAD", "OPTIONS"]);

/**
 * Before any path of the admin API: a page of another site must not be able to use a browser that can reach it, and what
 * was changed, or tried with a wrong token, is in the log: a line each, with no secret in it.
 *
 * @param client whom it is put down to
 */
export function door(
  client: (c: Context<{ Bindings: Env }>) => Promise<string>,
): MiddlewareHandler<{ Bindings: Env }> {
  return async (c, next) => {
    const { method } = c.req;
    if (isForeign(c.req.header("origin"), c.req.header("sec-fetch-site"), c.req.url)) {
      c.res = apiProblem(
        403,
        "cross-origin",
        "Cross-origin requests are refused",
        "Call it from your own site.",
      );
    } else await next();
    const { status } = c.res;
    c.header("x-content-type-options", "nosniff");
    if (SAFE.has(method) && ![401, 403, 429].includes(status)) return;
    noteAsked(c, await client(c), status);
  };
}

/** A line about a request, in the log. */
export function noteAsked(c: Context<{ Bindings: Env }>, client: string, status: number): void {
  const { method, path } = c.req;
  const scope = holders.get(c.req.raw)?.scope ?? null;
  log("admin-call", { client, scope, method, path, status });
}

/** By the host alone: what ends TLS in front of the edge has another scheme. A browser says `null` where it hides its own. */
export function isForeign(origin: string | undefined, site: string | undefined, url: string): boolean {
  if (site !== undefined && site !== "same-origin" && site !== "none") return true;
  if (origin === undefined) return false;
  return !URL.canParse(origin) || new URL(origin).host !== new URL(url).host;
}
