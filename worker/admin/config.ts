import type { Context } from "hono";
import { errorText } from "../../src/events/record.ts";
import type { ConfigRecord } from "../../src/model/beat.ts";
import { OWN, WHO, type WriteResult } from "../coordinator/config-write.ts";
import type { Refused } from "../coordinator/reply.ts";
import type { Isolate } from "../edge/isolate.ts";
import type { Env } from "../env.ts";
import { log } from "../log.ts";
import { readBody } from "./body.ts";
import { callCoordinator, ok, refusal, signed, whoOf } from "./call.ts";
import { invalid, POSITION, readObject, readPage } from "./input.ts";
import { apiProblem } from "./problem.ts";

type AdminContext = Context<{ Bindings: Env }>;

const TYPES = ["application/json", "application/yaml", "text/yaml"];
/** Largest config that is taken. Bytes. */
const MAX_BODY = 5 * 1024 * 1024;

/** GET /config: the native document, which may be PUT back unchanged. */
export async function getConfig(isolate: Isolate): Promise<Response> {
  const answer = await callCoordinator(isolate, "/config", {});
  if (answer instanceof Response) return answer;
  const record = (await answer.json()) as ConfigRecord | null;
  if (record === null) {
    const detail = "PUT a first config with If-None-Match: *";
    return apiProblem(404, "no-config", "There is no config yet", detail);
  }
  const body = `{"revision":${record.revision},"config":${record.document}}\n`;
  const headers = {
    "content-type": "application/json",
    etag: `"${record.revision}"`,
    "cache-control": "no-store",
  };
  return new Response(body, { headers });
}

/** GET /config/history: who wrote which revision, newest first. Times in milliseconds since the epoch. */
export async function getHistory(c: AdminContext, isolate: Isolate): Promise<Response> {
  const page = readPage(c.req.query(), 100, 100, POSITION);
  if (page instanceof Response) return page;
  const answer = await callCoordinator(isolate, "/history", {});
  if (answer instanceof Response) return answer;
  const all = (await answer.json()) as readonly { readonly revision: number }[];
  const left = all.filter(({ revision }) => revision < Number(page.cursor ?? Infinity));
  const revisions = left.slice(0, page.limit);
  return ok({ revisions, cursor: left.length > page.limit ? String(revisions.at(-1)?.revision) : null });
}

/** A config as a request brings it, or the problem to answer. */
export async function readConfig(c: AdminContext): Promise<{ type: string; body: string } | Response> {
  const type = (c.req.header("content-type") ?? "").split(";")[0]!.trim().toLowerCase();
  if (!TYPES.includes(type)) {
    return apiProblem(
      415,
      "content-type",
      "This content type is not taken",
      `Send one of: ${TYPES.join(", ")}.`,
    );
  }
  const body = await readBody(c.req.raw, MAX_BODY);
  if (body === undefined) {
    return apiProblem(413, "too-large", "The config is too large", "A config may have at most 5 MB.");
  }
  return { type, body };
}

/** PUT /config: replaces the whole config on the revision that its writer read. */
export async function putConfig(c: AdminContext, isolate: Isolate): Promise<Response> {
  const read = await readConfig(c);
  if (read instanceof Response) return read;
  const { type, body } = read;
  const headers: Record<string, string> = {
    "content-type": type,
    ...signed(c),
    [WHO]: whoOf(c),
    [OWN]: new URL(c.req.url).host,
  };
  for (const name of ["if-match", "if-none-match"]) {
    const value = c.req.header(name);
    if (value !== undefined) headers[name] = value;
  }
  const answer = await callCoordinator(isolate, "/config", { method: "PUT", body, headers });
  if (answer instanceof Response) return answer;
  return written((await answer.json()) as WriteResult, c, isolate);
}

/** POST /config/rollback: an earlier revision's config once more, as the next revision. */
export async function rollbackConfig(c: AdminContext, isolate: Isolate): Promise<Response> {
  const asked = await readObject(c.req.raw, ["revision"]);
  if (asked instanceof Response) return asked;
  const { revision } = asked;
  if (!Number.isSafeInteger(revision)) {
    return invalid(
      "revision",
      "it is no number",
      "GET /_mooring/v1/config/history lists those that are kept.",
    );
  }
  const body = JSON.stringify({ revision, match: c.req.header("if-match"), who: whoOf(c) });
  const headers = { "content-type": "application/json", ...signed(c) };
  const answer = await callCoordinator(isolate, "/rollback", { method: "POST", body, headers });
  if (answer instanceof Response) return answer;
  const result = (await answer.json()) as WriteResult | Refused;
  return "code" in result ? refusal(result) : written(result, c, isolate);
}

async function written(result: WriteResult, c: AdminContext, isolate: Isolate): Promise<Response> {
  const { revision } = result;
  const etag = { etag: `"${revision}"` };
  if (result.ok) {
    // This edge obeys the change before it says that it is made; the others hear of it with their heartbeat.
    await isolate.heartbeat
      ?.catchUp(revision, c.executionCtx)
      .catch((error) => log("view-late", { after: "a config", error: errorText(error) }));
    return Response.json(
      { revision, notices: result.notices },
      { headers: { ...etag, "cache-control": "no-store" } },
    );
  }
  if (result.status === 422) return invalidConfig(result.errors);
  if (result.status === 412) {
    const detail = `The config is at revision ${revision} now: GET it, make the change again, PUT with its ETag.`;
    return apiProblem(412, "stale-revision", "Another revision is in force", detail, etag);
  }
  const detail =
    'GET the config and send its ETag as If-Match: "<revision>", or If-None-Match: * for the first one.';
  return apiProblem(428, "precondition-required", "If-Match is needed", detail, etag);
}

export function invalidConfig(errors: unknown): Response {
  const detail = "Nothing was changed. Each error has the path of what is wrong and a hint.";
  return apiProblem(422, "invalid-config", "The config is not valid", detail, {}, { errors });
}
