import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { Core } from "../../src/core/core.ts";
import { coreBytes, testCore } from "../support/core.ts";
import { wyhash32 } from "../support/reference/hash.ts";
import { ReferenceTable } from "../support/reference/table.ts";
import { seeded } from "../support/seeded.ts";
import { standing } from "./standing.ts";
import { trapping } from "./trapping.ts";

function pods(count: number, weight = 1) {
  return Array.from({ length: count }, (_, i) => ({ id: `pod-${i}`, weight }));
}

describe("the module", () => {
  it("imports nothing and carries no data, so that the memory map is all there is", () => {
    const module = new WebAssembly.Module(coreBytes());
    expect(WebAssembly.Module.imports(module)).toEqual([]);
    const memory = new WebAssembly.Instance(module).exports.memory as WebAssembly.Memory;
    expect(new Uint8Array(memory.buffer).some((byte) => byte !== 0)).toBe(false);
  });

  it("is small", () => {
    expect(coreBytes().length).toBeLessThanOrEqual(20 * 1024);
    expect(gzipSync(coreBytes(), { level: 9 }).length).toBeLessThanOrEqual(8 * 1024);
  });
});

describe("what no table is built of", () => {
  const core = testCore();
  it.each([
    ["an id that comes twice", [...pods(3), { id: "pod-1", weight: 2 }], 16, /"pod-1" comes twice/],
    ["ids that are the same bytes", ["\ud800", "\udfff"].map((id) => ({ id, weight: 1 })), 16, /comes twice/],
    ["a twin without weight", [...pods(3), { id: "pod-1", weight: 0 }], 16, /"pod-1" comes twice/],
    ["a fraction", pods(2, 1.5), 16, /weight 1.5 of pod "pod-0"/],
    ["less than nothing", pods(2, -1), 16, /weight -1/],
    ["a weight past u32", pods(2, 2 ** 32), 16, /weight 4294967296/],
    ["no number", pods(2, Number.NaN), 16, /weight NaN/],
    ["too few bits", pods(2), 7, /7 bits/],
    ["too many bits", pods(2), 21, /21 bits/],
    ["half a bit", pods(2), 8.5, /8.5 bits/],
    ["too many pods", pods(65_535), 16, /65535 pods/],
    ["an id longer than the buffer", [{ id: "x".repeat(65_537), weight: 1 }], 16, /65537 bytes/],
  ])("%s", (_, some, bits, message) => {
    expect(() => core.table(some, bits)).toThrow(RangeError);
    expect(() => core.table(some, bits)).toThrow(message);
  });
});

describe("the edges of what a table is built of", () => {
  it.each([
    ["no pods", []],
    ["pods without weight", pods(3, 0)],
  ])("%s: -1", (_, some) => {
    const table = testCore().table(some, 8);
    expect(table.lookup("a", standing(some))).toBe(-1);
    expect(table.slotOwner(3)).toBe(-1);
  });

  it("one pod has every slot", () => {
    const table = testCore().table(pods(1), 8);
    expect(table.lookup("a", standing(pods(1)))).toBe(0);
    expect(table.lookup("a", standing(pods(1), "pod-0"))).toBe(-1);
  });

  it("a pod without weight stands in for nobody", () => {
    const some = [...pods(3), { id: "spare", weight: 0 }];
    const table = testCore().table(some, 8);
    const now = standing(some, "pod-0", "pod-1");
    for (let i = 0; i < 300; i++) expect(table.lookup(`k${i}`, now)).toBe(2);
  });

  it("65,534 pods and 20 bits", () => {
    const core = testCore();
    const many = pods(65_534);
    const table = core.table(many, 16);
    const key = "session";
    const owner = table.lookup(key, standing(many));
    expect(owner).toBe(table.slotOwner(wyhash32(key) >>> 16));
    const other = table.lookup(key, standing(many, many[owner]!.id));
    expect(other).not.toBe(owner);
    expect(other).toBeGreaterThanOrEqual(0);

    const wide = core.table(pods(3), 20);
    expect(wide.size).toBe(2 ** 20);
    expect(wide.lookup(key, standing(pods(3)))).toBe(wide.slotOwner(wyhash32(key) >>> 12));
    expect(core.traps).toBe(0);
  });

  it("a key longer than the key buffer", () => {
    const some = pods(20);
    const table = testCore().table(some, 10);
    const reference = new ReferenceTable(some, 10);
    const key = "é".repeat(50_000);
    const home = reference.lookup(key, new Set())!;
    expect(some[table.lookup(key, standing(some))]!.id).toBe(home);
    expect(some[table.lookup(key, standing(some, home))]!.id).toBe(reference.lookup(key, new Set([home])));
  });
});

