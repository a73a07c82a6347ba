import { parseAddress } from "../../src/model/cidr.ts";
import { explain } from "../../src/route/explain.ts";
import type { Isolate } from "../edge/isolate.ts";
import { ok } from "./call.ts";
import { freshView } from "./fleet.ts";
import { invalid, POSITION, readObject, readPage } from "./input.ts";
import type { AdminContext } from "./pools.ts";
import { apiProblem } from "./problem.ts";

/** POST /explain: what would become of a request, with every step; nothing is forwarded, bound or counted. */
export async function postExplain(c: AdminContext, isolate: Isolate): Promise<Response> {
  const body = await readObject(c.req.raw, ["method", "url", "headers", "clientIp"]);
  if (body instanceof Response) return body;
  const request = readRequest(body);
  if (request instanceof Response) return request;
  const view = await freshView(isolate, c.executionCtx);
  if (view instanceof Response) return view;
  const health = Object.fromEntries(
    view.pools.flatMap(({ pods, tags }) => pods.map(({ state }, i) => [tags[i]!, state])),
  );
  const now = Date.now();
  const snapshot = { ...view.snapshot, explain: true };
  const shadow = isolate.views.apart(snapshot, view.stamp, [...view.departed.values()], health, now);
  try {
    const edge = Object.assign(Object.create(isolate.edge) as typeof isolate.edge, {
      peer: () => body.clientIp,
      origin: () => undefined,
    });
    return ok(await explain(edge, view, shadow, request));
  } finally {
    shadow.free();
  }
}

/** GET /traces: the sample of decisions that this isolate has written down, the oldest first. */
export function getTraces(c: AdminContext, { traces }: Isolate): Response {
  const page = readPage(c.req.query(), 100, 1000, POSITION);
  if (page instanceof Response) return page;
  if (traces === undefined) {
    const detail = "Set MOORING_TRACES to the share of requests that this edge is to trace, such as 1%.";
    return apiProblem(409, "no-traces", "This edge keeps no traces", detail);
  }
  const headers = { "content-type": "application/json", "cache-control": "no-store" };
  return new Response(traces.json(page.limit, Number(page.cursor ?? 0)), { headers });
}

/** No real Request: that would normalize its URL, and drop headers. */
function readRequest({
  method = "GET",
  url,
  headers = {},
  clientIp,
}: Record<string, unknown>): Request | Response {
  if (typeof url !== "string" || !/^https?:\/\/[^/?#\s]+(?:[/?][^\s]*)?$/.test(url)) {
    return invalid("url", "it is no absolute URL", 'Write "https://host/path?query", as the client asks.');
  }
  if (typeof method !== "string") return invalid("method", "it is no text", 'Write "GET".');
  if (clientIp !== undefined && (typeof clientIp !== "string" || parseAddress(clientIp) === undefined)) {
    return invalid("clientIp", "it is no address", 'Write "192.0.2.1" or "2001:db8::1", or leave it out.');
  }
  if (typeof headers !== "object" || Array.isArray(headers)) {
    return invalid("headers", "it is no map", 'Write { "cookie": "a=b" }.');
  }
  const fields = new Headers();
  for (const [name, value] of Object.entries(headers ?? {})) {
    const values = Array.isArray(value) ? value : [value];
    if (!values.every((one) => typeof one === "string")) {
      return invalid(`headers.${name}`, "it is no text, nor a list of texts", 'Write { "cookie": "a=b" }.');
    }
    try {
      for (const one of values) fields.append(name, one);
    } catch {
      return invalid(`headers.${name}`, "it is no header", "Write a name and a value that HTTP allows.");
    }
  }
  return { method, url, headers: fields, body: null } as unknown as Request;
}
