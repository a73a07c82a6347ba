import { describe, expect, it } from "vitest";
import { type Answer, type Ask, play, type Stage } from "../../../tools/claims/play.ts";
import type { User, Visit } from "../../../tools/claims/script.ts";
import { emptyTally } from "../../../tools/claims/tally.ts";

const look = (at: number): Visit => ({ at, edge: 0 });
const step = (at: number, number: number): Visit => ({ at, edge: 0, transfer: { number: 0, step: number } });
const user = (visits: readonly Visit[]): User => ({
  name: "ann",
  visits,
  moves: [{ at: 0, address: "10.0.0.1" }],
});

/** Pods by the order of the requests: a number is a pod, undefined is none. Pods of `dead` have lost what they knew since. */
async function told(
  visits: readonly Visit[],
  pods: readonly (number | undefined)[],
  dead: readonly number[] = [],
) {
  const asked: Ask[] = [];
  const seen = new Map<number, number>();
  const stage: Stage = {
    until: () => Promise.resolve(),
    lives: (pod) => !dead.includes(pod),
    ask(ask) {
      const pod = pods[asked.length];
      asked.push(ask);
      if (pod === undefined) return Promise.resolve(undefined);
      const answer: Answer = { pod, life: "1", last: seen.get(pod) };
      seen.set(pod, ask.number);
      return Promise.resolve(answer);
    },
  };
  const tally = emptyTally(3);
  await play(user(visits), "connection", stage, tally, 10);
  return { asked, tally };
}

describe("a user", () => {
  it("is not interrupted at the pod that has all of it", async () => {
    const { tally } = await told([look(0), look(1), look(2)], [1, 1, 1]);
    expect(tally).toMatchObject({ requests: 3, lost: 0, astray: 0, pods: [0, 3, 0] });
  });

  it("is interrupted at any other pod, and begins anew there", async () => {
    const { tally } = await told([look(0), look(1), look(2)], [1, 2, 2]);
    expect(tally).toMatchObject({ lost: 0, astray: 1 });
  });

  it("does not find what it left at a pod long ago", async () => {
    const { tally } = await told([look(0), look(1), look(2)], [1, 2, 1]);
    expect(tally).toMatchObject({ astray: 2 });
  });

  it("tells a pod that went from one that lives", async () => {
    const { tally } = await told([look(0), look(1)], [1, 2], [1]);
    expect(tally).toMatchObject({ lost: 1, astray: 0 });
  });

  it("keeps what it had through a request that nobody answered", async () => {
    const { tally } = await told([look(0), look(1), look(2)], [1, undefined, 1]);
    expect(tally).toMatchObject({ unanswered: 1, lost: 0, astray: 0 });
  });

  it("fails with a transfer whose step comes elsewhere, and goes no further with it", async () => {
    const { tally, asked } = await told([step(0, 0), step(1, 1), step(2, 2), look(3)], [1, 2, 2]);
    expect(tally).toMatchObject({ transfers: 1, failed: 1, requests: 3, astray: 1 });
    expect(asked.map(({ number }) => number)).toEqual([0, 1, 3]);
  });

  it("may begin a transfer anywhere", async () => {
    const { tally } = await told([look(0), step(1, 0), step(2, 1), step(3, 2)], [1, 2, 2, 2]);
    expect(tally).toMatchObject({ transfers: 1, failed: 0, astray: 1 });
  });

  it("fails with a transfer that got no answer, once", async () => {
    const { tally } = await told([step(0, 0), step(1, 1), step(2, 2)], [1, undefined]);
    expect(tally).toMatchObject({ transfers: 1, failed: 1, requests: 2 });
  });

  it("looks with GET, and moves money with POST", async () => {
    const { asked } = await told([look(0), step(1, 0)], [1, 1]);
    expect(asked.map(({ method }) => method)).toEqual(["GET", "POST"]);
  });

  it("opens a connection after too long a silence, and after one that failed", async () => {
    const { asked } = await told([look(0), look(10), look(21), look(22), look(23)], [1, 1, 1, undefined, 1]);
    expect(asked.map(({ headers }) => headers["x-connection"])).toEqual([
      "ann.1",
      "ann.1",
      "ann.2",
      "ann.2",
      "ann.3",
    ]);
  });
});
