import { describe, expect, it } from "vitest";
import { without } from "../../src/policies/policy.ts";
import { poolOf, standingOf } from "./pool.ts";

describe("a standing with one more pod out", () => {
  const { pods } = poolOf([1, 0, 2]);

  it("has one pod less that is live, a version of its own, and the same requests in flight", () => {
    const before = standingOf(pods);
    const after = without(before, pods, 2);
    expect([...after.out]).toEqual([0, 0, 1]);
    expect(after.live).toBe(1);
    expect(after.version).not.toBe(before.version);
    expect(after.inflight).toBe(before.inflight);
    expect([...before.out]).toEqual([0, 0, 0]);
    expect(before.live).toBe(2);
  });

  it("counts a pod without weight neither before nor after", () => {
    expect(without(standingOf(pods), pods, 1).live).toBe(2);
  });

  it("is the same one when the pod was out already", () => {
    const before = standingOf(pods, [2]);
    expect(without(before, pods, 2)).toBe(before);
  });
});
