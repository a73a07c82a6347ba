import { FLEET_KINDS } from "../../src/events/catalog.ts";
import type { EventRecord } from "../../src/events/record.ts";
import { EVENT_STREAM } from "../../src/events/stream.ts";
import type { Refused } from "../coordinator/reply.ts";
import type { Isolate } from "../edge/isolate.ts";
import { callCoordinator, ok, refusal } from "./call.ts";
import { badQuery, POSITION, readPage } from "./input.ts";
import type { AdminContext } from "./pools.ts";

interface Page {
  readonly events: readonly { readonly id: number; readonly record: EventRecord }[];
  readonly cursor: number | null;
}

/** GET /events: a stream of what happens, behind `Last-Event-ID` where that is given; as JSON the last ones, newest first. */
export async function getEvents(c: AdminContext, isolate: Isolate): Promise<Response> {
  const { kinds, ...rest } = c.req.query();
  const strange = kinds?.split(",").find((name) => name !== "" && !FLEET_KINDS.some((one) => one === name));
  if (strange !== undefined) {
    const message = `${JSON.stringify(strange)} is no kind of event`;
    return badQuery("kinds", message, `Write some of: ${FLEET_KINDS.join(", ")}.`);
  }
  const query = new URLSearchParams(kinds ? { kinds } : {});
  const { json, stream } = asked(c.req.header("accept"));
  if (json && !stream) return list(isolate, query, rest);
  const [page] = Object.keys(rest);
  if (page !== undefined) {
    return badQuery(page, "a stream has no pages", "Ask for the list with Accept: application/json.");
  }
  const headers = { "content-type": EVENT_STREAM, "cache-control": "no-store" };
  if (c.req.method === "HEAD") return new Response(null, { headers });
  const last = c.req.header("last-event-id") ?? "";
  if (last !== "" && !/^[0-9]{1,15}$/.test(last)) {
    return badQuery(
      "last-event-id",
      "it is no id of an event",
      "Send the last id that came, or no such header.",
    );
  }
  query.set("after", last);
  const answer = await callCoordinator(isolate, `/events?${query}`, {});
  if (answer instanceof Response) return answer;
  if (answer.type !== EVENT_STREAM) return refusal((await answer.json()) as Refused);
  return new Response(answer.body, { headers });
}

function asked(accept = ""): { readonly json: boolean; readonly stream: boolean } {
  const has = (type: string) => accept.toLowerCase().includes(type);
  return { json: has("application/json"), stream: has(EVENT_STREAM) };
}

async function list(
  isolate: Isolate,
  query: URLSearchParams,
  rest: Readonly<Record<string, string>>,
): Promise<Response> {
  const page = readPage(rest, 100, 1000, POSITION);
  if (page instanceof Response) return page;
  query.set("limit", String(page.limit));
  query.set("before", page.cursor ?? String(Number.MAX_SAFE_INTEGER));
  const answer = await callCoordinator(isolate, `/events?${query}`, {});
  if (answer instanceof Response) return answer;
  const { events, cursor } = (await answer.json()) as Page;
  const shown = events.map(({ id, record }) => ({ id, ...record }));
  return ok({ events: shown, cursor: cursor === null ? null : String(cursor) });
}
