import { describe, expect, it } from "vitest";
import { isShared, keepPrivate } from "../../src/route/shared-cache.ts";

type Fields = Record<string, string>;

/** What a shared cache may hand on unasked. */
const SHARED: Fields[] = [
  { "cache-control": "public" },
  { "cache-control": "PUBLIC" },
  { "cache-control": "max-age=60" },
  { "cache-control": "Max-Age = 60" },
  { "cache-control": 'max-age="5"' },
  { "cache-control": "S-MaxAge=0" },
  { "cache-control": "s-maxage=60, no-cache" },
  { "cache-control": "public, max-age=0" },
  { "cache-control": "max-age=0, stale-while-revalidate=60" },
  // Of the field x alone; the rest of the response may be stored.
  { "cache-control": 'public, private="x"' },
  { "cache-control": 'max-age=60, private="set-cookie, x"' },
  // Not the directives that they look like.
  { "cache-control": "max-age=60, x-private" },
  { "cache-control": "max-age=60, private-ish" },
  { "cache-control": 'max-age=60, note="private, no-store"' },
  { "cache-control": "max-age=60, note=private" },
  // Whom they are meant for goes by them, whatever Cache-Control says.
  { "cache-control": "no-store", "cdn-cache-control": "max-age=60" },
  { "cache-control": "private", "cloudflare-cdn-cache-control": "public" },
  { "cache-control": "no-cache", "surrogate-control": 'max-age=60, content="ESI/1.0"' },
  { "edge-control": "max-age=60" },
  { "x-accel-expires": "60" },
  { "x-accel-expires": "@1893456000" },
];

/** What no shared cache may hand on unasked, with what it says when it carries a cookie of ours. */
const OWN: [before: Fields, after: Fields][] = [
  [{}, { "cache-control": "private" }],
  [{ "cache-control": "" }, { "cache-control": "private" }],
  [{ "cache-control": "private, max-age=60" }, { "cache-control": "private, max-age=60" }],
  [{ "cache-control": "max-age=60, Private" }, { "cache-control": "max-age=60, Private" }],
  [{ "cache-control": "public, no-store" }, { "cache-control": "public, no-store" }],
  [{ "cache-control": "max-age=0" }, { "cache-control": "max-age=0, private" }],
  [{ "cache-control": "no-cache" }, { "cache-control": "no-cache, private" }],
  [{ "cache-control": 'no-cache, private="x"' }, { "cache-control": 'no-cache, private="x", private' }],
  [{ "cache-control": "must-revalidate" }, { "cache-control": "must-revalidate, private" }],
  // A moment in the future makes it fresh; HTTP/1.0 has nothing to forbid that with.
  [
    { expires: "Fri, 01 Jan 2100 00:00:00 GMT", pragma: "x" },
    { expires: "Fri, 01 Jan 2100 00:00:00 GMT", pragma: "x", "cache-control": "private" },
  ],
  [{ pragma: "no-cache" }, { pragma: "no-cache", "cache-control": "private" }],
  [
    { "cache-control": "private", "cdn-cache-control": "no-cache" },
    { "cache-control": "private", "cdn-cache-control": "no-cache, no-store" },
  ],
  [
    { "cache-control": "no-store", "surrogate-control": 'content="ESI/1.0"' },
    { "cache-control": "no-store", "surrogate-control": 'content="ESI/1.0", no-store' },
  ],
  [{ "x-accel-expires": "0" }, { "x-accel-expires": "0", "cache-control": "private" }],
];

describe("a response and shared caches", () => {
  it.each(SHARED)("%j gets no cookie of a client", (fields) => {
    expect(isShared(new Headers(fields))).toBe(true);
  });

  it.each(OWN)("%j gets one, and says %j", (before, after) => {
    const headers = new Headers(before);
    expect(isShared(headers)).toBe(false);
    keepPrivate(headers);
    expect(Object.fromEntries(headers)).toEqual(after);
    expect(isShared(headers)).toBe(false);
  });

  it("reads a megabyte of any of it in linear time", () => {
    for (const text of ['a="', "a ", "=", '"', "a=", ", ", 'private="', "max-age=0 "]) {
      const control = text.repeat(2 ** 20 / text.length);
      expect(isShared(new Headers({ "cache-control": `x${control}x` })), text).toBe(false);
    }
  });
});
