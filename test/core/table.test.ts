import { crc32 } from "node:zlib";
import { describe, expect, it } from "vitest";
import type { Table } from "../../src/core/core.ts";
import { testCore } from "../support/core.ts";
import { ReferenceTable } from "../support/reference/table.ts";
import { seeded } from "../support/seeded.ts";
import { standing } from "./standing.ts";
import frozen from "./table.json" with { type: "json" };

interface Weighted {
  readonly id: string;
  readonly weight: number;
}

function owners(table: Table): number[] {
  return Array.from({ length: table.size }, (_, slot) => table.slotOwner(slot));
}

function numbered(count: number, weights: readonly number[] = [1], prefix = "pod"): Weighted[] {
  return Array.from({ length: count }, (_, i) => ({
    id: `${prefix}-${i}`,
    weight: weights[i % weights.length]!,
  }));
}

function sorted(pods: readonly Weighted[]): Weighted[] {
  return [...pods].sort((a, b) => Buffer.compare(Buffer.from(a.id), Buffer.from(b.id)));
}

function podsOf(name: string, bits: number): Weighted[] {
  const { pods } = frozen.tables.find((table) => table.name === name && table.bits === bits)!;
  return "count" in pods ? numbered(pods.count, pods.weights) : pods;
}

describe("frozen placements", () => {
  const core = testCore();

  it.each(frozen.tables)("$name of 2^$bits slots", ({ name, bits, crc32: crc, counts, first8, keys }) => {
    const pods = sorted(podsOf(name, bits));
    const table = core.table(pods, bits);
    const all = owners(table);
    expect(all.slice(0, 8)).toEqual(first8);
    const bytes = new Uint8Array(Uint16Array.from(all).buffer);
    expect(crc32(bytes).toString(16).padStart(8, "0")).toBe(crc);
    if (counts !== undefined) {
      expect(pods.map((_, i) => all.filter((owner) => owner === i).length)).toEqual(counts);
    }
    const now = standing(pods);
    const homes = Object.keys(keys).map((key) => [key, pods[table.lookup(key, now)]!.id]);
    expect(Object.fromEntries(homes)).toEqual(keys);
    table.free();
  });

  it.each(frozen.standIns)("$table of 2^$bits slots without $out", ({ table: name, bits, out, keys }) => {
    const pods = podsOf(name, bits);
    const table = core.table(pods, bits);
    const now = standing(pods, ...out);
    const homes = Object.keys(keys).map((key) => [key, pods[table.lookup(key, now)]!.id]);
    expect(Object.fromEntries(homes)).toEqual(keys);
    table.free();
  });
});

describe("against the reference", () => {
  const ids = ["web-0", "web-1", "é", "z", "~", "😀", "\uffee", "", "a b"];
  const cases = Array.from({ length: 30 }, (_, seed) => {
    const chance = seeded(seed);
    const bits = 8 + chance.below(4);
    const weight = [
      () => 1,
      () => chance.below(5),
      () => 1 + chance.below(1000),
      () => [1, 0xffffffff, 0x80000000, 3][chance.below(4)]!,
    ][seed % 4]!;
    const count = 1 + chance.below(seed < 20 ? 40 : 400);
    const names = [...new Set([...ids, ...numbered(count).map(({ id }) => id)])];
    const pods = chance
      .shuffled(names)
      .slice(0, count)
      .map((id) => ({ id, weight: weight() }));
    return { seed, bits, pods };
  });

  it.each(cases)("seed $seed: every slot, and every stand-in", ({ seed, bits, pods }) => {
    const chance = seeded(1000 + seed);
    const table = testCore().table(pods, bits);
    const reference = new ReferenceTable(pods, bits);
    const named = owners(table).map((owner) => pods[owner]?.id);
    expect(named).toEqual(reference.owners.map((owner) => reference.pods[owner]?.id));

    const keys = Array.from({ length: 300 }, () => chance.text(chance.below(20)));
    for (let round = 0; round < 6; round++) {
      const share = [0, 0.1, 0.5, 0.9, 1, 0.3][round]!;
      const out = pods.map(({ id }) => id).filter(() => chance.fraction() < share);
      const now = standing(pods, ...out);
      const gone = new Set(out);
      const wrong = keys.filter((key) => pods[table.lookup(key, now)]?.id !== reference.lookup(key, gone));
      expect(wrong, `${out.length} of ${pods.length} out`).toEqual([]);
    }
  });
});

describe("what the table promises", () => {
  const pods = numbered(100);

  it("does not depend on the order of the pods", () => {
    const core = testCore();
    const mixed = seeded(7).shuffled(pods);
    const one = owners(core.table(pods, 12)).map((owner) => pods[owner]!.id);
    expect(owners(core.table(mixed, 12)).map((owner) => mixed[owner]!.id)).toEqual(one);
  });

  it("gives nobody more than 1.1 times its share, rounded up", () => {
    const core = testCore();
    for (const [count, weights] of [
      [3, [1]],
      [100, [1, 5, 20]],
      [1000, [1]],
    ] as const) {
      const some = numbered(count, weights);
      const total = some.reduce((sum, { weight }) => sum + weight, 0);
      const held = new Array<number>(count).fill(0);
      for (const owner of owners(core.table(some, 16))) held[owner]!++;
      const over = some.filter(
        ({ weight }, i) => held[i]! > Math.ceil((11 * 65_536 * weight) / (10 * total)),
      );
      expect(over).toEqual([]);
    }
  });

  it("moves next to nobody else when a pod leaves for good", () => {
    // A leaving pod's slots fill others to their quotas, which may push a few slots on. Quotas themselves only grow.
    const core = testCore();
    for (const [count, most] of [
      [10, 0],
      [100, 0.0001],
      [1000, 0.0005],
    ] as const) {
      const before = numbered(count);
      const after = before.slice(1);
      const old = owners(core.table(before, 16));
      const now = owners(core.table(after, 16)).map((owner) => owner + 1);
      const moved = old.filter((owner, slot) => owner !== 0 && owner !== now[slot]).length;
      expect(moved / 65_536, `${count} pods`).toBeLessThanOrEqual(most);
    }
  });

  it("sends the keys of a pod that is out where they stay when it leaves for good", () => {
    // Only quotas can disagree: the stand-in ignores them. Of a leaving pod's slots few hit a full pod.
    const core = testCore();
    const table = core.table(pods, 16);
    const rest = pods.filter(({ id }) => id !== "pod-42");
    const without = core.table(rest, 16);
    const now = standing(pods, "pod-42");
    const all = standing(rest);
    const keys = Array.from({ length: 20_000 }, (_, i) => `session-${i}`);
    const moved = keys.filter((key) => pods[table.lookup(key, now)] !== rest[without.lookup(key, all)]);
    expect(moved.length / keys.length).toBeLessThan(0.001);
  });
});
