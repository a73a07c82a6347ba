import { type PodTag, tagToHex } from "../../src/model/pod.ts";
import type { ListedBinding } from "../../src/model/ports.ts";

/** Calls for one page at most: many pods may have no session. */
const CALLS = 64;
/** Pods that are counted in one call, to pass over those without a session. */
const COUNTED = 256;

/** A page of sessions; cursor undefined at the end. */
export interface Page {
  readonly sessions: ListedBinding[];
  readonly cursor: string | undefined;
}

/** How one pod after another is listed. */
export interface PodLists {
  count(pods: readonly PodTag[]): Promise<readonly number[]>;
  /** A page of one pod, by a cursor of its own. */
  list(pod: PodTag, limit: number, cursor: string | undefined): Promise<Page>;
}

/**
 * Lists several pods one after the other in the order of their tags, so that a page can begin where another ended although
 * pods come and go. Those without a session are passed over many at a time.
 *
 * @throws RangeError for a cursor that is none
 */
export async function listPods(
  lists: PodLists,
  pods: readonly PodTag[],
  limit: number,
  cursor: string | undefined,
): Promise<Page> {
  const place = cursor === undefined ? undefined : parseCursor(cursor);
  const tags = podsFrom(pods, place?.tag);
  const sessions: ListedBinding[] = [];
  let calls = 0;
  for (let at = 0; at < tags.length; at += COUNTED) {
    const some = tags.slice(at, at + COUNTED);
    if (sessions.length >= limit || calls >= CALLS) return { sessions, cursor: tagToHex(some[0]!) };
    calls++;
    const counts = tags.length === 1 ? [1] : await lists.count(some);
    for (const [i, tag] of some.entries()) {
      let inner = tagToHex(tag) === place?.tag ? place.inner : undefined;
      if (counts[i] === 0) continue;
      do {
        if (sessions.length >= limit || calls >= CALLS) return { sessions, cursor: cursorAt(tag, inner) };
        calls++;
        const page = await lists.list(tag, limit - sessions.length, inner);
        sessions.push(...page.sessions);
        inner = page.cursor;
      } while (inner !== undefined);
    }
  }
  return { sessions, cursor: undefined };
}

/** Where a page ended: within a pod, or before it. */
export interface Place {
  /** 12 hex digits. */
  readonly tag: string;
  readonly inner: string | undefined;
}

/** A tag, and with it the store's own cursor within that pod. */
export function cursorAt(tag: PodTag, inner: string | undefined): string {
  return inner === undefined ? tagToHex(tag) : `${tagToHex(tag)}~${inner}`;
}

export function parseCursor(cursor: string): Place {
  const parts = /^([0-9a-f]{12})(?:~([0-9a-f.]{1,80}))?$/.exec(cursor);
  if (parts === null) throw new RangeError("not a cursor of this listing");
  return { tag: parts[1]!, inner: parts[2] };
}

/** These pods in the order of their tags, from a tag on. */
export function podsFrom(pods: readonly PodTag[], tag = ""): PodTag[] {
  return [...pods].sort((a, b) => a - b).filter((pod) => tagToHex(pod) >= tag);
}
