import type { AuditEntry } from "../coordinator/audit.ts";
import type { Isolate } from "../edge/isolate.ts";
import { callCoordinator, isWritten, ok, signed } from "./call.ts";
import { POSITION, readPage } from "./input.ts";
import type { AdminContext } from "./pools.ts";

/** A change that this edge refuses itself is no order that the coordinator sees: it is told, for the audit. */
export async function noteRefusal(c: AdminContext, isolate: Isolate): Promise<void> {
  if (isWritten(c)) return;
  const { status } = c.res;
  const { code } = (await c.res.clone().json()) as { code: string };
  const init = { method: "POST", body: JSON.stringify({ refused: code }), headers: signed(c) };
  c.executionCtx.waitUntil(callCoordinator(isolate, `/refused?status=${status}`, init));
}

/** GET /audit: who changed what, the newest first; of the last 10,000. */
export async function getAudit(c: AdminContext, isolate: Isolate): Promise<Response> {
  const page = readPage(c.req.query(), 100, 1000, POSITION);
  if (page instanceof Response) return page;
  const { limit, cursor: before = String(Number.MAX_SAFE_INTEGER) } = page;
  const query = new URLSearchParams({ limit: String(limit), before });
  const answer = await callCoordinator(isolate, `/audit?${query}`, {});
  if (answer instanceof Response) return answer;
  const { entries, cursor } = (await answer.json()) as { entries: AuditEntry[]; cursor: number | null };
  return ok({ entries, cursor: cursor === null ? null : String(cursor) });
}
