import { crc32 } from "node:zlib";
import { describe, expect, it } from "vitest";
import { Core, type Table } from "../../src/core/core.ts";
import { coreBytes, testCore } from "../support/core.ts";
import { ReferenceTable } from "../support/reference/table.ts";
import { type Seeded, seeded } from "../support/seeded.ts";
import { standing } from "./standing.ts";
import frozen from "./table.json" with { type: "json" };
import { trapping } from "./trapping.ts";

interface Weighted {
  readonly id: string;
  readonly weight: number;
}

const WEIGHTS = [
  () => 1,
  (chance: Seeded) => chance.below(4),
  (chance: Seeded) => 1 + chance.below(1000),
  (chance: Seeded) => [1, 1_000_000, 0xffffffff, 3][chance.below(4)]!,
];

function numbered(count: number, weight = 1): Weighted[] {
  return Array.from({ length: count }, (_, i) => ({ id: `pod-${i}`, weight }));
}

function owners(table: Table): number[] {
  return Array.from({ length: table.size }, (_, slot) => table.slotOwner(slot));
}

/** One change to the pods, or several at once: added anywhere in the order, removed, another weight. */
function changed(pods: readonly Weighted[], chance: Seeded, weight: (chance: Seeded) => number): Weighted[] {
  let next = [...pods];
  for (let left = 1 + (chance.below(4) === 0 ? chance.below(5) : 0); left > 0; left--) {
    const index = chance.below(next.length);
    const kind = chance.below(3);
    if (kind === 0)
      next.splice(index, 0, { id: `${"amz~é"[chance.below(5)]}${chance.text(6)}`, weight: weight(chance) });
    else if (kind === 1 && next.length > 1) next.splice(index, 1);
    else next = next.with(index, { id: next[index]!.id, weight: weight(chance) });
  }
  return chance.below(5) === 0 ? chance.shuffled(next) : next;
}

