import { describe, expect, it } from "vitest";
import { Streak } from "../../src/health/outlier.ts";
import type { Outlier } from "../../src/model/pool.ts";

const NOW = 1_000_000;
const OUTLIER: Outlier = {
  consecutive5xx: 3,
  consecutiveGatewayErrors: 0,
  interval: 10_000,
  baseEjection: 30_000,
  maxEjection: 0.5,
  minHealth: 0,
};

/** Folds answers, `5` a 500, `g` a gateway error, `.` well; when each put the pod out until, since NOW. */
function untils(text: string, over: Partial<Outlier> = {}, streak = new Streak(), now = NOW) {
  return [...text].map((letter) => {
    if (letter === ".") streak.passed();
    const until =
      letter === "." ? undefined : streak.failed(letter === "g", { ...OUTLIER, ...over }, () => true, now);
    return until === undefined ? undefined : until - NOW;
  });
}

describe("failures in a row at one isolate", () => {
  it("put a pod out at the count that is set, gateway errors among them", () => {
    expect(untils("55.555")).toEqual([undefined, undefined, undefined, undefined, undefined, 30_000]);
    expect(untils("5g5").at(-1)).toBe(30_000);
  });

  it("count gateway errors apart, where that is set", () => {
    const over = { consecutive5xx: 0, consecutiveGatewayErrors: 2 };
    expect(untils("5555", over)).toEqual([undefined, undefined, undefined, undefined]);
    expect(untils("g5gg", over).at(-1)).toBe(30_000);
  });

  it("are not counted at 0", () => {
    expect(untils("gggggggg", { consecutive5xx: 0 }).filter((until) => until !== undefined)).toEqual([]);
  });

  it("say nothing more while it is out, and keep it out for longer each time", () => {
    const streak = new Streak();
    expect(untils("555555555", {}, streak).filter((until) => until !== undefined)).toEqual([30_000]);
    expect(streak.isOut(NOW + 29_999)).toBe(true);
    expect(streak.isOut(NOW + 30_000)).toBe(false);
    expect(untils("555", {}, streak, NOW + 30_000).at(-1)).toBe(30_000 + 60_000);
  });

  it("do nothing where there is no room for one more", () => {
    const streak = new Streak();
    const seen = [1, 2, 3, 4].map(() => streak.failed(false, OUTLIER, () => false, NOW));
    expect(seen).toEqual([undefined, undefined, undefined, undefined]);
    expect(streak.failed(false, OUTLIER, () => true, NOW)).toBe(NOW + 30_000);
  });
});
