import { errorText } from "../../src/events/record.ts";
import { tagToHex } from "../../src/model/pod.ts";
import type { Background } from "../../src/model/ports.ts";
import type { View } from "../../src/route/view.ts";
import { Places } from "../coordinator/places.ts";
import type { Isolate } from "../edge/isolate.ts";
import { log } from "../log.ts";
import { apiProblem } from "./problem.ts";

/** The view of this edge as new as the coordinator can make it; the last one held when that is away. */
export async function freshView(isolate: Isolate, background: Background): Promise<View | Response> {
  await isolate.heartbeat
    ?.beat(background)
    .catch((error) => log("view-late", { after: "a read", error: errorText(error) }));
  const view = isolate.views.current ?? (await isolate.freshness.view(Date.now(), background));
  return view ?? apiProblem(503, "no-config", "There is no config yet", "PUT one first.");
}

/** The pods of a view by what sessions say of them. */
export function placesOf(view: View): Places {
  const departed = [...view.departed.values()].map(({ tag, pool, id }) => ({
    tag: tagToHex(tag),
    pool,
    id,
  }));
  const states = new Map(view.pools.flatMap(({ pods }) => pods.map(({ pod, state }) => [pod.tag, state])));
  return new Places(view.snapshot, departed, (pod) => states.get(pod.tag) ?? "ready");
}

/** Counts that calls of one look share, by the calls' requests: what one has counted costs the next no command. */
export const looks = new WeakMap<Request, Map<number, number>>();

/** As {@link countSessions}, and of those alone that no other call of the same look has counted. */
export async function countShared(
  request: Request,
  isolate: Isolate,
  tags: readonly number[],
): Promise<readonly (number | null)[]> {
  const counted = looks.get(request);
  if (counted === undefined) return countSessions(isolate, tags);
  const missing = tags.filter((tag) => !counted.has(tag));
  const counts = missing.length === 0 ? [] : await countSessions(isolate, missing);
  for (const [i, tag] of missing.entries()) if (counts[i] != null) counted.set(tag, counts[i]);
  return tags.map((tag) => counted.get(tag) ?? null);
}

/** Live sessions of each pod by the store's index; null for all when it does not answer. */
export async function countSessions(
  isolate: Isolate,
  tags: readonly number[],
): Promise<readonly (number | null)[]> {
  try {
    return await isolate.edge.store.count(tags, Date.now());
  } catch (error) {
    log("store-unread", { call: "count", error: errorText(error) });
    return tags.map(() => null);
  }
}

/** The store must answer for what was asked; traffic goes on without it. */
export function storeDown(): Response {
  const detail = "Traffic goes on by the cookies alone; sessions cannot be listed or counted. Try again.";
  return apiProblem(503, "store-down", "The binding store does not answer", detail, { "retry-after": "2" });
}
