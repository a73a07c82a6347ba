import { describe, expect, it } from "vitest";
import { audit, type Change } from "../../../tools/fleet/breaks/audit.ts";
import { Journal } from "../../../tools/fleet/breaks/journal.ts";
import type { LedgerEntry } from "../../../tools/fleet/ledger.ts";

const entry = (epoch: number, from: string, to: string, more: Partial<LedgerEntry> = {}): LedgerEntry => ({
  at: 100,
  sid: "s",
  epoch,
  pool: "web",
  from,
  to,
  cause: "pod-gone",
  ...more,
});
const change = (from: string, to: string, more: Partial<Change> = {}): Change => ({
  client: "ann",
  sid: "s",
  at: 100,
  edge: 0,
  from,
  to,
  epochs: undefined,
  said: "",
  ...more,
});
/** The client asked once more after everything. */
const asked = new Map([["s", 1000]]);
const summary = (changes: Change[], ledger: LedgerEntry[], when = asked) => {
  const { explained, chains, unexplained, phantoms } = audit(changes, ledger, when);
  return [explained, chains, unexplained.length, phantoms.length];
};

describe("what clients saw against the ledger", () => {
  it("a cookie that moved is explained by the entry of its epoch alone", () => {
    const moved = change("a", "b", { epochs: [1, 2] });
    expect(summary([moved], [entry(2, "a", "b")])).toEqual([1, 0, 0, 0]);
    expect(summary([moved], [])).toEqual([0, 0, 1, 0]);
    expect(summary([moved], [entry(2, "a", "c")])).toEqual([0, 0, 1, 1]);
    expect(summary([moved], [entry(3, "a", "b")])).toEqual([0, 0, 1, 1]);
    expect(summary([moved], [entry(2, "a", "b", { sid: "t" })])).toEqual([0, 0, 1, 0]);
  });

  it("one that moved on before its client came is explained by a chain without a gap", () => {
    const moved = change("a", "c", { epochs: [1, 4] });
    expect(summary([moved], [entry(2, "a", "b"), entry(4, "b", "c")])).toEqual([1, 1, 0, 0]);
    expect(summary([moved], [entry(2, "a", "b"), entry(4, "d", "c")])).toEqual([0, 0, 1, 2]);
  });

  it("a move that was undone needs no entry, as its client is where it was", () => {
    expect(summary([change("a", "a", { epochs: [1, 3] })], [])).toEqual([0, 0, 0, 0]);
    expect(summary([change("a", "a", { epochs: [1, 3] })], [entry(2, "a", "b")])).toEqual([0, 0, 1, 1]);
  });

  it("a key that an edge had yet to ask for again went back and on, within a heartbeat of its move and at another edge", () => {
    const move = entry(2, "a", "b");
    const there = change("a", "b");
    const back = (more: Partial<Change>) => change("b", "a", { edge: 1, at: 1100, ...more });
    const on = change("a", "b", { at: 9000 });
    expect(summary([there, back({}), on], [move])).toEqual([1, 0, 0, 0]);
    expect(audit([there, back({}), on], [move], asked).lagging).toBe(2);
    expect(summary([there, back({}), on, change("b", "a", { edge: 1, at: 9100 })], [move])).toEqual([
      1, 0, 1, 0,
    ]);
    expect(summary([there, back({ at: 2200 }), on], [move])).toEqual([1, 0, 2, 0]);
    expect(summary([there, back({ edge: 0 }), on], [move])).toEqual([1, 0, 2, 0]);
    // What the ledger has is no such thing.
    expect(summary([there, back({})], [move, entry(3, "b", "a")])).toEqual([2, 0, 0, 0]);
  });

  it("what edges had apart is not taken for what came later", () => {
    // It was held against a move of ten seconds later, which the client then saw and nothing explained.
    const later = entry(3, "a", "b", { at: 9000 });
    const apart = change("a", "b", { apart: true, torn: true });
    const own = change("a", "b", { at: 9000, torn: true });
    expect(audit([apart, own], [later], asked).unexplained.map(({ change }) => change)).toEqual([apart]);
  });

  it("a cookie at another pod without another epoch has no excuse", () => {
    expect(summary([change("a", "b", { epochs: [1, 1] })], [entry(1, "a", "b")])).toEqual([0, 0, 1, 1]);
  });

  it("but where the store had another pod at that epoch, which the ledger says", () => {
    const adopted = entry(2, "b", "c", { cause: "store-adopt" });
    expect(summary([change("b", "c", { epochs: [2, 2] })], [entry(2, "a", "c"), adopted])).toEqual([
      1, 0, 0, 1,
    ]);
    expect(summary([change("b", "c", { epochs: [2, 2] })], [entry(2, "a", "c")])).toEqual([0, 0, 1, 1]);
    const seen = [change("a", "b", { epochs: [1, 2] }), change("b", "c", { epochs: [2, 2] })];
    expect(summary(seen, [adopted, entry(2, "a", "b")])).toEqual([1, 0, 1, 1]);
  });

  it("an end is explained by one entry without a pod, whatever went unseen before it", () => {
    const ended = change("a", "", { epochs: [1, 1] });
    expect(summary([ended], [entry(2, "a", "", { cause: "revoked" })])).toEqual([1, 0, 0, 0]);
    expect(summary([ended], [entry(2, "a", "b"), entry(3, "b", "", { cause: "revoked" })])).toEqual([
      1, 1, 0, 0,
    ]);
    expect(summary([ended], [entry(2, "a", "b")])).toEqual([0, 0, 1, 1]);
  });

  it("a keyed session is followed from pod to pod, each entry once", () => {
    const path = [change("a", "b"), change("b", "a")];
    expect(summary(path, [entry(2, "a", "b"), entry(3, "b", "a")])).toEqual([2, 0, 0, 0]);
    expect(summary(path, [entry(2, "a", "b")])).toEqual([1, 0, 1, 0]);
    expect(summary([change("a", "c")], [entry(2, "a", "b"), entry(3, "b", "c")])).toEqual([1, 1, 0, 0]);
  });

  it("a keyed session that was said to begin has ended before, or is where it was", () => {
    const anew = (to: string) => change("a", to, { anew: true });
    const revoked = entry(2, "a", "", { cause: "revoked" });
    expect(summary([anew("b")], [revoked])).toEqual([1, 0, 0, 0]);
    expect(summary([anew("a")], [revoked])).toEqual([1, 0, 0, 0]);
    expect(summary([anew("a")], [])).toEqual([0, 0, 0, 0]);
    expect(summary([anew("b")], [])).toEqual([0, 0, 1, 0]);
  });

  /** A run of ten minutes told of three breaks as unexplained whose entries it had. */
  it("what edges held apart is told when they meet, and is no move of what their client sees next", () => {
    const apart = change("b", "a", { at: 200, apart: true });
    const next = change("a", "c", { at: 20_300, torn: true });
    const ledger = [entry(2, "b", "a", { at: 20_200 }), entry(3, "a", "c", { at: 20_300 })];
    const late = new Map([["s", 30_000]]);
    expect(audit([apart, next], ledger, late)).toMatchObject({
      explained: 1,
      unexplained: [{ change: apart }],
      phantoms: [],
    });
    // Where no answer ever said that it had no word of the store both are wrong, and so is an entry of another move than was seen.
    const whole = change("a", "c", { at: 20_300 });
    expect(summary([change("b", "a", { at: 200 }), whole], ledger, late)).toEqual([0, 0, 2, 2]);
    const other = [entry(2, "b", "a", { at: 20_200 }), entry(3, "d", "c", { at: 20_300 })];
    expect(summary([apart, next], other, late)).toEqual([0, 0, 2, 2]);
  });

  /** The ledger had dropped what an edge moved apart to the same epoch as the store; now it stands there, too. */
  it("what an edge moved apart may stand between two moves that a client sees at once", () => {
    const ledger = [entry(2, "a", "b"), entry(2, "x", "y"), entry(3, "b", "c")];
    // What stands between is left for what its own client sees.
    expect(summary([change("a", "c", { torn: true })], ledger)).toEqual([1, 1, 0, 1]);
    expect(summary([change("a", "c")], ledger)).toEqual([0, 0, 1, 3]);
    // Not so from another pod, or in another order.
    expect(summary([change("b", "y", { torn: true })], ledger)).toEqual([0, 0, 1, 3]);
    const back = [entry(2, "b", "c"), entry(2, "x", "y"), entry(3, "a", "b")];
    expect(summary([change("a", "c", { torn: true })], back)).toEqual([0, 0, 1, 3]);
  });

  it("what the ledger took later explains nothing, however well it fits", () => {
    const flip = change("a", "b", { at: 90 });
    expect(summary([flip], [entry(2, "a", "b")])).toEqual([1, 0, 0, 0]);
    const late = entry(2, "a", "b", { at: 20_000 });
    expect(summary([flip], [late], new Map([["s", 30_000]]))).toEqual([0, 0, 1, 1]);
  });

  it("an entry that nobody saw is a phantom only when its client came again", () => {
    expect(summary([], [entry(2, "a", "b")])).toEqual([0, 0, 0, 1]);
    expect(summary([], [entry(2, "a", "b")], new Map([["s", 50]]))).toEqual([0, 0, 0, 0]);
  });
});

