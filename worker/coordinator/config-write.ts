import { parseText } from "../reader.ts";
import type { Coordinator } from "./coordinator.ts";
import { type Refused, refused } from "./reply.ts";
import { compileConfig } from "./stored-config.ts";

/** Header in which the edge says for whom it writes, and by which authority it is reached. */
export const WHO = "mooring-who";
export const OWN = "mooring-own-authority";

/** What a config write came to; the admin API makes problem+json of the failures. */
export type WriteResult =
  | { readonly ok: true; readonly revision: number; readonly notices: readonly unknown[] }
  | {
      readonly ok: false;
      readonly status: 412 | 422 | 428;
      readonly revision: number;
      readonly errors?: readonly unknown[];
    };

/**
 * PUT /config: validates, then compares revisions and writes in one turn of the object, so that of many writers none is
 * lost: all but one read an older revision.
 */
export async function putConfig(coordinator: Coordinator, request: Request): Promise<Response> {
  return Response.json(await write(coordinator, request));
}

/** Writes an earlier revision once more, as the next one: on the revision that is in force, unless another is named. */
export async function rollback(
  coordinator: Coordinator,
  { revision, match, who }: { readonly revision: number; readonly match?: string; readonly who: string },
): Promise<WriteResult | Refused> {
  const { config } = coordinator;
  const document = config.document(revision);
  if (document === undefined) {
    const detail = "GET /_mooring/v1/config/history lists those that are kept.";
    return refused(404, "no-such-revision", `There is no revision ${revision}`, detail);
  }
  const headers = { "if-match": match ?? `"${config.revision}"`, [WHO]: `${who}: rollback to ${revision}` };
  return write(coordinator, new Request("http://coordinator/", { method: "PUT", body: document, headers }));
}

async function write(coordinator: Coordinator, request: Request): Promise<WriteResult> {
  const { config } = coordinator;
  const early = precondition(request.headers, config.revision);
  if (early !== undefined) return early;
  const own = request.headers.get(OWN);
  const parsed = await parseText(await request.text(), own === null ? undefined : { authority: own });
  if (!parsed.ok) return { ok: false, status: 422, revision: config.revision, errors: parsed.errors };
  const document = JSON.stringify(parsed.document);
  for (;;) {
    const revision = config.revision + 1;
    const before = coordinator.snapshot;
    const after = await compileConfig(parsed.config, revision);
    const late = precondition(request.headers, config.revision);
    if (late !== undefined) return late;
    // Others may have written while this compiled, in between two listed revisions.
    if (config.revision + 1 !== revision) continue;
    const who = request.headers.get(WHO) ?? "admin";
    config.write(document, before, after, who, Date.now());
    coordinator.events.tell("config-applied", { revision, who });
    await coordinator.enforce(after);
    return { ok: true, revision, notices: parsed.notices };
  }
}

/** If-Match must name the revision that the writer read; If-None-Match: * is for the first. */
function precondition(headers: Headers, revision: number): WriteResult | undefined {
  const match = headers.get("if-match");
  const none = headers.get("if-none-match");
  if (match === null && none === null) return { ok: false, status: 428, revision };
  // `*` would overwrite whatever is there, which is the lost update that the header is for.
  if (match?.trim() === "*") return { ok: false, status: 428, revision };
  if (match !== null && !match.split(",").some((tag) => tag.trim() === `"${revision}"`)) {
    return { ok: false, status: 412, revision };
  }
  if (none !== null && (none.trim() !== "*" || revision !== 0)) return { ok: false, status: 412, revision };
  return undefined;
}
