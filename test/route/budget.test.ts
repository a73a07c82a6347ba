import { describe, expect, it } from "vitest";
import { RetryBudget } from "../../src/route/budget.ts";
import { seeded } from "../support/seeded.ts";

const T = 1_700_000_000_000;

/** Spends what is left, and says how much that was. */
function drain(budget: RetryBudget, now: number, share: number): number {
  let spent = 0;
  while (budget.left(now, share) > 0) {
    budget.spend(now);
    spent++;
  }
  return spent;
}

describe("a retry budget", () => {
  it("is a share of the requests of the last 10 s", () => {
    const budget = new RetryBudget();
    for (let i = 0; i < 1000; i++) budget.count(T + i);
    expect(drain(budget, T + 1000, 0.2)).toBe(200);
    expect(budget.left(T + 9999, 0.2)).toBe(0);
  });

  it("is 3 a second where that is more, also for a share of nothing", () => {
    expect(drain(new RetryBudget(), T, 0.2)).toBe(30);
    const quiet = new RetryBudget();
    for (let i = 0; i < 100; i++) quiet.count(T);
    expect(drain(quiet, T, 0)).toBe(30);
  });

  it("forgets requests and retries together, ten seconds after they came", () => {
    const budget = new RetryBudget();
    for (let i = 0; i < 1000; i++) budget.count(T);
    expect(drain(budget, T, 0.2)).toBe(200);
    for (let i = 0; i < 500; i++) budget.count(T + 9000);
    expect(budget.left(T + 9000, 0.2)).toBe(100);
    expect(budget.left(T + 10_000, 0.2)).toBe(100);
    expect(budget.left(T + 19_000, 0.2)).toBe(30);
  });

  it("takes a request that was slow to get here for one of now, and begins anew when the clock is put back", () => {
    const budget = new RetryBudget();
    budget.count(T + 5000);
    for (let i = 0; i < 999; i++) budget.count(T);
    expect(budget.left(T + 5000, 0.2)).toBe(200);
    budget.count(T - 3_600_000);
    expect(budget.left(T - 3_600_000, 0.2)).toBe(30);
  });

  // A retry is allowed only while the retries of its last 10 s are fewer than a fifth of the requests of the same 10 s.
  // Cut any stretch of time into pieces of 10 s, from its last retry backwards: each piece holds to it, so all of them do,
  // as long as no piece is so quiet that 30 are more than a fifth.
  it("holds attempts to 1.2 of what is offered, whatever comes when", () => {
    const chance = seeded(20);
    const budget = new RetryBudget();
    let [now, offered, retried] = [T, 0, 0];
    while (now < T + 120_000) {
      now += chance.fraction() * 8;
      budget.count(now);
      offered++;
      // Every request fails, and would be tried four times more.
      for (let more = 0; more < 4 && budget.left(now, 0.2) > 0; more++) {
        budget.spend(now);
        retried++;
      }
    }
    expect(offered).toBeGreaterThan(20_000);
    expect((offered + retried) / offered).toBeLessThanOrEqual(1.2);
    expect((offered + retried) / offered).toBeGreaterThan(1.18);
  });
});
