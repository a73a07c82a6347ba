import type { Context } from "hono";
import { errorText } from "../../src/events/record.ts";
import { AUTHOR, type Author } from "../coordinator/audit.ts";
import type { Refused } from "../coordinator/reply.ts";
import type { Isolate } from "../edge/isolate.ts";
import type { Env } from "../env.ts";
import { log } from "../log.ts";
import { holders } from "./auth.ts";
import { apiProblem } from "./problem.ts";

/** A request to the coordinator's own interface. */
export interface CoordinatorCall {
  readonly method?: string;
  readonly body?: string;
  readonly headers?: Record<string, string>;
}

/** What it answers when all is well: JSON, but for a stream. */
export interface Answered {
  readonly type: string;
  readonly body: ReadableStream | null;
  json(): Promise<unknown>;
}

/** Requests for which the coordinator has been asked for a change. */
const written = new WeakSet<Request>();

/** Whether the audit has the change that a request asks for, done or not. */
export function isWritten(c: Context<{ Bindings: Env }>): boolean {
  return written.has(c.req.raw);
}

/** The header that has the coordinator write a change down as that of whoever asks for it. */
export function signed(c: Context<{ Bindings: Env }>): Record<string, string> {
  written.add(c.req.raw);
  const { who = "", client = "" } = holders.get(c.req.raw) ?? {};
  const author: Author = { who, client, method: c.req.method, path: new URL(c.req.url).pathname };
  return { [AUTHOR]: JSON.stringify(author) };
}

/** The name of the token that a request came with. */
export function whoOf(c: Context<{ Bindings: Env }>): string {
  return holders.get(c.req.raw)?.who ?? "";
}

/** Asks the coordinator; a Response that is not ok is made a problem here, so the caller passes it on. */
export async function callCoordinator(
  isolate: Isolate,
  path: string,
  init: CoordinatorCall,
): Promise<Response | Answered> {
  if (isolate.link === undefined) {
    const detail = "This deployment has no coordinator: its config is MOORING_CONFIG alone.";
    return apiProblem(503, "no-coordinator", "There is no coordinator", detail);
  }
  try {
    const response = await isolate.link.call(path, init);
    if (response.ok) {
      const type = response.headers.get("content-type") ?? "";
      return { type, body: response.body, json: () => response.json() };
    }
    log("coordinator-failed", { status: response.status, method: init.method ?? "GET", path });
    const detail = `It answered ${response.status}, and its log says why: 401 is another MOORING_SHARED_SECRET, 500 mostly a disk that is full or cannot be written. Traffic goes on with the last config; nothing was changed.`;
    return apiProblem(503, "coordinator-failed", "The coordinator failed", detail, { "retry-after": "2" });
  } catch (error) {
    log("coordinator-unreachable", { error: errorText(error) });
  }
  const detail =
    "The coordinator does not answer. Traffic goes on with the last config; nothing was changed here.";
  return apiProblem(503, "coordinator-down", "The coordinator is not reachable", detail, {
    "retry-after": "2",
  });
}

/** Asks for an operation, by POST when there is a body, a change by whom; a refusal comes back as its problem. */
export async function askCoordinator<T>(
  isolate: Isolate,
  path: string,
  body?: object | string,
  by?: Context<{ Bindings: Env }>,
): Promise<T | Response> {
  const headers = { "content-type": "application/json", ...(by === undefined ? {} : signed(by)) };
  const text = typeof body === "string" ? body : JSON.stringify(body);
  const init = body === undefined ? {} : { method: "POST", body: text, headers };
  const answer = await callCoordinator(isolate, path, init);
  if (answer instanceof Response) return answer;
  const reply = (await answer.json()) as ({ readonly ok: true } & T) | Refused;
  return reply.ok ? reply : refusal(reply);
}

/** A refusal of the coordinator as problem+json. */
export function refusal({ status, code, title, detail }: Refused): Response {
  return apiProblem(status, code, title, detail, status === 503 ? { "retry-after": "2" } : {});
}

/** 200 with JSON that no cache keeps. */
export function ok(body: object): Response {
  return Response.json(body, { headers: { "cache-control": "no-store" } });
}
