import { describe, expect, it } from "vitest";
import { BROKEN, type Broken } from "../../../tools/sim/broken.ts";
import { generate } from "../../../tools/sim/generate.ts";
import { shrink } from "../../../tools/sim/shrink.ts";
import { simulate } from "../../../tools/sim/simulate.ts";
import type { Invariant } from "../../../tools/sim/watch.ts";

/** Which invariants each broken rule must run into. */
const BREAKS: Record<Broken, readonly Invariant[]> = {
  "adopt-as-won": ["I2", "I10"],
  "settle-without-epoch": ["I2"],
  "own-suspicion": ["I3"],
  "follower-epoch": ["ledger"],
  "two-causes": ["ledger"],
  "cookie-without-pod": ["I10"],
  "expiry-ignored": ["I5"],
  "deaf-edge": ["I5"],
  "never-strict": ["I2"],
  "never-waits": ["I1"],
  "no-cap": ["cap"],
  "no-budget": ["I3"],
  "drain-begins": ["I4"],
  "old-config": ["I6"],
  "late-as-lost": ["I7", "I3"],
  "own-address": ["I8"],
};

/** Far more than any of them takes. */
const ENOUGH = 500;

/** The first schedule in which a broken rule is seen. */
async function find(broken: Broken) {
  for (let seed = 1; seed <= ENOUGH; seed++) {
    const plan = generate(seed);
    const { violation } = await simulate(plan, { broken });
    if (violation !== undefined) return { plan, violation };
  }
  throw new Error(`nobody noticed that ${BROKEN[broken]}`);
}

describe("a rule that is broken on purpose", () => {
  it.each(Object.keys(BREAKS) as Broken[])(
    "%s is noticed",
    async (broken) => {
      const { violation } = await find(broken);
      expect(BREAKS[broken]).toContain(violation.invariant);
      // Hundreds of schedules, on a machine that does other things meanwhile.
    },
    120_000,
  );

  it("is shown by a schedule of a few events, which fails alike each time", async () => {
    const broken = "cookie-without-pod";
    const { plan, violation } = await find(broken);
    const small = (await shrink(plan, violation.invariant, broken)).plan;
    expect(small.events.length).toBeLessThan(plan.events.length);
    // A session, a pod that fails it: no cookie without an answer can be had for less.
    expect(small.events.length).toBeLessThanOrEqual(4);
    expect(small.skews.every((skew) => skew === 0)).toBe(true);
    expect((await simulate(small, { broken })).violation?.invariant).toBe(violation.invariant);
    expect((await simulate(small)).violation).toBeUndefined();
  });
});
