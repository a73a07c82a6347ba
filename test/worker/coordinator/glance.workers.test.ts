import { expect, it } from "vitest";
import type { Glance } from "../../../worker/coordinator/glance.ts";
import { ask, beat, config, fresh, put } from "./calls.workers.ts";

const MINUTE = 60_000;

it("tells breaks by cause and minute of the last hour, and traffic of what heartbeats told once", async () => {
  const stub = fresh();
  await put(stub, config(["a", "b"]), { "if-none-match": "*" });
  const now = Date.now();
  const broken = (epoch: number, at: number, cause: "pod-gone" | "revoked") => ({
    ...{ sid: "0".repeat(32), epoch, at, pool: "web", from: "a", to: "b", cause },
  });
  const told = {
    isolate: "x",
    batch: 1,
    counts: [{ pool: "web", outcome: "moved", code: 200, count: 3 }] as const,
    breaks: [
      broken(2, now, "pod-gone"),
      broken(3, now - 10 * MINUTE, "pod-gone"),
      broken(4, now - 10 * MINUTE, "revoked"),
      // Before the hour, and by a clock that is ahead.
      broken(5, now - 61 * MINUTE, "revoked"),
      broken(6, now + 5 * MINUTE, "revoked"),
    ],
  };
  await beat(stub, told);
  // Its answer was lost: the same once more.
  await beat(stub, told);
  const { traffic, breaks, gauges } = await ask<Glance>(stub, "/glance");
  expect(gauges.revision).toBe(1);
  expect(traffic.all.outcomes).toMatchObject({ moved: 3, kept: 0 });
  const sums = Object.fromEntries(
    Object.entries(breaks.causes).map(([cause, counts]) => [
      cause,
      counts.reduce((sum, one) => sum + one, 0),
    ]),
  );
  expect(sums).toEqual({ "pod-gone": 2, revoked: 2 });
  // The minute may have turned since.
  expect(breaks.causes["pod-gone"]!.slice(-2).reduce((sum, one) => sum + one, 0)).toBe(1);
  expect(breaks.causes.revoked).toHaveLength(60);
  expect(breaks.causes.revoked!.at(-1)! + breaks.causes.revoked!.at(-2)!).toBe(1);
});
