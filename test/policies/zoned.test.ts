import { expect, it } from "vitest";
import { Zoned } from "../../src/policies/zoned.ts";
import type { ZoneSplit } from "../../src/policies/zones.ts";
import { seeded } from "../support/seeded.ts";

const ZONES = ["a", "a", "b", "b", "c", undefined];
const picker = new Zoned([1, 1, 1, 1, 1, 1], ZONES, false);

/** Which part of 10,000 picks each pod gets. */
function parts(zone: string | undefined, split: ZoneSplit = {}, gone: readonly number[] = []): number[] {
  const words = seeded(3);
  const hits = new Array<number>(ZONES.length).fill(0);
  const standing = {
    out: Uint8Array.from(ZONES, (_, i) => (gone.includes(i) ? 1 : 0)),
    live: ZONES.length - gone.length,
    inflight: new Uint32Array(ZONES.length),
  };
  const view = {
    others: new Float64Array(ZONES.length),
    worth: new Float64Array(ZONES.length).fill(1),
    m: 0.1,
    tau: 1000,
    at: 0,
    alone: false,
    revision: 0,
  };
  for (let i = 0; i < 10_000; i++) {
    const index = picker.pick(words.word(), zone, split, standing, view, 0);
    if (index >= 0) hits[index] = hits[index]! + 1;
  }
  return hits.map((hit) => hit / 10_000);
}

/** Five standard deviations of 10,000 draws of probability 1/2, the widest. */
const near = (got: number, expected: number) => expect(Math.abs(got - expected)).toBeLessThan(0.025);

it("keeps a request in its zone", () => {
  const [one, other, ...rest] = parts("a");
  near(one!, 0.5);
  near(other!, 0.5);
  expect(rest).toEqual([0, 0, 0, 0]);
});

it("a request of no zone, or of one without pods, goes to any", () => {
  for (const zone of [undefined, "elsewhere"]) for (const part of parts(zone)) near(part, 1 / 6);
});

it("spills what it is told to, in proportion to what others have to spare", () => {
  const got = parts("a", { a: [0.6, 0], b: [1, 0.1], c: [1, 0.3] });
  near(got[0]! + got[1]!, 0.6);
  near(got[2]! + got[3]!, 0.1);
  near(got[4]!, 0.3);
});

it("spills to the whole pool when nobody has anything to spare", () => {
  near(parts("a", { a: [0, 0] })[5]!, 1 / 6);
});

it("a zone of which no pod takes sessions spills all, and drops nothing", () => {
  expect(parts("a", {}, [0]).slice(0, 3)).toEqual([0, 1, 0]);
  const got = parts("a", {}, [0, 1]);
  near(got[2]!, 0.25);
  expect(got.reduce((sum, part) => sum + part, 0)).toBeCloseTo(1, 9);
  // A zone that it should spill to has just gone.
  expect(parts("a", { a: [0, 0], b: [1, 1] }, [2, 3]).reduce((sum, part) => sum + part, 0)).toBeCloseTo(1, 9);
  expect(parts("a", {}, [0, 1, 2, 3, 4, 5])).toEqual([0, 0, 0, 0, 0, 0]);
});
