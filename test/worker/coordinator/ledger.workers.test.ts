import { describe, expect, it } from "vitest";
import type { Break } from "../../../src/model/beat.ts";
import { ask, beat, fresh } from "./calls.workers.ts";

describe("the ledger", () => {
  it("is read page by page, newest first, and by pool, session and cause", async () => {
    const stub = fresh();
    const breaks = Array.from({ length: 25 }, (_, i): Break => {
      const cause = i % 5 === 0 ? "revoked" : "pod-gone";
      return { at: i, sid: `s${i}`, epoch: 2, pool: i % 2 ? "odd" : "even", from: "a", to: "b", cause };
    });
    await beat(stub, { breaks });
    const seen: number[] = [];
    let before = "";
    for (;;) {
      const page = await ask<{ breaks: Break[]; cursor: number | null }>(stub, `/breaks?limit=10${before}`);
      seen.push(...page.breaks.map(({ at }) => at));
      if (page.cursor === null) break;
      before = `&before=${page.cursor}`;
    }
    expect(seen).toEqual(Array.from({ length: 25 }, (_, i) => 24 - i));
    const only = async (query: string) =>
      (await ask<{ breaks: Break[] }>(stub, `/breaks?${query}`)).breaks.length;
    expect(await only("cause=revoked")).toBe(5);
    expect(await only("pool=odd")).toBe(12);
    expect(await only("pool=odd&cause=revoked")).toBe(2);
    expect(await only("sid=s7")).toBe(1);
  });

  const move = (epoch: number, from: string, to: string): Break => {
    return { at: epoch, sid: "s", epoch, pool: "web", from, to, cause: "pod-gone" };
  };
  const ways = async (...told: Break[]) => {
    const stub = fresh();
    for (const one of told) await beat(stub, { breaks: [one] });
    const { breaks } = await ask<{ breaks: Break[] }>(stub, "/breaks");
    return breaks.map(({ epoch, from, to }) => `${epoch} ${from}→${to}`).sort();
  };

  /** A follower that had missed an epoch told first, and the session was said to have left where it no longer was. */
  it("has each move begin where the one before ended, in whatever order they are told", async () => {
    const chain = ["2 a→b", "3 b→c"];
    expect(await ways(move(2, "a", "b"), move(3, "a", "c"))).toEqual(chain);
    expect(await ways(move(3, "a", "c"), move(2, "a", "b"))).toEqual(chain);
    expect(await ways(move(3, "", "c"), move(2, "a", "b"))).toEqual(chain);
    expect(await ways(move(2, "a", "b"), move(3, "", "c"), move(3, "x", "c"))).toEqual(chain);
  });

  it("takes the pod that was left from the first who knows it, where no move before is told", async () => {
    expect(await ways(move(3, "", "c"))).toEqual(["3 →c"]);
    expect(await ways(move(3, "", "c"), move(3, "b", "c"), move(3, "a", "c"))).toEqual(["3 b→c"]);
    expect(await ways(move(3, "b", "c"), move(3, "", "c"))).toEqual(["3 b→c"]);
    // Of the same epoch, but another move: one edge had none of the store's word.
    expect(await ways(move(3, "", "c"), move(3, "c", "d"))).toEqual(["3 →c"]);
  });

  it("has no move from a pod to itself, though edges without a store tell two of one epoch", async () => {
    expect(await ways(move(2, "a", "c"), move(3, "b", "c"))).toEqual(["2 a→c", "3 b→c"]);
    expect(await ways(move(3, "b", "c"), move(2, "a", "c"))).toEqual(["2 a→c", "3 b→c"]);
  });

  /** An operator moved it, without an answer in time; the edge's own move took the epoch, and what followed was in no ledger. */
  it("has both moves of one epoch, where the store had another pod than an edge without it", async () => {
    const adopted: Break = { ...move(2, "b", "c"), cause: "store-adopt" };
    expect(await ways(move(2, "a", "b"), adopted, adopted)).toEqual(["2 a→b", "2 b→c"]);
    expect(await ways(move(2, "a", "b"), adopted, move(3, "", "d"))).toEqual(["2 a→b", "2 b→c", "3 c→d"]);
    expect(await ways(move(3, "b", "d"), move(2, "a", "b"), adopted)).toEqual(["2 a→b", "2 b→c", "3 c→d"]);
  });

  /** A session of a key had two entries for one move: of the edge that made it without the store, and of one that heard of it. */
  it("has a move once that an edge made without its store, though the store tells others no cause", async () => {
    const heard: Break = { ...move(2, "a", "b"), cause: "store-adopt" };
    const own: Break = { ...move(2, "a", "b"), alone: true };
    expect(await ways(own, heard)).toEqual(["2 a→b"]);
    expect(await ways(heard, own)).toEqual(["2 a→b"]);
    expect(await ways(own, { ...heard, from: "" })).toEqual(["2 a→b"]);
    expect(await ways({ ...heard, from: "" }, own)).toEqual(["2 a→b"]);
    // From another pod it is another break.
    expect(await ways(own, { ...heard, from: "c" })).toEqual(["2 a→b", "2 c→b"]);
  });

  it("believes who had no store of where it moved a session from: its epochs are its own", async () => {
    expect(await ways(move(2, "a", "b"), { ...move(3, "a", "c"), alone: true })).toEqual(["2 a→b", "3 a→c"]);
  });

  /** One edge moved it past a pod that never answered; another had heard of that, and found it dead as well. */
  it("has no move that its session was only taken past", async () => {
    const passed: Break = { ...move(2, "a", "b"), passed: true };
    expect(await ways(move(3, "a", "c"), passed, move(3, "b", "c"))).toEqual(["3 a→c"]);
    // Where nobody has told so it is part of the way.
    expect(await ways(passed, move(3, "b", "c"))).toEqual(["2 a→b", "3 b→c"]);
    // Who was served there tells of it all the same.
    expect(await ways(move(3, "a", "c"), passed, move(2, "a", "b"))).toEqual(["2 a→b", "3 b→c"]);
  });

  it("leaves an end as it is", async () => {
    const end: Break = { ...move(2, "b", ""), cause: "expired-idle" };
    expect(await ways(move(2, "a", "b"), end, move(1, "x", "y"))).toEqual(["1 x→y", "2 b→", "2 y→b"]);
  });
});
