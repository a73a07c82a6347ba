import { expect, it } from "vitest";
import type { Beat, BeatAnswer, FeedEntry } from "../../../src/model/beat.ts";
import { Feed } from "../../../src/sessions/feed.ts";
import type { Batches } from "../../../worker/edge/batch.ts";
import { Heartbeat } from "../../../worker/edge/heartbeat.ts";
import type { Views } from "../../../worker/edge/views.ts";

const PAGE = 10;
const background = { waitUntil: () => undefined };
const batch = { batch: 1, counts: [], breaks: [], failed: [], served: {} };

/** An edge whose coordinator has a feed of so many entries, and tells it by pages. */
function edge(total: number, incarnation = 5) {
  const beats: Beat[] = [];
  const coordinator = { incarnation, total };
  const stamp = { incarnation, revision: 1 };
  const call = async (_: string, { body }: { body?: string }) => {
    const beat = JSON.parse(body!) as Beat;
    beats.push(beat);
    const after = beat.incarnation === coordinator.incarnation ? beat.feed : 0;
    const seq = Math.min(coordinator.total, after + PAGE);
    const entries = Array.from({ length: seq - after }, (_, i): FeedEntry => {
      const at = after + i + 1;
      return { seq: at, sid: `s${at}`, epoch: 2, to: null, cause: "revoked", exp: Date.now() + 60_000 };
    });
    const answer: BeatAnswer = {
      incarnation: coordinator.incarnation,
      revision: 1,
      health: {},
      feed: { entries, seq },
      next: 1000,
    };
    return Response.json(answer);
  };
  const views = {
    current: { stamp, at: 0 },
    take: async (answer: BeatAnswer) => {
      stamp.incarnation = answer.incarnation;
    },
  };
  const batches = { next: () => batch, confirm: () => undefined, pending: false };
  const feed = new Feed();
  const heartbeat = new Heartbeat(
    { call },
    views as unknown as Views,
    batches as unknown as Batches,
    feed,
    () => false,
    1000,
  );
  return { heartbeat, feed, beats, coordinator };
}

it("hears every page before it says that a change is held", async () => {
  const { heartbeat, feed, beats } = edge(35);
  await heartbeat.hear(35, background);
  expect(feed.size).toBe(35);
  expect(beats.map((beat) => beat.feed)).toEqual([0, 10, 20, 30]);
});

it("beats once more though one is on its way: that may have been answered before the change", async () => {
  const { heartbeat, beats } = edge(0);
  const before = heartbeat.beat(background);
  await heartbeat.hear(0, background);
  await before;
  expect(beats).toHaveLength(2);
});

it("ends with every live entry after the coordinator began anew, and keeps what it had heard", async () => {
  const { heartbeat, feed, coordinator } = edge(25);
  await heartbeat.hear(25, background);
  coordinator.incarnation = 6;
  coordinator.total = 15;
  await heartbeat.hear(15, background);
  expect(feed.seq).toBe(15);
  expect(feed.size).toBe(25);
  for (let i = 1; i <= 25; i++) expect(feed.below(`s${i}`, 1)).toBeDefined();
});
