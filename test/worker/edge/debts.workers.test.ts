import { expect, it } from "vitest";
import { Feed } from "../../../src/sessions/feed.ts";
import type { Batches } from "../../../worker/edge/batch.ts";
import { Heartbeat } from "../../../worker/edge/heartbeat.ts";
import type { Views } from "../../../worker/edge/views.ts";

const batch = { batch: 1, counts: [], breaks: [], failed: [], served: {} };

it("has the store's indexes settled with every heartbeat, also while the coordinator is away", async () => {
  const beats: string[] = [];
  const call = async () => {
    beats.push("beat");
    throw new Error("the coordinator is away");
  };
  const settle = async () => void beats.push("settle");
  const heartbeat = new Heartbeat(
    { call },
    { current: { stamp: { incarnation: 5, revision: 1 }, at: 0 } } as unknown as Views,
    { next: () => batch, confirm: () => undefined, pending: false } as unknown as Batches,
    new Feed(),
    () => false,
    20,
    settle,
  );
  const work: Promise<unknown>[] = [];
  heartbeat.touch(Date.now(), { waitUntil: (one) => void work.push(one) });
  await Promise.all(work);
  // At once, as the view is old, and after the last request.
  expect(beats).toEqual(["beat", "settle", "beat", "settle"]);
});
