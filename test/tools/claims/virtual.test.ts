import { describe, expect, it } from "vitest";
import { expectedFewer } from "../../../tools/claims/experiment.ts";
import { NAMES } from "../../../tools/claims/kinds.ts";
import { BASE, SMALL } from "../../../tools/claims/model.ts";
import { write } from "../../../tools/claims/script.ts";
import { estimate, reaches } from "../../../tools/claims/statistics.ts";
import { failure, fewer, interruptions } from "../../../tools/claims/tally.ts";
import { runVirtually } from "../../../tools/claims/virtual.ts";

/** Minutes of a user are seconds, and pods restart often: all that can happen does. */
const run = (seed: number, script = write(SMALL, seed)) =>
  runVirtually({ script, kinds: NAMES, seed, probe: "1s" });

describe("the four kinds of stickiness", () => {
  it("cookies interrupt nobody whose pod lives, and each other kind interrupts more", async () => {
    for (const seed of [1, 2, 3]) {
      const seen = await run(seed);
      expect(seen.cookie!.astray).toBe(0);
      expect(seen.cookie!.lost).toBeGreaterThan(0);
      expect(interruptions(seen["client-ip"]!)).toBeGreaterThan(interruptions(seen.cookie!));
      expect(interruptions(seen.connection!)).toBeGreaterThan(interruptions(seen["client-ip"]!));
      expect(interruptions(seen.none!)).toBeGreaterThan(interruptions(seen.connection!));
    }
  });

  it("comes out the same by the same seed", async () => {
    expect(await run(1)).toEqual(await run(1));
    expect(await run(2)).not.toEqual(await run(1));
  });

  it("fails without stickiness as chance has it", async () => {
    // About 100 transfers over two pods, of which 1/n² succeed: 0.18 is four standard deviations.
    const { none } = await run(1, write({ ...SMALL, pods: 2, restarts: 0 }, 1));
    expect(Math.abs(failure(none!) - 0.75)).toBeLessThan(0.18);
  });

  it("interrupts nobody by cookies nor by addresses where neither changes", async () => {
    const seen = await run(1, write({ ...SMALL, changes: 0, restarts: 0 }, 1));
    expect([interruptions(seen.cookie!), interruptions(seen["client-ip"]!)]).toEqual([0, 0]);
    expect(interruptions(seen.none!)).toBeGreaterThan(0);
  });

  it("saves all where only addresses change", async () => {
    const script = write({ ...SMALL, restarts: 0 }, 1);
    const seen = await run(1, script);
    expect(fewer(seen.cookie!, seen["client-ip"]!)).toBe(1);
    expect(expectedFewer({ ...BASE, restarts: 0 })).toBe(1);
    expect(expectedFewer({ ...BASE, changes: 0 })).toBe(0);
  });
});

describe("the statistics", () => {
  it("says how far a mean may be off", () => {
    expect(estimate([1, 2, 3, 4, 5])).toEqual({ mean: 3, deviation: Math.sqrt(2.5), error: Math.sqrt(2) });
    expect(estimate([7])).toEqual({ mean: 7, deviation: 0, error: 0 });
  });

  it("finds where a curve comes to a level", () => {
    const curve = [
      { x: 0, y: 100 },
      { x: 10, y: 50 },
      { x: 20, y: 0 },
    ];
    expect(reaches(curve, 75)).toBe(5);
    expect(reaches(curve, 0)).toBe(20);
    expect(reaches(curve, 101)).toBeUndefined();
  });
});
