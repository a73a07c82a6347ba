import { expect, it } from "vitest";
import type { AffinityConfig } from "../../../src/model/pool.ts";
import { renewalAge, retention } from "../../../src/sessions/expiry.ts";
import { isIdle, keepAt, knownFor, lifeOf, seenAt } from "../../../worker/coordinator/life.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const cookie: AffinityConfig = { source: "cookie", options: { idle: 30 * MINUTE, absolute: 12 * HOUR } };
const header: AffinityConfig = { source: "header", options: { name: "x-user", timeout: 3 * HOUR } };
const sid = "52fa65eeb62586f800707d01fb6ce209";
const created = 1_700_000_000_000;

it("tells by which source of a chain a session came: by its whole life", () => {
  const byCookie = { created, exp: created + 12 * HOUR + 900 };
  const byKey = { created, exp: created + 5 * HOUR };
  for (const chain of [
    [cookie, header],
    [header, cookie],
  ]) {
    expect(lifeOf(chain, byCookie)).toEqual({ idle: 1800, keyed: false });
    expect(lifeOf(chain, byKey)).toEqual({ idle: 10_800, keyed: true });
  }
  expect(lifeOf([cookie], byKey), "absolute was another when it began").toEqual({ idle: 1800, keyed: false });
  expect(lifeOf([], byKey)).toEqual({ idle: 1800, keyed: false });
});

it("tells for how long an edge may know a session by a key: by the longest that it may be", () => {
  const byKey = { created, exp: created + 5 * HOUR };
  const address: AffinityConfig = { source: "client-ip", options: { timeout: 4 * HOUR } };
  expect(knownFor([cookie, header, address], byKey)).toBe(14_400);
  expect(knownFor([cookie, header], { created, exp: created + 12 * HOUR })).toBeUndefined();
  expect(knownFor([cookie], byKey)).toBeUndefined();
});

it("finds from the index score when a session was last seen", () => {
  const idle = 1800;
  const seen = created + HOUR;
  const { expires } = retention(idle, renewalAge(idle, sid), (created + 12 * HOUR) / 1000, seen / 1000);
  expect(seenAt({ sid, created, expires }, { idle, keyed: false })).toBe(seen);
  expect(seenAt({ sid, created, expires: seen + 3 * HOUR }, { idle: 10_800, keyed: true })).toBe(seen);
  // The score ends at the absolute expiry: by then it tells too little, but never a time before the session was there.
  expect(seenAt({ sid, created, expires: created + MINUTE }, { idle, keyed: false })).toBe(created);
});

it("keeps a moved session no longer than its expiry", () => {
  const exp = created + HOUR;
  expect(keepAt({ sid, exp }, { idle: 1800, keyed: false }, exp - MINUTE).expires).toBe(exp);
});

it("takes a session for idle when it was not seen for half its idle time", () => {
  const life = { idle: 1800, keyed: false };
  const exp = created + 12 * HOUR;
  const seen = created + HOUR;
  const { expires } = retention(1800, renewalAge(1800, sid), exp / 1000, seen / 1000);
  expect(isIdle({ sid, created, expires, exp }, life, seen + 15 * MINUTE)).toBe(false);
  expect(isIdle({ sid, created, expires, exp }, life, seen + 15 * MINUTE + 1)).toBe(true);
  const key = { sid, created, expires: seen + 3 * HOUR, exp: seen + 3 * HOUR };
  expect(isIdle(key, { idle: 10_800, keyed: true }, seen + 91 * MINUTE)).toBe(true);
});

it("takes nobody for idle whose absolute expiry is near: the score stood still there though the session was seen", () => {
  const exp = created + 12 * HOUR;
  const seen = exp - 10 * MINUTE;
  const { expires } = retention(1800, renewalAge(1800, sid), exp / 1000, seen / 1000);
  expect(expires).toBe(exp);
  expect(isIdle({ sid, created, expires, exp }, { idle: 1800, keyed: false }, seen + MINUTE)).toBe(false);
});