describe("what the script did", () => {
  const journal = new Journal();
  const now = Date.now();
  const over = journal.act("pod-gone", { pod: "a" });
  journal.act("revoked", { sid: "s" });
  const back = journal.away("pod");
  over();
  back();

  it("justifies breaks of that pod or session, by that cause, while it lasts", () => {
    expect(journal.justifies(entry(2, "a", "b", { at: now }))).toBe(true);
    expect(journal.justifies(entry(2, "b", "a", { at: now }))).toBe(false);
    expect(journal.justifies(entry(2, "a", "b", { at: now, cause: "drain-deadline" }))).toBe(false);
    expect(journal.justifies(entry(2, "a", "b", { at: now + 60_000 }))).toBe(false);
    expect(journal.justifies(entry(2, "c", "", { at: now, cause: "revoked" }))).toBe(true);
    expect(journal.justifies(entry(2, "c", "", { at: now, cause: "revoked", sid: "t" }))).toBe(false);
    expect(journal.justifies(entry(2, "a", "b", { at: now, cause: "store-adopt" }))).toBe(false);
  });

  it("justifies what was settled only once the store was back, where that was away as well", () => {
    const own = new Journal();
    const store = own.away("store");
    const over = own.act("pod-gone", { pod: "a" });
    over();
    store();
    const later = (ms: number) => entry(2, "a", "b", { at: Date.now() + ms });
    expect(own.justifies(later(20_000))).toBe(true);
    expect(own.justifies(later(60_000))).toBe(false);
    expect(journal.justifies(later(20_000))).toBe(false);
  });

  it("excuses what could not be sent again to a pod that was away, and nothing else", () => {
    const trouble = { client: "ann", status: 502, text: "", from: now, until: now + 1 };
    expect(journal.blame({ ...trouble, method: "POST" })).toBe("excused");
    expect(journal.blame({ ...trouble, method: "GET" })).toBe("nothing");
    const later = { ...trouble, method: "POST", from: now + 60_000, until: now + 60_001 };
    expect(journal.blame(later)).toBe("nothing");
    const other = new Journal();
    other.away("store");
    expect(other.blame({ ...trouble, method: "POST", until: Date.now() })).toBe("store or coordinator");
  });

  it("excuses nothing by the absence of a pod at which the session was not", () => {
    const own = new Journal();
    own.away("pod", "web-0");
    const blame = (pod: string | undefined, method = "POST") =>
      own.blame({ client: "ann", method, status: 502, text: "", from: now, until: Date.now(), pod });
    expect(blame("web-0")).toBe("excused");
    expect(blame("web-1")).toBe("nothing");
    expect(blame("web-0", "GET")).toBe("nothing");
    // Whoever has no session yet may have been sent there.
    expect(blame(undefined)).toBe("excused");
  });

  it("counts from when an edge could have had a config that it did without", () => {
    const own = new Journal();
    own.wrote(2);
    own.wrote(3);
    const asked = (revision: number | undefined, after: number) =>
      own.behind({ edge: 0, at: 0, asked: Date.now() + after, revision });
    expect(asked(3, 60_000)).toBe(0);
    expect(asked(undefined, 60_000)).toBe(0);
    expect(asked(2, -1000)).toBe(0);
    expect(asked(2, 60_000)).toBeGreaterThan(59_000);
    expect(asked(1, 60_000)).toBeGreaterThan(59_000);
    // Half a minute of it the coordinator was away, with the grace of 4 s for what was under way.
    const from = Date.now() + 10_000;
    own.absences.push({ what: "coordinator", from, until: from + 34_000 });
    expect(asked(2, 30_000)).toBeLessThanOrEqual(0);
    expect(asked(2, 60_000)).toBeLessThan(21_000);
    expect(asked(2, 60_000)).toBeGreaterThan(19_000);
  });

  it("knows since when the machine was too slow to tell", () => {
    const own = new Journal();
    own.absences.push(
      { what: "store", from: 1000, until: 2000 },
      { what: "slow-store", from: 1000, until: 1500 },
    );
    expect(own.starved(1400)).toBe(true);
    expect(own.starved(1600)).toBe(false);
    own.was("machine", 1700);
    expect(own.starved(1600)).toBe(true);
  });

  it("closes a pod to new sessions for as long as every edge has heard it", () => {
    const own = new Journal();
    const began = Date.now();
    const open = own.close("a");
    expect(own.wasClosed("a", Date.now(), Date.now() + 5)).toBe(true);
    expect(own.wasClosed("b", Date.now(), Date.now() + 5)).toBe(false);
    expect(own.wasClosed("a", began - 1, Date.now())).toBe(false);
    open();
    expect(own.wasClosed("a", Date.now(), Date.now() + 5)).toBe(false);
  });
});
