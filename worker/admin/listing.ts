import { type PodTag, tagToHex } from "../../src/model/pod.ts";
import type { BindingStore, ListedBinding } from "../../src/model/ports.ts";

/** Calls to the store for one page at most: many pods may have no session. */
const CALLS = 64;

/** A page of sessions over several pods; cursor null at the end. */
export interface Page {
  readonly sessions: readonly ListedBinding[];
  readonly cursor: string | null;
}

/**
 * Lists the live sessions of these pods, pod by pod in the order of their tags, so that a page can begin where another
 * ended although pods come and go. The cursor is a tag, and with it the store's own cursor.
 *
 * @throws RangeError for a cursor that is none; what the store throws when it is down
 */
export async function listSessions(
  store: BindingStore,
  pods: readonly PodTag[],
  now: number,
  limit: number,
  cursor: string | undefined,
): Promise<Page> {
  const [from = "", within] = cursor === undefined ? [] : parseCursor(cursor);
  const tags = [...pods].sort((a, b) => a - b).filter((tag) => tagToHex(tag) >= from);
  const sessions: ListedBinding[] = [];
  let calls = 0;
  for (const tag of tags) {
    let inner = tagToHex(tag) === from ? within : undefined;
    do {
      if (sessions.length >= limit || calls === CALLS) return { sessions, cursor: cursorAt(tag, inner) };
      calls++;
      const page = await store.list(tag, now, limit - sessions.length, inner);
      sessions.push(...page.sessions);
      inner = page.cursor;
    } while (inner !== undefined);
  }
  return { sessions, cursor: null };
}

function cursorAt(tag: PodTag, inner: string | undefined): string {
  return inner === undefined ? tagToHex(tag) : `${tagToHex(tag)}~${inner}`;
}

function parseCursor(cursor: string): [string, string | undefined] {
  const parts = /^([0-9a-f]{12})(?:~([0-9a-f.]{1,80}))?$/.exec(cursor);
  if (parts === null) throw new RangeError("not a cursor of this listing");
  return [parts[1]!, parts[2]];
}
