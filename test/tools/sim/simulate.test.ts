import { describe, expect, it } from "vitest";
import { generate } from "../../../tools/sim/generate.ts";
import { simulate } from "../../../tools/sim/simulate.ts";
import { count, emptyTally } from "../../../tools/sim/tally.ts";

describe("schedules of virtual time", () => {
  it("keep every invariant, and look at what they promise to look at", async () => {
    const tally = emptyTally();
    for (let seed = 1; seed <= 150; seed++) count(tally, seed, await simulate(generate(seed)));
    expect(tally.failures).toEqual([]);
    // A check that never ran proves nothing. Of 150 schedules each has far more, so that a few rules may change.
    const { checks } = tally;
    expect(checks.answers).toBeGreaterThan(8000);
    expect(checks.kept).toBeGreaterThan(3000);
    expect(checks.mustKeep).toBeGreaterThan(1000);
    expect(checks.moves).toBeGreaterThan(150);
    expect(checks.samePod).toBeGreaterThan(15);
  });

  it("come out exactly the same for the same seed, and differently for another", async () => {
    const first = await simulate(generate(7), { trace: true });
    const again = await simulate(generate(7), { trace: true });
    expect(first.trace.length).toBeGreaterThan(20);
    expect(again.trace).toEqual(first.trace);
    expect(again.hash).toBe(first.hash);
    expect((await simulate(generate(8))).hash).not.toBe(first.hash);
  });

  it("come out the same whether the trace is kept or not, and from a plan that was printed", async () => {
    const plan = generate(12);
    const kept = await simulate(plan, { trace: true });
    const printed = await simulate(JSON.parse(JSON.stringify(plan)));
    expect(printed.hash).toBe(kept.hash);
    expect(printed.trace).toEqual([]);
  });
});
