import type { Sid } from "../../src/model/binding.ts";
import { AnswerError, asList, asText } from "./answer.ts";
import type { RedisClient } from "./redis.ts";

export interface Entry {
  readonly sid: Sid;
  readonly score: number;
}

/** Where a listing stands: after `sid` at `score`, the `ties`-th of those with that score. */
interface Place extends Entry {
  readonly ties: number;
}

function parseCursor(cursor: string): Place {
  const parts = /^([0-9]{1,16})\.([0-9a-f]{32})\.([0-9]{1,9})$/.exec(cursor);
  if (parts === null) throw new RangeError("not a cursor of this listing");
  return { score: Number(parts[1]), sid: parts[2]!, ties: Number(parts[3]) };
}

function parseEntries(answer: unknown): Entry[] {
  const flat = asList(answer).map(asText);
  if (flat.length % 2 !== 0) throw new AnswerError("members with scores", answer);
  const entries: Entry[] = [];
  for (let i = 0; i < flat.length; i += 2) {
    const sid = flat[i]!;
    const score = Number(flat[i + 1]);
    if (!/^[0-9a-f]{32}$/.test(sid)) throw new AnswerError("a sid", sid);
    if (!Number.isSafeInteger(score)) throw new AnswerError("a score", flat[i + 1]);
    entries.push({ sid, score });
  }
  return entries;
}

/**
 * One page of a sorted set of sids from score `now` up, in order of (score, sid), and the cursor of the next.
 * A session that is seen again while a listing runs moves up, and may be listed twice; none is left out.
 * Throws a RangeError for a cursor that is none.
 */
export async function listPage(
  redis: RedisClient,
  index: string,
  now: number,
  limit: number,
  cursor: string | undefined,
): Promise<{ entries: Entry[]; cursor: string | undefined }> {
  let from: Place = { score: now, sid: "", ties: 0 };
  if (cursor !== undefined) {
    const place = parseCursor(cursor);
    if (place.score >= now) from = place;
  }
  const found: (Entry & { at: number })[] = [];
  // Many sessions can share a score. Resume at the one listed last, by its position; if it is no longer there, find the
  // place again by passing over all with this score that come before it.
  let offset = Math.max(0, from.ties - 1);
  // One for the session listed last, one to know whether more follow.
  const count = limit + 2;
  for (let first = true; found.length <= limit; first = false) {
    const range = ["BYSCORE", "LIMIT", offset, count, "WITHSCORES"] as const;
    const batch = parseEntries(await redis.run("ZRANGE", index, from.score, "+inf", ...range));
    if (first && offset > 0 && (batch[0]?.sid !== from.sid || batch[0].score !== from.score)) {
      offset = 0;
      continue;
    }
    for (const [i, entry] of batch.entries()) {
      if (entry.score < from.score) throw new AnswerError("scores in order", entry.score);
      if (entry.score === from.score && entry.sid <= from.sid) continue;
      found.push({ ...entry, at: offset + i });
    }
    if (batch.length < count) break;
    offset += batch.length;
  }
  if (found.length <= limit) return { entries: found, cursor: undefined };
  const entries = found.slice(0, limit);
  const last = entries[limit - 1]!;
  const ties =
    last.score === from.score ? last.at + 1 : entries.filter((entry) => entry.score === last.score).length;
  return { entries, cursor: `${last.score}.${last.sid}.${ties}` };
}
