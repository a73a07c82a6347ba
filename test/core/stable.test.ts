import { describe, expect, it } from "vitest";
import { testCore } from "../support/core.ts";
import { unstable } from "../support/reference/stable.ts";

function sorted(count: number, weights: readonly number[]) {
  return Array.from({ length: count }, (_, i) => ({
    id: `pod-${i}`,
    weight: weights[i % weights.length]!,
  })).sort((a, b) => Buffer.compare(Buffer.from(a.id), Buffer.from(b.id)));
}

describe("tables of the sizes that are used", () => {
  const cases = [
    { count: 2, weights: [1], bits: 18 },
    { count: 24, weights: [1, 5], bits: 18 },
    { count: 40, weights: [1], bits: 17 },
    { count: 60, weights: [1, 2, 3, 1000], bits: 16 },
    { count: 30, weights: [1, 1_000_000], bits: 14 },
    { count: 1000, weights: [1], bits: 11 },
    { count: 1500, weights: [1, 7], bits: 10 },
  ];

  it.each(cases)(
    "$count pods of weights $weights, 2^$bits slots: no slot and pod would rather have each other",
    (shape) => {
      const { count, weights, bits } = shape;
      const pods = sorted(count, weights);
      const core = testCore();
      const table = core.table(pods, bits);
      const owners = (of: typeof table) => Array.from({ length: of.size }, (_, slot) => of.slotOwner(slot));
      const built = owners(table);
      expect(unstable(pods, built, bits)).toEqual([]);
      // And it is what a pod less, and its return, leave behind.
      const without = core.retable(table, pods.toSpliced(count >> 1, 1), bits);
      expect(owners(core.retable(without, pods, bits))).toEqual(built);
    },
  );

  it("would be found out if they were not", () => {
    const pods = sorted(40, [1, 2]);
    const table = testCore().table(pods, 12);
    const owners = Array.from({ length: table.size }, (_, slot) => table.slotOwner(slot));
    const [one, other] = [100, owners.findIndex((owner) => owner !== owners[100])];
    [owners[one], owners[other]] = [owners[other]!, owners[one]!];
    expect(unstable(pods, owners, 12).length).toBeGreaterThan(0);
  });
});
