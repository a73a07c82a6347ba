import { expect, it } from "vitest";
import { quantile } from "../../src/metrics/quantile.ts";

const BOUNDS = [10, 20, 50];

it("is found within the bucket that it falls into, as if that were filled evenly", () => {
  // Ten up to 10, ten to 20: the fifth lies in the middle of the first bucket, the fifteenth in that of the second.
  expect(quantile([10, 10, 0, 0], BOUNDS, 0.25)).toBe(5);
  expect(quantile([10, 10, 0, 0], BOUNDS, 0.75)).toBe(15);
  expect(quantile([10, 10, 0, 0], BOUNDS, 1)).toBe(20);
});

it("passes over buckets that are empty", () => {
  expect(quantile([0, 0, 4, 0], BOUNDS, 0.5)).toBe(35);
});

it("is the last bound where it lies beyond, and nothing where nothing was counted", () => {
  expect(quantile([0, 1, 0, 99], BOUNDS, 0.5)).toBe(50);
  expect(quantile([0, 0, 0, 0], BOUNDS, 0.5)).toBeUndefined();
});
