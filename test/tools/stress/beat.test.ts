import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { Beat } from "../../../tools/stress/beat.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it("acts at the times that were drawn, and counts the wait of those that had to wait", async () => {
  const began = performance.now();
  const seen: [due: number, waited: number][] = [];
  // The first takes as long as five of its successors: they are due nevertheless.
  let takes = 450;
  const beat = new Beat(
    async (due) => {
      seen.push([due - began, performance.now() - due]);
      const own = takes;
      takes = 0;
      await new Promise((resolve) => setTimeout(resolve, own));
    },
    () => 100,
  );
  beat.start(began);
  await vi.advanceTimersByTimeAsync(600);
  expect(seen.map(([due]) => due)).toEqual([0, 100, 200, 300, 400, 500, 600]);
  const waits = seen.map(([, waited]) => Math.round(waited / 50) * 50);
  expect(waits).toEqual([0, 350, 250, 150, 50, 0, 0]);
});

it("tells what was due and has not come to an end, and is due no more once it is stopped", async () => {
  const began = performance.now();
  let go = (): void => undefined;
  const stuck = new Promise<void>((resolve) => {
    go = resolve;
  });
  const beat = new Beat(
    () => stuck,
    () => 100,
  );
  beat.start(began);
  await vi.advanceTimersByTimeAsync(250);
  let ended = false;
  const end = beat.stop().then(() => {
    ended = true;
  });
  await vi.advanceTimersByTimeAsync(500);
  expect(ended).toBe(false);
  expect(beat.open.map((due) => due - began)).toEqual([0, 100, 200]);
  go();
  await end;
  expect(beat.open).toEqual([]);
});
