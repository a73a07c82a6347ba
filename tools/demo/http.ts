import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from "node:http";

/** A body that was read, or the status and the sentence to refuse it with. */
export type Body =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly status: number; readonly error: string };

/** Answers with JSON; never stored, since every answer here is about this very moment. */
export function sendJson(
  response: ServerResponse,
  status: number,
  value: unknown,
  headers: OutgoingHttpHeaders = {},
): void {
  const body = Buffer.from(JSON.stringify(value));
  response.writeHead(status, {
    "content-type": "application/json; charset=utf-8",
    "cache-control": "no-store",
    "content-length": body.length,
    ...headers,
  });
  response.end(body);
}

/** Begins a server-sent event stream. */
export function openStream(response: ServerResponse): void {
  response.writeHead(200, {
    "content-type": "text/event-stream; charset=utf-8",
    "cache-control": "no-store",
  });
  response.flushHeaders();
}

/** Writes one event; false when the client reads so slowly that it should be let go. `value` becomes JSON. */
export function sendEvent(response: ServerResponse, value: unknown): boolean {
  response.write(`data: ${JSON.stringify(value)}\n\n`);
  return response.writableLength < 1 << 20;
}

/**
 * Reads a JSON body of at most `limit` bytes. JSON must be declared: a form on a foreign page can post everything else
 * without asking first.
 */
export async function readJson(request: IncomingMessage, limit: number): Promise<Body> {
  const type = (request.headers["content-type"] ?? "").split(";")[0]!.trim().toLowerCase();
  const chunks: Buffer[] = [];
  let size = 0;
  // The whole body is read even when it is refused, so that the connection can carry the next request.
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size <= limit) chunks.push(chunk);
  }
  if (type !== "application/json") {
    return { ok: false, status: 415, error: "send the body as application/json" };
  }
  if (size > limit) return { ok: false, status: 413, error: `the body is larger than ${limit} bytes` };
  try {
    return { ok: true, value: JSON.parse(Buffer.concat(chunks).toString("utf8")) as unknown };
  } catch (error) {
    return { ok: false, status: 400, error: `the body is not JSON: ${(error as Error).message}` };
  }
}

/** The path of a request without its query. */
export function pathOf(request: IncomingMessage): string {
  return (request.url ?? "/").split("?")[0]!;
}
