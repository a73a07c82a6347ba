import { describe, expect, it } from "vitest";
import { Recorder } from "../../../tools/stress/recorder.ts";
import type { Said, User } from "../../../tools/stress/user.ts";
import { cart } from "../../../tools/stress/users/cart.ts";
import type { HabitOf } from "../../../tools/stress/users/habit.ts";
import { HABITS, habitOf } from "../../../tools/stress/users/index.ts";
import { transfer } from "../../../tools/stress/users/transfer.ts";

/** A user whose requests are answered so, with the paths that it asked for. */
function userOf(answers: (path: string) => { status?: number; body: object } | undefined) {
  const recorder = new Recorder();
  const asked: string[] = [];
  const user = {
    name: "ann",
    pod: "",
    recorder,
    chance: () => 0,
    ask: async (path: string): Promise<Said | undefined> => {
      asked.push(path);
      const answer = answers(path);
      if (answer === undefined) return undefined;
      return { status: answer.status ?? 200, from: 0, headers: {}, body: JSON.stringify(answer.body) };
    },
    answeredBy(pod: string) {
      this.pod = pod;
    },
  };
  return { user: user as unknown as User, asked, told: () => recorder.take(1, 1) };
}

describe("a cart", () => {
  const items: string[] = [];
  const place = { pod: "web-0", boot: "1" };
  const { user, told } = userOf((path) => {
    items.push(path.replace("/cart?item=", ""));
    return { body: { ...place, items: [...items] } };
  });
  const habit = cart(user);

  it("is whole as long as its process lives", async () => {
    for (let i = 0; i < 3; i++) await habit.act(0);
    expect(told()).toMatchObject({ interruptions: [], robbed: [] });
  });

  it("is lost once with the process that held it", async () => {
    items.length = 0;
    place.boot = "2";
    await habit.act(0);
    await habit.act(0);
    const { interruptions, robbed } = told();
    expect(interruptions).toMatchObject([{ what: "cart", pod: "web-0" }]);
    expect(robbed).toEqual([]);
  });

  it("is robbed when the very process that took something has it no more", async () => {
    items.length = 0;
    await habit.act(0);
    expect(told().robbed).toHaveLength(2);
  });
});

describe("a transfer", () => {
  it("goes by three steps, and then the next one begins", async () => {
    const { user, asked, told } = userOf(() => ({ body: { pod: "web-0" } }));
    const habit = transfer(user);
    for (let i = 0; i < 4; i++) await habit.act(0);
    expect(asked.map((path) => path.split("/")[2])).toEqual([
      "begin?id=ann-0",
      "confirm?id=ann-0",
      "commit?id=ann-0",
      "begin?id=ann-1",
    ]);
    expect(told().interruptions).toEqual([]);
  });

  it("is lost with the pod that knew it, and begun anew", async () => {
    let status = 200;
    let pod = "web-0";
    const { user, asked, told } = userOf(() => ({ status, body: { pod } }));
    const habit = transfer(user);
    await habit.act(0);
    [status, pod] = [409, "web-1"];
    await habit.act(0);
    status = 200;
    await habit.act(0);
    expect(asked.at(-1)).toBe("/transfer/begin?id=ann-1");
    expect(told().interruptions).toMatchObject([{ what: "transfer", pod: "web-0" }]);
  });

  it("begins anew when nobody knows whether its step was taken", async () => {
    let lost = false;
    const { user, asked } = userOf(() => (lost ? undefined : { body: { pod: "web-0" } }));
    const habit = transfer(user);
    await habit.act(0);
    lost = true;
    await habit.act(0);
    await habit.act(0);
    expect(asked.map((path) => path.split("/")[2])).toEqual([
      "begin?id=ann-0",
      "confirm?id=ann-0",
      "begin?id=ann-1",
    ]);
  });
});

it("any twenty users in a row are as the table says, at every edge", () => {
  const count = (indices: readonly number[]) => {
    const counts = new Map<HabitOf, number>();
    for (const index of indices) counts.set(habitOf(index), (counts.get(habitOf(index)) ?? 0) + 1);
    return Object.values(HABITS).map(({ of }) => counts.get(of) ?? 0);
  };
  const table = Object.values(HABITS).map(({ twentieths }) => twentieths);
  const twenty = [...Array(20).keys()];
  for (const from of [0, 7, 4999]) expect(count(twenty.map((i) => from + i))).toEqual(table);
  // Users are of edge index % 2.
  expect(count(twenty.map((i) => 2 * i))).toEqual(count(twenty.map((i) => 2 * i + 1)));
});
