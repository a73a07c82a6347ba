import { expect, it } from "vitest";
import { Feed } from "../../src/sessions/feed.ts";
import { Generations } from "../../src/sessions/generations.ts";

const entry = (seq: number, sid: string, epoch: number, exp = 100) =>
  ({ seq, sid, epoch, to: null, cause: "revoked", exp }) as const;

it("makes tokens below an entry's epoch stale, and no others", () => {
  const feed = new Feed();
  expect(feed.below("a", 1)).toBeUndefined();
  feed.hear([{ ...entry(1, "a", 3), to: "000000000007", cause: "moved-by-operator" }], 1, 0);
  expect(feed.below("a", 2)?.epoch).toBe(3);
  expect(feed.below("a", 3)).toBeUndefined();
  expect(feed.below("b", 1)).toBeUndefined();
  expect(feed.seq).toBe(1);
});

it("makes tokens of the very epoch that was revoked stale, as the store does, and none after it", () => {
  const feed = new Feed();
  feed.hear([entry(1, "a", 3)], 1, 0);
  expect(feed.below("a", 3)?.epoch).toBe(3);
  expect(feed.below("a", 4)).toBeUndefined();
});

it("keeps the later of two entries, and forgets them when they expire", () => {
  const feed = new Feed();
  feed.hear([entry(2, "a", 5), entry(1, "a", 3)], 2, 0);
  expect(feed.below("a", 4)?.epoch).toBe(5);
  feed.hear([], 2, 101);
  expect(feed.size).toBe(0);
});

it("begins anew with another incarnation, and forgets nothing: a revoked token became good again", () => {
  const feed = new Feed();
  feed.hear([entry(7, "a", 3)], 7, 0);
  feed.restart();
  expect(feed.seq).toBe(0);
  feed.hear([entry(1, "b", 2)], 1, 0);
  expect(feed.seq).toBe(1);
  expect(feed.below("a", 2)?.epoch).toBe(3);
  expect(feed.below("b", 1)?.epoch).toBe(2);
});

it("bounds a map in two generations and keeps what is used", () => {
  const map = new Generations<number>(4);
  for (let i = 0; i < 4; i++) map.set(`k${i}`, i);
  map.set("k4", 4);
  expect(map.get("k0")).toBe(0);
  for (let i = 5; i < 9; i++) map.set(`k${i}`, i);
  expect(map.get("k0")).toBe(0);
  expect(map.get("k1")).toBeUndefined();
});
