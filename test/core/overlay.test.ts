import { describe, expect, it } from "vitest";
import { Core, Journal, type LoadView } from "../../src/core/core.ts";
import { coreBytes, testCore } from "../support/core.ts";
import { wyhash32 } from "../support/reference/hash.ts";
import { ReferenceOverlay, type ReferenceView } from "../support/reference/overlay.ts";
import { ReferenceTable } from "../support/reference/table.ts";
import { type Seeded, seeded } from "../support/seeded.ts";
import { standing } from "./standing.ts";
import { trapping } from "./trapping.ts";

interface Weighted {
  readonly id: string;
  readonly weight: number;
}

const EVERY_KEY = 2 ** 32 - 1;

function numbered(count: number, weights: readonly number[] = [1]): Weighted[] {
  return Array.from({ length: count }, (_, i) => ({ id: `pod-${i}`, weight: weights[i % weights.length]! }));
}

function keysOf(chance: Seeded, count: number): string[] {
  return Array.from({ length: count }, () => chance.text(1 + chance.below(30)));
}

function viewOf(
  pods: readonly Weighted[],
  { out, slow, inflight }: { out: readonly string[]; slow: readonly number[]; inflight: readonly number[] },
  journal?: Journal,
): LoadView {
  return {
    ...standing(pods, ...out),
    slow: Uint32Array.from(slow),
    inflight: Uint32Array.from(inflight),
    journal,
  };
}

function referenceView(pods: readonly Weighted[], view: LoadView, bounded: boolean): ReferenceView {
  const by = (values: Uint32Array) => new Map(pods.map(({ id }, i) => [id, values[i]!]));
  return {
    out: new Set(pods.filter((_, i) => view.out[i] !== 0).map(({ id }) => id)),
    inflight: bounded ? by(view.inflight) : new Map(),
    slow: by(view.slow!),
  };
}

/** Health, drain, slow start and load of a pool at one moment, from calm to desperate. */
function moment(chance: Seeded, pods: readonly Weighted[]): Parameters<typeof viewOf>[1] {
  const gone = [0, 0, 0.1, 0.5, 0.9][chance.below(5)]!;
  const warming = [0, 0, 0.2, 1][chance.below(4)]!;
  const busy = [0, 1, 3, 40][chance.below(4)]!;
  return {
    out: pods.filter(() => chance.fraction() < gone).map(({ id }) => id),
    slow: pods.map(() => (chance.fraction() < warming ? chance.word() >>> chance.below(24) : EVERY_KEY)),
    inflight: pods.map(({ weight }) => chance.below(1 + busy * Math.min(weight, 9))),
  };
}

describe("the whole overlay against the reference", () => {
  const steps = new Map<number, number>();
  it.each(Array.from({ length: 30 }, (_, seed) => ({ seed })))(
    "seed $seed: every new session, while pods come, go, drain, warm up and fill",
    ({ seed }) => {
      const chance = seeded(4000 + seed);
      const weights = [[1], [1, 2, 3, 0], [1, 1000], [1, 1_000_000]][seed % 4]!;
      const bits = 8 + chance.below(3);
      const core = testCore();
      let pods = numbered(1 + chance.below(seed < 20 ? 10 : 60), weights);
      let table = core.table(pods, bits);
      for (let round = 0; round < 8; round++) {
        if (round % 3 === 2) {
          // Scale-in or scale-out, while the rest goes on.
          pods =
            chance.below(2) === 0 && pods.length > 1
              ? pods.toSpliced(chance.below(pods.length), 1)
              : [...pods, { id: `new-${round}`, weight: 1 }];
          table = core.retable(table, pods, bits);
        }
        const overlay = new ReferenceOverlay(new ReferenceTable(pods, bits));
        const journal = chance.below(2) === 0 ? new Journal() : undefined;
        const view = viewOf(pods, moment(chance, pods), journal);
        const bounded = chance.below(4) > 0;
        for (const key of keysOf(chance, 25)) {
          const expected = overlay.place(wyhash32(key), referenceView(pods, view, bounded));
          const index = table.place(key, view, bounded);
          expect(pods[index]?.id, `round ${round}, step ${expected?.step}`).toBe(expected?.id);
          steps.set(expected?.step ?? 0, (steps.get(expected?.step ?? 0) ?? 0) + 1);
          // The session is a request in flight from now on; and another ends.
          if (index >= 0) view.inflight[index]!++;
          if (index >= 0) journal?.note(index);
          const other = chance.below(pods.length);
          if (view.inflight[other]! > 0 && chance.below(2) === 0) {
            view.inflight[other]!--;
            journal?.note(other);
          }
        }
      }
      expect(core.traps).toBe(0);
    },
  );

  it("went through every step", () => {
    expect([...steps.keys()].sort()).toEqual([0, 2, 3, 4, 5]);
    for (const count of steps.values()) expect(count).toBeGreaterThan(20);
  });
});