describe("memory", () => {
  it("holds the tables of hundreds of pools, and what is freed is used again", () => {
    const core = testCore();
    const tables = Array.from({ length: 300 }, () => core.table(pods(3), 16));
    const held = core.bytes;
    expect(held).toBeLessThanOrEqual(96 << 20);
    for (const table of tables) table.free();
    for (let i = 0; i < 300; i++) core.table(pods(3), 16);
    expect(core.bytes).toBe(held);
  });

  it("never shares a region between tables", () => {
    const core = testCore();
    const chance = seeded(11);
    const live: { some: ReturnType<typeof pods>; bits: number; table: ReturnType<Core["table"]> }[] = [];
    for (let step = 0; step < 200; step++) {
      if (live.length > 8) live.splice(chance.below(live.length), 1)[0]!.table.free();
      const some = pods(1 + chance.below(60));
      const bits = 8 + chance.below(4);
      live.push({ some, bits, table: core.table(some, bits) });
    }
    for (const { some, bits, table } of live) {
      const fresh = testCore().table(some, bits);
      const wrong = Array.from({ length: table.size }, (_, slot) => slot).filter(
        (slot) => table.slotOwner(slot) !== fresh.slotOwner(slot),
      );
      expect(wrong).toEqual([]);
    }
  });

  it("refuses a table past the cap, says so, and goes on", () => {
    const core = testCore(2 << 20);
    const first = core.table(pods(3), 16);
    expect(() => core.table(pods(3), 19)).toThrow(/above the cap of 2.0 MiB/);
    expect(core.bytes).toBeLessThanOrEqual(2 << 20);
    expect(core.traps).toBe(0);
    first.free();
    expect(core.table(pods(3), 16).lookup("a", standing(pods(3)))).toBeGreaterThanOrEqual(0);
  });

  it("answers from a table that was freed, and frees it once", () => {
    const core = testCore();
    const some = pods(5);
    const table = core.table(some, 16);
    const keys = Array.from({ length: 500 }, (_, i) => `session-${i}`);
    const now = standing(some);
    const before = keys.map((key) => table.lookup(key, now));
    table.free();
    table.free();
    // Five pods of weight 1 stay far below their quotas, so that without quota the answer is the same.
    expect(keys.map((key) => table.lookup(key, now))).toEqual(before);
  });
});

describe("a core that traps", () => {
  const some = pods(7).map((pod, i) => ({ ...pod, weight: i }));
  const reference = new ReferenceTable(some, 10);
  const slots = Array.from({ length: 400 }, (_, i) => `key-${i}`);

  it.each(["lookup", "build", "seat", "open", "layLadder", "tableBytes"])("in %s", (name) => {
    const core = new Core(new WebAssembly.Module(trapping(coreBytes(), name)));
    const table = core.table(some, 10);
    for (const out of [[], ["pod-6"], ["pod-6", "pod-5", "pod-3"]]) {
      const now = standing(some, ...out);
      for (const key of slots) {
        const id = some[table.lookup(key, now)]!.id;
        expect(id).toBe(reference.firstChoice(reference.slotOf(key), new Set(out)));
      }
    }
    expect(table.lookup("a", standing(some, ...some.map(({ id }) => id)))).toBe(-1);
    expect(core.traps).toBe(name === "lookup" ? 3 * slots.length : 1);
  });

  it("in owner, standIn or wyhash32", () => {
    const core = new Core(new WebAssembly.Module(trapping(coreBytes(), "owner", "standIn", "wyhash32")));
    const table = core.table(some, 10);
    expect(some[table.slotOwner(77)]!.id).toBe(reference.firstChoice(77, new Set()));
    expect(core.traps).toBe(1);
    expect(core.hash("abc")).toBe(wyhash32("abc"));
    expect(core.traps).toBe(2);
    const now = standing(some, "pod-6", "pod-5");
    for (const key of slots) expect([1, 2, 3, 4]).toContain(table.lookup(key, now));
    expect(core.traps).toBeGreaterThan(2);
  });
});
