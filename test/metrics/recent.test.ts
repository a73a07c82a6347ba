import { expect, it } from "vitest";
import { Recent } from "../../src/metrics/recent.ts";

const NOW = 1_800_000_000_000;
const sums = (recent: Recent, now: number, length: number) =>
  Object.fromEntries(recent.sums("a", now, length).map(({ labels, value }) => [labels.join(), value]));

it("sums what came lately, by family and labels, and forgets what is older", () => {
  const recent = new Recent(300_000);
  recent.add("a", ["x"], 1, NOW);
  recent.take({ a: { '["x"]': 2, '["y"]': 5 }, b: { '["x"]': 9 } }, NOW + 30_000);
  expect(sums(recent, NOW + 30_000, 60_000)).toEqual({ x: 3, y: 5 });
  expect(sums(recent, NOW + 70_000, 60_000)).toEqual({ x: 2, y: 5 });
  expect(sums(recent, NOW + 70_000, 300_000)).toEqual({ x: 3, y: 5 });
  expect(sums(recent, NOW + 340_000, 300_000)).toEqual({});
  // The slot of the first is another's by now.
  recent.add("a", ["z"], 1, NOW + 305_000);
  expect(sums(recent, NOW + 305_000, 300_000)).toEqual({ x: 2, y: 5, z: 1 });
});

it("holds a bounded number of sums, and no figure that is none", () => {
  const recent = new Recent(60_000);
  for (let i = 0; i < 50_000; i++) recent.add("a", [String(i)], 1, NOW);
  recent.add("a", ["0"], Number.NaN, NOW);
  recent.add("a", ["0"], 1, NOW);
  const found = recent.sums("a", NOW, 60_000);
  expect(found.length).toBe(20_000);
  expect(found[0]).toEqual({ labels: ["0"], value: 2 });
});
