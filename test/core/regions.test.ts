import { describe, expect, it } from "vitest";
import { Regions } from "../../src/core/regions.ts";
import { seeded } from "../support/seeded.ts";

const PAGE = 65_536;

function regions(cap = 100 * PAGE) {
  const memory = new WebAssembly.Memory({ initial: 2 });
  return { memory, regions: new Regions(memory, 66_560, cap) };
}

describe("Regions", () => {
  it("starts at the base and aligns to 16", () => {
    const { regions: some } = regions();
    expect(some.take(1)).toBe(66_560);
    expect(some.take(17)).toBe(66_576);
    expect(some.take(16)).toBe(66_608);
  });

  it("grows by no more than is missing at the end", () => {
    const { memory, regions: some } = regions();
    some.take(2 * PAGE - 66_560);
    expect(memory.buffer.byteLength).toBe(2 * PAGE);
    some.take(10);
    expect(memory.buffer.byteLength).toBe(3 * PAGE);
    // The rest of the third page is one gap with what grows.
    some.take(PAGE);
    expect(memory.buffer.byteLength).toBe(4 * PAGE);
  });

  it("joins gaps on both sides", () => {
    const { memory, regions: some } = regions();
    const [a, b, c] = [some.take(20_000), some.take(20_000), some.take(20_000)];
    some.give(a);
    some.give(c);
    some.give(b);
    expect(some.take(60_000)).toBe(a);
    expect(memory.buffer.byteLength).toBe(2 * PAGE);
  });

  it("keeps below its cap, and is whole after a refusal", () => {
    const { memory, regions: some } = regions(3 * PAGE);
    const first = some.take(PAGE);
    expect(() => some.take(3 * PAGE)).toThrow(/above the cap of 0.2 MiB/);
    expect(memory.buffer.byteLength).toBeLessThanOrEqual(3 * PAGE);
    some.give(first);
    expect(some.take(PAGE)).toBe(first);
  });

  it("takes back only what it gave", () => {
    const { regions: some } = regions();
    const at = some.take(100);
    expect(() => some.give(at + 16)).toThrow(/no region/);
    some.give(at);
    expect(() => some.give(at)).toThrow(/no region/);
  });

  it("never hands out a byte twice, and leaves nothing behind", () => {
    const chance = seeded(5);
    const { memory, regions: some } = regions();
    const held: { at: number; end: number }[] = [];
    for (let step = 0; step < 2000; step++) {
      if (held.length > 0 && chance.below(100) < 48) {
        some.give(held.splice(chance.below(held.length), 1)[0]!.at);
        continue;
      }
      const bytes = 1 + chance.below(5000);
      const at = some.take(bytes);
      const end = at + bytes;
      expect(end).toBeLessThanOrEqual(memory.buffer.byteLength);
      expect(held.filter((other) => at < other.end && other.at < end)).toEqual([]);
      held.push({ at, end });
    }
    for (const { at } of held) some.give(at);
    const all = memory.buffer.byteLength - 66_560;
    expect(some.take(all)).toBe(66_560);
    expect(memory.buffer.byteLength).toBe(66_560 + all);
  });
});
