import { expect, test } from "vitest";
import { Kill, killBehind } from "../../../tools/demo/kill.ts";

const NAMES = ["a", "b", "c", "d"];
const OTHERS = ["e", "f", "g", "h", "i", "j", "k", "l"];

test("the sentence of a kill that went as it should", () => {
  const kill = new Kill("web-1", 0, NAMES, OTHERS);
  kill.carts = 4;
  for (const name of NAMES) kill.note(name);
  expect(kill.view().sentence).toBe(
    "web-1 was killed: 4 carts lost, 4 shoppers moved once, 8 others not moved, 0 moved twice.",
  );
});

test("the sentence says what is still open, and what went wrong", () => {
  const kill = new Kill("web-1", 0, NAMES, OTHERS);
  kill.carts = 5;
  kill.people = 1;
  kill.note("a");
  kill.note("b");
  kill.note("b");
  kill.note("e");
  const view = kill.view();
  expect(view).toMatchObject({ movedOnce: 1, movedTwice: 1, othersMoved: 1, othersNotMoved: 7, waiting: 2 });
  expect(view.sentence).toBe(
    "web-1 was killed: 5 carts lost (1 of them a person's), 1 shopper moved once, 2 not back yet, 1 other moved, " +
      "7 others not moved, 1 moved twice.",
  );
});

test("every shopper is counted exactly once, whatever the moves", () => {
  for (let pattern = 0; pattern < 3 ** 4; pattern++) {
    const kill = new Kill("web-1", 0, ["a", "b"], ["e", "f"]);
    ["a", "b", "e", "f"].forEach((name, i) => {
      for (let left = Math.floor(pattern / 3 ** i) % 3; left > 0; left--) kill.note(name);
    });
    const { movedOnce, waiting, othersMoved, othersNotMoved, movedTwice } = kill.view();
    const twiceOfOthers = [0, 1].filter((i) => Math.floor(pattern / 3 ** (i + 2)) % 3 === 2).length;
    expect(movedOnce + waiting + othersMoved + othersNotMoved + (movedTwice - twiceOfOthers)).toBe(4);
  }
});

test("a late answer of the killed pod makes its shopper one of the pod's", () => {
  const kill = new Kill("web-1", 0, ["a"], ["e"]);
  kill.hold("e");
  kill.hold("stranger");
  expect(kill.view()).toMatchObject({ shoppers: 2, othersNotMoved: 0, waiting: 2 });
});

test("who is answered by the revived pod has not moved and waits no more", () => {
  const kill = new Kill("web-1", 0, ["a", "b"], ["e"]);
  kill.note("a");
  for (const name of ["a", "b", "e"]) kill.stay(name);
  const view = kill.view();
  expect(view).toMatchObject({ movedOnce: 1, stayed: 1, waiting: 0, othersNotMoved: 1 });
  expect(view.sentence).toContain(
    "1 shopper moved once, 1 back on web-1 once it was revived, 1 other not moved",
  );
  expect(kill.explains("b", "web-1")).toBe(false);
});

test("a move is counted to the kill that made it necessary, else to the latest", () => {
  const first = new Kill("web-1", 0, ["a"], ["b", "c"]);
  const second = new Kill("web-2", 1, ["b"], ["a", "c"]);
  const kills = [first, second];
  expect(killBehind(kills, "a", "web-1")).toBe(first);
  first.note("a");
  expect(killBehind(kills, "a", "web-1")).toBe(second);
  expect(killBehind(kills, "b", "web-2")).toBe(second);
  expect(killBehind(kills, "c", "web-1")).toBe(second);
  expect(killBehind([], "c", "web-1")).toBeUndefined();
});
