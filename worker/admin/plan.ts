import { compile } from "../../src/config/compile.ts";
import { errorText } from "../../src/events/record.ts";
import type { PodState } from "../../src/health/state.ts";
import type { PodTag } from "../../src/model/pod.ts";
import type { BindingStore, ListedBinding } from "../../src/model/ports.ts";
import { type Listing, plan } from "../../src/plan/plan.ts";
import type { Departed, View } from "../../src/route/view.ts";
import type { Isolate } from "../edge/isolate.ts";
import { log } from "../log.ts";
import { parseText } from "../reader.ts";
import { askCoordinator, ok } from "./call.ts";
import { invalidConfig, readConfig } from "./config.ts";
import { countSessions, freshView, storeDown } from "./fleet.ts";
import { readPage } from "./input.ts";
import type { AdminContext } from "./pools.ts";

/** Moves in one answer at most. */
const PAGE = 10_000;

class StoreDown extends Error {}

/** POST /plan: which sessions a config would move, and why; nothing changes. */
export async function postPlan(c: AdminContext, isolate: Isolate): Promise<Response> {
  const page = readPage(c.req.query(), PAGE, PAGE, /^[0-9a-f]{32}$/);
  if (page instanceof Response) return page;
  const read = await readConfig(c);
  if (read instanceof Response) return read;
  const parsed = await parseText(read.body, { authority: new URL(c.req.url).host });
  if (!parsed.ok) return invalidConfig(parsed.errors);
  const before = await freshView(isolate, c.executionCtx);
  if (before instanceof Response) return before;
  const told = await askCoordinator<{ revision: number; health: Record<string, PodState> }>(
    isolate,
    "/foresee",
    JSON.stringify(parsed.document),
  );
  if (told instanceof Response) return told;
  const now = Date.now();
  const digest = (data: Uint8Array<ArrayBuffer>) => crypto.subtle.digest("SHA-256", data);
  const snapshot = await compile(parsed.config, told.revision + 1, digest);
  const stamp = { ...before.stamp, revision: told.revision + 1 };
  const after = isolate.views.apart(snapshot, stamp, leaving(before), told.health, now);
  try {
    const made = await plan(before, after, listingOf(isolate, now), now, {
      limit: page.limit,
      after: page.cursor ?? "",
    });
    return ok({ revision: told.revision, ...made, notices: [...parsed.notices, ...made.notices] });
  } catch (error) {
    if (!(error instanceof StoreDown)) throw error;
    log("store-unread", { call: "plan", error: errorText(error) });
    return storeDown();
  } finally {
    after.free();
  }
}

/** All pods that the config in force has or remembers: those of them that stay are found in their pools first. */
function leaving({ pools, departed }: View): Departed[] {
  const present = pools.flatMap(({ pods }) => pods.map(({ pod: { tag, pool, id } }) => ({ tag, pool, id })));
  return [...departed.values(), ...present];
}

function listingOf(isolate: Isolate, now: number): Listing {
  const { store } = isolate.edge;
  return {
    count: async (pods) => {
      const counts = await countSessions(isolate, pods);
      return counts.map((count) => {
        if (count === null) throw new StoreDown("sessions not counted");
        return count;
      });
    },
    pages: (pods, size) => pagesOf(store, pods, now, size),
  };
}

async function* pagesOf(
  store: BindingStore,
  pods: readonly PodTag[],
  now: number,
  size: number,
): AsyncGenerator<readonly ListedBinding[]> {
  let cursor: string | undefined;
  do {
    const page = await store.list(pods, now, size, cursor).catch((error) => {
      throw new StoreDown(error instanceof Error ? error.message : String(error));
    });
    yield page.sessions;
    cursor = page.cursor;
  } while (cursor !== undefined);
}