describe("a table made of an older one", () => {
  it.each(Array.from({ length: 24 }, (_, seed) => ({ seed })))(
    "seed $seed: is the one that would be built, slot for slot, change by change",
    ({ seed }) => {
      const chance = seeded(3000 + seed);
      const weight = WEIGHTS[seed % WEIGHTS.length]!;
      const bits = 8 + chance.below(4);
      let pods = numbered(1 + chance.below(seed < 16 ? 12 : 60)).map(({ id }) => ({
        id,
        weight: weight(chance),
      }));
      const core = testCore();
      let table = core.table(pods, bits);
      for (let step = 0; step < 12; step++) {
        pods = changed(pods, chance, weight);
        table = core.retable(table, pods, bits);
        const reference = new ReferenceTable(pods, bits);
        const expected = reference.owners.map((owner) => reference.pods[owner]?.id);
        expect(
          owners(table).map((owner) => pods[owner]?.id),
          `step ${step}`,
        ).toEqual(expected);
      }
      expect(core.traps).toBe(0);
    },
  );

  it.each(frozen.tables.filter(({ bits }) => bits <= 17))(
    "$name of 2^$bits slots comes out frozen, from a pod more, a pod less and another weight",
    ({ name, bits, crc32: crc }) => {
      const { pods } = frozen.tables.find((table) => table.name === name && table.bits === bits)!;
      const all: Weighted[] =
        "count" in pods
          ? Array.from({ length: pods.count }, (_, i) => ({
              id: `pod-${i}`,
              weight: pods.weights[i % pods.weights.length]!,
            }))
          : pods;
      const sorted = all.toSorted((a, b) => Buffer.compare(Buffer.from(a.id), Buffer.from(b.id)));
      const middle = sorted.length >> 1;
      const others = [
        [...sorted, { id: "another", weight: 2 }],
        sorted.toSpliced(middle, 1),
        sorted.with(middle, { id: sorted[middle]!.id, weight: 7 }),
      ];
      const core = testCore();
      for (const other of others) {
        if (other.length === 0) continue;
        const table = core.retable(core.table(other, bits), sorted, bits);
        const bytes = new Uint8Array(Uint16Array.from(owners(table)).buffer);
        expect(crc32(bytes).toString(16).padStart(8, "0")).toBe(crc);
        table.free();
      }
    },
  );

  it("does not know who was out: a pod that is down when another leaves keeps its slots", () => {
    const core = testCore();
    const pods = numbered(12);
    for (const next of [
      pods.slice(1),
      pods.with(0, { id: "pod-0", weight: 2 }),
      [...pods, { id: "q", weight: 1 }],
    ]) {
      const heavy = pods.with(0, { id: "pod-0", weight: 5 });
      const old = core.table(heavy, 10);
      for (let i = 0; i < 50; i++) old.lookup(`session-${i}`, standing(heavy, "pod-3", "pod-4"));
      expect(owners(core.retable(old, next, 10))).toEqual(owners(testCore().table(next, 10)));
    }
  });

  it("grows past its seats, and shrinks to one pod and to none", () => {
    const core = testCore();
    const fresh = testCore();
    let table = core.table(numbered(3), 10);
    for (const count of [4, 5, 6, 7, 8, 9, 10, 12, 14, 9, 4, 2, 1, 0, 1, 2]) {
      table = core.retable(table, numbered(count), 10);
      expect(owners(table)).toEqual(owners(fresh.table(numbered(count), 10)));
    }
  });

  it("takes the older one's memory: a thousand changes grow nothing", () => {
    const core = testCore();
    const chance = seeded(31);
    let pods = numbered(40);
    let table = core.table(pods, 12);
    for (let step = 0; step < 20; step++) {
      table = core.retable(table, pods.toSpliced(chance.below(40), 1), 12);
      table = core.retable(table, pods, 12);
    }
    const held = core.bytes;
    for (let step = 0; step < 1000; step++) {
      pods = pods.with(chance.below(40), { id: `pod-x${step}`, weight: 1 + chance.below(3) });
      table = core.retable(table, pods, 12);
    }
    expect(core.bytes).toBe(held);
    expect(owners(table)).toEqual(owners(testCore().table(pods, 12)));
  });

  it("frees the older one, which answers as without quota", () => {
    const core = testCore();
    const pods = numbered(5);
    const old = core.table(pods, 16);
    const now = standing(pods);
    const keys = Array.from({ length: 300 }, (_, i) => `session-${i}`);
    const before = keys.map((key) => old.lookup(key, now));
    core.retable(old, numbered(6), 16);
    // Five pods of weight 1 stay far below their quotas.
    expect(keys.map((key) => old.lookup(key, now))).toEqual(before);
    old.free();
  });

  it("leaves the older one as it is when the pods are refused", () => {
    const core = testCore();
    const pods = numbered(40);
    const old = core.table(pods, 10);
    const before = owners(old);
    expect(() => core.retable(old, [...pods, pods[3]!], 10)).toThrow(/"pod-3" comes twice/);
    expect(owners(old)).toEqual(before);
    expect(owners(core.retable(old, pods, 10))).toEqual(before);
  });

  it("is built when the older one has other bits, other pods altogether, or no race any more", () => {
    const core = testCore(4 << 20);
    const pods = numbered(30);
    const fresh = testCore();
    expect(owners(core.retable(core.table(pods, 10), pods, 11))).toEqual(owners(fresh.table(pods, 11)));
    const strangers = pods.map(({ id }) => ({ id: `x${id}`, weight: 1 }));
    expect(owners(core.retable(core.table(pods, 10), strangers, 10))).toEqual(
      owners(fresh.table(strangers, 10)),
    );
    // Of 4 MiB these take all but what a table needs: the races have to go.
    const first = core.table(pods, 16);
    const rest = Array.from({ length: 7 }, () => core.table(pods, 16));
    const fewer = pods.slice(1);
    expect(owners(core.retable(first, fewer, 16))).toEqual(owners(fresh.table(fewer, 16)));
    for (const table of rest) expect(owners(table)).toEqual(owners(fresh.table(pods, 16)));
  });

  it.each(["unseat", "insert", "reweigh", "settle"])("survives a trap in %s", (name) => {
    const core = new Core(new WebAssembly.Module(trapping(coreBytes(), name)));
    const pods = numbered(20);
    const steps = [pods.slice(1), pods, pods.with(4, { id: "pod-4", weight: 3 })];
    let table = core.table(pods, 10);
    for (const next of steps) {
      table = core.retable(table, next, 10);
      const reference = new ReferenceTable(next, 10);
      for (let slot = 0; slot < 1024; slot += 7) {
        const id = next[table.slotOwner(slot)]!.id;
        const allowed = [reference.pods[reference.owners[slot]!]!.id, reference.firstChoice(slot, new Set())];
        expect(allowed).toContain(id);
      }
    }
    expect(core.traps).toBeGreaterThan(0);
  });
});

describe("what a change of pods moves", () => {
  it.each([10, 100, 1000])("next to nothing but what it must: %i pods, 2^17 slots", (count) => {
    // A leaving pod's slots fill others to their quotas, which may push a few slots on; the other way round, one that comes
    // takes its own, and lowers the quotas of the others.
    const core = testCore();
    const all = numbered(count);
    let table = core.table(all, 17);
    const before = owners(table).map((owner) => all[owner]!.id);
    for (const gone of [0, count >> 1, count - 1]) {
      const rest = all.toSpliced(gone, 1);
      table = core.retable(table, rest, 17);
      const after = owners(table).map((owner) => rest[owner]!.id);
      const moved = before.filter((id, slot) => id !== `pod-${gone}` && id !== after[slot]).length;
      expect(moved / table.size).toBeLessThanOrEqual(0.0005);
      table = core.retable(table, all, 17);
      expect(owners(table).every((owner, slot) => all[owner]!.id === before[slot])).toBe(true);
    }
  });
});
