import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { Background } from "../../../src/model/ports.ts";
import { Feed } from "../../../src/sessions/feed.ts";
import type { Batches } from "../../../worker/edge/batch.ts";
import { Deadlines } from "../../../worker/edge/deadlines.ts";
import { Heartbeat } from "../../../worker/edge/heartbeat.ts";
import type { Views } from "../../../worker/edge/views.ts";

/** A request that remembers whether it was given work that goes on after it. */
function request(): Background & { readonly works: number } {
  let works = 0;
  return {
    waitUntil: () => {
      works++;
    },
    get works() {
      return works;
    },
  };
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A WebSocket that is cut takes its request's other work with it: the heartbeat stood still for seven seconds then. */
it("a heartbeat that is left is taken up by the next request, and by nobody else's leaving", () => {
  const link = { call: () => new Promise<Response>(() => undefined) };
  const views = { current: { at: Date.now() } } as unknown as Views;
  const heartbeat = new Heartbeat(link, views, {} as Batches, new Feed(), () => false, 1000);
  const [first, second, third] = [request(), request(), request()];
  heartbeat.touch(Date.now(), first);
  heartbeat.touch(Date.now(), second);
  expect([first.works, second.works]).toEqual([1, 0]);
  heartbeat.leave(second);
  heartbeat.touch(Date.now(), second);
  expect(second.works).toBe(0);
  heartbeat.leave(first);
  heartbeat.touch(Date.now(), third);
  expect(third.works).toBe(1);
});

it("time-outs that are left are swept by the next request that waits, those of the others too", async () => {
  const deadlines = new Deadlines();
  const [first, second, third] = [request(), request(), request()];
  const expired: string[] = [];
  deadlines.add(5000, () => expired.push("first"), first);
  deadlines.add(2000, () => expired.push("second"), second);
  expect([first.works, second.works]).toEqual([1, 0]);
  deadlines.leave(second);
  deadlines.leave(first);
  deadlines.add(3000, () => expired.push("third"), third);
  expect(third.works).toBe(1);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(expired).toEqual(["second", "third", "first"]);
});
