import { describe, expect, it } from "vitest";
import { assign, type IdleSession, type Seat, skewOf, surplus } from "../../src/sessions/rebalance.ts";
import { seeded } from "../support/seeded.ts";

const seats = (...pairs: [sessions: number, weight?: number][]): Seat[] =>
  pairs.map(([sessions, weight = 1]) => ({ sessions, weight }));
const sum = (counts: readonly number[]) => counts.reduce((all, count) => all + count, 0);
/** Stands for the hash table: the open seat that comes next from where the sid points. */
const prefer = (sid: string, open: readonly boolean[]) => {
  const at = Number.parseInt(sid, 16);
  for (let i = 0; i < open.length; i++) {
    if (open[(at + i) % open.length]) return (at + i) % open.length;
  }
  return -1;
};

describe("skew", () => {
  it("is that of the fullest pod by weight", () => {
    expect(skewOf(seats([133], [133], [134], [0], [0]))).toBeCloseTo(134 / 80);
    expect(skewOf(seats([80], [80]))).toBe(1);
    expect(skewOf(seats([30, 3], [10, 1]))).toBe(1);
    expect(skewOf(seats([10, 3], [30, 1]))).toBe(3);
  });

  it("is 1 of nothing", () => {
    expect(skewOf(seats([0], [0]))).toBe(1);
  });
});

describe("what is above and below its share", () => {
  it("after a scale-out is what the new pods lack", () => {
    expect(surplus(seats([134], [133], [133], [0], [0]), 1)).toEqual({
      give: [54, 53, 53, 0, 0],
      room: [0, 0, 0, 80, 80],
    });
  });

  it("goes by weight, and not below what the target allows", () => {
    expect(surplus(seats([40, 3], [0, 1]), 1)).toEqual({ give: [10, 0], room: [0, 10] });
    expect(surplus(seats([40, 3], [0, 1]), 1.2).give).toEqual([4, 0]);
  });

  it("leaves what rounding leaves over where it is: ten sessions on three pods move nobody", () => {
    expect(surplus(seats([3], [3], [4]), 1).give).toEqual([0, 0, 0]);
    expect(surplus(seats([4], [3], [3]), 1).give).toEqual([0, 0, 0]);
    expect(surplus(seats([1], [0], [0]), 1).give).toEqual([0, 0, 0]);
  });
});

describe("which sessions move", () => {
  const idle = (sid: string, from: number, seen: number): IdleSession => ({ sid, from, seen });

  it("are those that the table would have at a pod that lacks some, then those unseen for longest", () => {
    const all = [idle("0", 0, 1), idle("3", 0, 30), idle("6", 0, 3), idle("2", 0, 20)];
    const steps = assign(all, { give: [3, 0, 0], room: [0, 1, 2] }, prefer, 10);
    // 2 % 3 prefers a pod with room, the three others the one that they are on.
    expect(steps).toEqual([
      { sid: "2", from: 0, to: 2 },
      { sid: "0", from: 0, to: 1 },
      { sid: "6", from: 0, to: 2 },
    ]);
  });

  it("are no more than asked for, and none of a pod that gives nothing", () => {
    const all = [idle("1", 0, 1), idle("2", 1, 1), idle("4", 0, 2)];
    expect(assign(all, { give: [2, 0, 0], room: [0, 0, 2] }, prefer, 1)).toEqual([
      { sid: "1", from: 0, to: 2 },
    ]);
    expect(assign(all, { give: [2, 0, 0], room: [0, 0, 2] }, prefer, 9).map(({ from }) => from)).toEqual([
      0, 0,
    ]);
    expect(assign(all, { give: [2, 0, 0], room: [0, 0, 0] }, prefer, 9)).toEqual([]);
  });
});

/**
 * With everybody idle: the least that any way of moving could do is what the pods above the target have too much, as each of
 * those sessions must leave and one move takes one away. A pod never ends above the greater of its share rounded up and the
 * target, and one that gives never takes.
 */
it("moves as few as can be, nobody twice, until no pod is above the target (300 random fleets)", () => {
  const chance = seeded(20_261_127);
  const draw = (below: number) => chance.word() % below;
  for (let round = 0; round < 300; round++) {
    const fleet: Seat[] = Array.from({ length: 1 + draw(8) }, () => ({
      weight: 1 + draw(5),
      sessions: draw(3) === 0 ? 0 : draw(120),
    }));
    const target = 1 + draw(50) / 100;
    const need = surplus(fleet, target);
    const all: IdleSession[] = fleet.flatMap(({ sessions }, from) =>
      Array.from({ length: sessions }, () => ({
        sid: chance.word().toString(16),
        from,
        seen: draw(1000),
      })),
    );
    const steps = assign(all, need, prefer, Number.POSITIVE_INFINITY);
    const total = sum(fleet.map(({ sessions }) => sessions));
    const weight = sum(fleet.map((seat) => seat.weight));
    const most = fleet.map((seat) => {
      const fair = (total * seat.weight) / weight;
      return Math.max(Math.ceil(fair), Math.floor(target * fair));
    });
    expect(sum(need.room)).toBeGreaterThanOrEqual(sum(need.give));
    expect(steps).toHaveLength(sum(need.give));
    expect(new Set(steps.map(({ sid }) => sid)).size).toBe(steps.length);
    const after = fleet.map(({ sessions }) => sessions);
    for (const { from, to } of steps) {
      after[from]!--;
      after[to]!++;
      expect(need.room[from], "who gives takes nothing").toBe(0);
    }
    for (const [i, sessions] of after.entries()) expect(sessions).toBeLessThanOrEqual(most[i]!);
    // Done once there is nothing left to do.
    const again = fleet.map((seat, i) => ({ ...seat, sessions: after[i]! }));
    expect(sum(surplus(again, target).give)).toBe(0);
    expect(skewOf(again)).toBeLessThanOrEqual(Math.max(skewOf(fleet), target));
  }
});