describe("what the overlay promises", () => {
  const pods = numbered(100, [1, 2, 3]);
  const keys = keysOf(seeded(41), 3000);
  const calm = {
    out: [] as string[],
    slow: pods.map(() => EVERY_KEY),
    inflight: pods.map(() => 0),
  };

  it("is lookup where nothing holds a session off", () => {
    const table = testCore().table(pods, 14);
    for (const out of [[], ["pod-3", "pod-50"], pods.map(({ id }) => id)]) {
      const view = viewOf(pods, { ...calm, out });
      const places = keys.map((key) => table.place(key, view, true));
      expect(places).toEqual(keys.map((key) => table.lookup(key, view)));
      expect(places).toEqual(keys.map((key) => table.place(key, { ...view, slow: undefined }, false)));
    }
  });

  it("moves no other key when a pod's health changes, and gives exactly its own back", () => {
    const table = testCore().table(pods, 14);
    const home = viewOf(pods, calm);
    const before = keys.map((key) => table.place(key, home, true));
    for (const gone of [0, 17, 99]) {
      const view = viewOf(pods, { ...calm, out: [`pod-${gone}`] });
      const after = keys.map((key) => table.place(key, view, true));
      const moved = keys.filter((_, i) => after[i] !== before[i]);
      expect(moved).toEqual(keys.filter((_, i) => before[i] === gone));
      expect(keys.map((key) => table.place(key, home, true))).toEqual(before);
    }
  });

  it("lets a pod in slow start take its share of its own keys, always the same ones, and moves no others", () => {
    const table = testCore().table(pods, 14);
    const before = keys.map((key) => table.place(key, viewOf(pods, calm), false));
    let taken: string[] = [];
    for (const share of [0, 0.25, 0.5, 0.75, 1]) {
      const slow = calm.slow.with(5, Math.min(EVERY_KEY, Math.floor(share * 2 ** 32)));
      const after = keys.map((key) => table.place(key, viewOf(pods, { ...calm, slow }), false));
      const own = keys.filter((_, i) => after[i] === 5);
      expect(own).toEqual(expect.arrayContaining(taken));
      expect(keys.filter((_, i) => after[i] !== before[i] && before[i] !== 5)).toEqual([]);
      taken = own;
    }
    expect(taken).toEqual(keys.filter((_, i) => before[i] === 5));
  });

  it("never lets a pod that takes a session pass 1.25 times its share of what is in flight", () => {
    const table = testCore().table(pods, 14);
    const journal = new Journal();
    const view = viewOf(pods, calm, journal);
    const weight = pods.reduce((sum, pod) => sum + pod.weight, 0);
    for (const [total, key] of keys.entries()) {
      const index = table.place(key, view, true);
      const bound = (1.25 * (total + 1) * pods[index]!.weight) / weight;
      expect(view.inflight[index]!).toBeLessThan(bound);
      view.inflight[index]!++;
      journal.note(index);
    }
  });

  it("bounds what live pods have by what live pods have: a drained pod's requests raise nobody's bound", () => {
    const two = numbered(3);
    const table = testCore().table(two, 10);
    const view = viewOf(two, { out: ["pod-2"], slow: two.map(() => EVERY_KEY), inflight: [4, 0, 1000] });
    for (const key of keys.slice(0, 200)) expect(table.place(key, view, true)).toBe(1);
  });

  it("forgets loads that are no longer asked for", () => {
    const table = testCore().table(pods, 14);
    const idle = viewOf(pods, calm);
    const before = keys.map((key) => table.place(key, idle, false));
    const busy = viewOf(pods, { ...calm, inflight: pods.map((_, i) => i) });
    expect(keys.map((key) => table.place(key, busy, true))).not.toEqual(before);
    expect(keys.map((key) => table.place(key, busy, false))).toEqual(before);
  });

  it("reads all counts when more were written than the journal holds, or by another array", () => {
    const core = testCore();
    const table = core.table(pods, 14);
    const journal = new Journal();
    const view = viewOf(pods, calm, journal);
    const chance = seeded(42);
    const rounds = [10, 1024, 1025, 5000];
    for (const writes of rounds) {
      table.place("a", view, true);
      for (let i = 0; i < writes; i++) {
        const index = chance.below(pods.length);
        view.inflight[index]!++;
        journal.note(index);
      }
      const fresh = core.table(pods, 14);
      const places = keys.slice(0, 300).map((key) => table.place(key, view, true));
      expect(places).toEqual(
        keys.slice(0, 300).map((key) => fresh.place(key, { ...view, journal: undefined }, true)),
      );
      fresh.free();
    }
    const other = { ...view, inflight: new Uint32Array(pods.length) };
    expect(keys.map((key) => table.place(key, other, true))).toEqual(
      keys.map((key) => table.lookup(key, view)),
    );
  });

  it("grows no memory by picks", () => {
    const core = testCore();
    const table = core.table(pods, 16);
    const view = viewOf(pods, calm, new Journal());
    const held = core.bytes;
    for (let i = 0; i < 100_000; i++) table.place(`${i}-session`, view, true);
    for (let i = 0; i < 100_000; i++) table.lookup(`${i}-session`, view);
    expect(core.bytes).toBe(held);
  });

  it.each(["place", "setInflight", "forget"])("survives a trap in %s", (name) => {
    const core = new Core(new WebAssembly.Module(trapping(coreBytes(), name)));
    const some = numbered(8);
    const table = core.table(some, 10);
    const reference = new ReferenceTable(some, 10);
    const out = ["pod-1", "pod-6"];
    const view = viewOf(some, { out, slow: some.map(() => EVERY_KEY), inflight: some.map(() => 3) });
    for (const key of keys.slice(0, 100)) {
      expect(some[table.place(key, view, true)]!.id).toBe(
        reference.firstChoice(reference.slotOf(key), new Set(out)),
      );
    }
    expect(core.traps).toBeGreaterThan(0);
  });

  it("answers from a table that was freed", () => {
    const table = testCore().table(pods, 14);
    table.free();
    const view = viewOf(pods, { ...calm, out: ["pod-7"] });
    for (const key of keys.slice(0, 200)) expect(table.place(key, view, true)).not.toBe(7);
  });
});
