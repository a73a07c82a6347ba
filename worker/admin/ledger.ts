import type { Break } from "../../src/model/beat.ts";
import { CAUSES } from "../../src/model/binding.ts";
import type { Isolate } from "../edge/isolate.ts";
import { callCoordinator, ok } from "./call.ts";
import { badQuery, POSITION, readPage } from "./input.ts";
import type { AdminContext } from "./pools.ts";

interface Breaks {
  readonly breaks: readonly Break[];
  readonly cursor: number | null;
  readonly causes: readonly { readonly cause: string; readonly count: number }[];
}

/** GET /ledger: why sessions left their pods, newest first, and the counts by cause of all time. */
export async function getLedger(c: AdminContext, isolate: Isolate): Promise<Response> {
  const { pool, sid, cause, ...rest } = c.req.query();
  const page = readPage(rest, 100, 1000, POSITION);
  if (page instanceof Response) return page;
  if (cause && !CAUSES.some((name) => name === cause)) {
    return badQuery("cause", `${JSON.stringify(cause)} is no cause`, `Write one of: ${CAUSES.join(", ")}.`);
  }
  const query = new URLSearchParams({ limit: String(page.limit) });
  if (page.cursor) query.set("before", page.cursor);
  for (const [name, value] of Object.entries({ pool, sid, cause })) if (value) query.set(name, value);
  const answer = await callCoordinator(isolate, `/breaks?${query}`, {});
  if (answer instanceof Response) return answer;
  const { breaks, cursor: next, causes } = (await answer.json()) as Breaks;
  return ok({
    breaks: breaks.map(({ at, sid: session, pool: own, from, to, cause: why }) => ({
      at,
      sid: session,
      pool: own,
      from,
      to,
      cause: why,
    })),
    counts: Object.fromEntries(causes.map(({ cause: name, count }) => [name, count])),
    cursor: next === null ? null : String(next),
  });
}
