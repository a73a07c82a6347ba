import { expect, it } from "vitest";
import { ZoneDemand } from "../../src/metrics/zones.ts";

const START = 1_000_000;
const EVEN = new Map([
  ["a", 2],
  ["b", 2],
]);

it("a zone keeps what it can do, and spills to those with room", () => {
  const demand = new ZoneDemand();
  demand.take({ a: 60, b: 20 }, START);
  demand.take({ a: 30, b: 10 }, START);
  // a: 1.1 · 0.5/0.75, b: 0.5 − 0.25.
  expect(demand.split(EVEN)).toEqual({ a: [0.7333, 0], b: [1, 0.25] });
});

it("a little more than its part is noise", () => {
  const demand = new ZoneDemand();
  demand.take({ a: 54, b: 46 }, START);
  expect(demand.split(EVEN)).toEqual({ b: [1, 0.04] });
  demand.take({ a: 20 }, START);
  expect(demand.split(EVEN).a![0]).toBeLessThan(1);
});

it("a zone whose pods take nothing keeps nothing, and one that nobody comes from has all to spare", () => {
  const demand = new ZoneDemand();
  demand.take({ a: 10 }, START);
  const closed = new Map([
    ["a", 0],
    ["b", 3],
  ]);
  expect(demand.split(closed)).toEqual({ a: [0, 0], b: [1, 1] });
  expect(demand.split(new Map([["a", 0]]))).toEqual({});
  expect(new ZoneDemand().split(EVEN)).toEqual({});
});

it("demand fades in 10 s, and zones without pods do not count: clients may name any", () => {
  const demand = new ZoneDemand();
  demand.take({ a: 100, nowhere: 1000 }, START);
  demand.take({ b: 100 * Math.exp(-1) }, START + 10_000);
  expect(demand.split(EVEN)).toEqual({});
  demand.take({ a: Number.NaN, b: -5 }, START + 10_000);
  expect(demand.split(EVEN)).toEqual({});
});
