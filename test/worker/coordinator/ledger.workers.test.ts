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

  /**
   * An edge without the store numbered its moves itself. Its move to the same number as the store's was dropped, or the store's
   * was; and a pod where the store never had the session was said to be what its next move left, though it was in health.
   */
  it("has what an edge did without its store apart from what the store has of the same epoch", async () => {
    const apart: Break = { ...move(2, "a", "c"), alone: true };
    const both = ["2 a→b", "2 a→c"];
    expect(await ways(apart, move(2, "a", "b"))).toEqual(both);
    expect(await ways(move(2, "a", "b"), apart, apart)).toEqual(both);
    expect(await ways(apart, move(2, "a", "b"), move(3, "b", "d"))).toEqual([...both, "3 b→d"]);
    expect(await ways(move(3, "b", "d"), apart, move(2, "a", "b"))).toEqual([...both, "3 b→d"]);
    expect(await ways(apart, move(3, "b", "d"))).toEqual(["2 a→c", "3 b→d"]);
    expect(await ways(move(3, "b", "d"), apart)).toEqual(["2 a→c", "3 b→d"]);
    // Its own next move says nothing of where the store's led from.
    const next: Break = { ...move(3, "c", "e"), alone: true };
    const passed: Break = { ...move(2, "c", "b"), passed: true };
    expect(await ways(next, passed)).toEqual(["2 c→b", "3 c→e"]);
  });

  it("has a move once that both the store and an edge without it made, and leads on from there", async () => {
    const apart: Break = { ...move(2, "a", "b"), alone: true };
    const heard: Break = { ...move(2, "a", "b"), cause: "store-adopt" };
    const chain = ["2 a→b", "3 b→c"];
    for (const other of [move(2, "a", "b"), heard]) {
      expect(await ways(apart, other, move(3, "", "c"))).toEqual(chain);
      expect(await ways(other, apart, move(3, "", "c"))).toEqual(chain);
      expect(await ways(move(3, "", "c"), apart, other)).toEqual(chain);
      expect(await ways(apart, other, apart, other)).toEqual(["2 a→b"]);
    }
  });

  const HOUR = 3_600_000;
  const byKey = (hours: number, epoch: number, from: string, to: string): Break => {
    return { ...move(epoch, from, to), at: hours * HOUR, idle: 3600 };
  };

  /**
   * A key's session moved on Monday, and was forgotten over night. On Tuesday it began at epoch 1 again, and its move was no
   * news, having the number of Monday's; the one after was said to leave the pod to which Monday's had led.
   */
  it("tells a key's session from one of the same key that the store has forgotten", async () => {
    const monday = [byKey(10, 2, "a", "b"), byKey(11, 3, "b", "c")];
    const tuesday = byKey(34, 2, "x", "y");
    expect(await ways(...monday, tuesday)).toEqual(["2 a→b", "2 x→y", "3 b→c"]);
    expect(await ways(...monday, tuesday, byKey(35, 3, "", "z"))).toEqual([
      ...["2 a→b", "2 x→y", "3 b→c", "3 y→z"],
    ]);
    // By an edge that was away from its store on Monday.
    expect(await ways(byKey(10, 2, "a", "b"), byKey(34, 3, "x", "y"))).toEqual(["2 a→b", "3 x→y"]);
    // So it ends once more.
    const end = (hours: number): Break => ({ ...byKey(hours, 2, "b", ""), cause: "expired-idle" });
    expect(await ways(end(10), end(34), end(34))).toEqual(["2 b→", "2 b→"]);
  });

  it("knows a repeat for as long as anybody remembers the epoch before", async () => {
    const late = (minutes: number) => byKey(10 + minutes / 60, 2, "a", "b");
    expect(await ways(late(0), late(30), late(64))).toEqual(["2 a→b"]);
    expect(await ways(late(0), late(66))).toEqual(["2 a→b", "2 a→b"]);
    // A cookie has a sid of its own, and may tell of it at any time.
    expect(await ways({ ...move(2, "a", "b"), at: 0 }, { ...move(2, "a", "b"), at: 1000 * HOUR })).toEqual([
      "2 a→b",
    ]);
  });

  /** A client that never took its new cookie had its move told 10,000 times, and the list was empty but for that. */
  it("has all others on its list though one is told 10,000 times", async () => {
    const stub = fresh();
    const of = (sid: string): Break => ({ ...move(2, "a", "b"), sid });
    await beat(stub, { breaks: [of("old"), of("s")] });
    for (let i = 0; i < 2; i++) await beat(stub, { breaks: Array.from({ length: 5001 }, () => of("s")) });
    await beat(stub, { breaks: [of("new")] });
    const { breaks } = await ask<{ breaks: Break[] }>(stub, "/breaks");
    expect(breaks.map(({ sid }) => sid)).toEqual(["new", "s", "old"]);
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
