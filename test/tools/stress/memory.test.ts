import { expect, it } from "vitest";
import { growth, resident } from "../../../tools/stress/memory.ts";

it("tells what grows from what only rises and falls", () => {
  expect(growth(Array(40).fill(100))).toBe(0);
  const saw = Array.from({ length: 40 }, (_, i) => 100 + (i % 5));
  expect(Math.abs(growth(saw))).toBeLessThan(0.02);
  const leak = Array.from({ length: 40 }, (_, i) => 100 + i);
  expect(growth(leak)).toBeGreaterThan(0.25);
  expect(growth(leak.toReversed())).toBeLessThan(-0.15);
  expect(growth([])).toBe(0);
});

it.skipIf(process.platform !== "linux")("sees what a process holds, and that one is gone", () => {
  // A Node holds tens of MiB, and less than all that there is.
  expect(resident(process.pid)).toBeGreaterThan(10);
  expect(resident(process.pid)).toBeLessThan(100_000);
  expect(resident(2 ** 30)).toBeUndefined();
});
