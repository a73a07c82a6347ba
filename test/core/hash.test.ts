import { describe, expect, it } from "vitest";
import { fmix, murmur3, wyhash32 } from "../../src/core/hash.ts";
import { testCore } from "../support/core.ts";
import * as reference from "../support/reference/hash.ts";
import { type Seeded, seeded } from "../support/seeded.ts";
import frozen from "./table.json" with { type: "json" };

const utf8 = (text: string) => new TextEncoder().encode(text);

function keys(chance: Seeded): string[] {
  const letters = ["a", "Z", "~", "\u0000", "\u007f", "é", "ÿ", "€", "語", "😀", "\ud800"];
  const mixed = (length: number) =>
    Array.from({ length }, () => letters[chance.below(letters.length)]).join("");
  const lengths = Array.from({ length: 90 }, (_, length) => length);
  return [...lengths.map((n) => chance.text(n)), ...lengths.map(mixed), chance.text(65_536), mixed(30_000)];
}

describe("wyhash32", () => {
  it("is the frozen one", () => {
    const core = testCore();
    for (const [key, hash] of Object.entries(frozen.hashes)) {
      expect(core.hash(key).toString(16).padStart(8, "0"), key).toBe(hash);
    }
  });

  it("is the reference's for keys of every length, whatever their characters", () => {
    const core = testCore();
    const wrong = keys(seeded(1)).filter((key) => {
      const hash = reference.wyhash32(key);
      return core.hash(key) !== hash || wyhash32(utf8(key)) !== hash;
    });
    expect(wrong).toEqual([]);
  });

  it("takes keys longer than the key buffer", () => {
    const core = testCore();
    const longest = seeded(2).text(65_536);
    expect(core.hash(longest)).toBe(reference.wyhash32(longest));
    expect(core.hash(`${longest}!`)).toBe(reference.wyhash32(`${longest}!`));
    expect(core.hash("é".repeat(40_000))).toBe(reference.wyhash32("é".repeat(40_000)));
    expect(core.traps).toBe(0);
  });

  it("is not disturbed by the key before it", () => {
    const core = testCore();
    core.hash("x".repeat(39));
    expect(core.hash("ab")).toBe(reference.wyhash32("ab"));
    core.hash("é".repeat(300));
    expect(core.hash("")).toBe(reference.wyhash32(""));
  });
});

describe("murmur3", () => {
  it("is the frozen one", () => {
    for (const [id, hashes] of Object.entries(frozen.murmur3)) {
      const seeds = [0, 0x9747b28c].map((seed) => murmur3(utf8(id), seed).toString(16).padStart(8, "0"));
      expect(seeds, id).toEqual(hashes);
    }
  });

  it("is the reference's", () => {
    const wrong = keys(seeded(3)).filter(
      (key) => BigInt(murmur3(utf8(key), 0x9747b28c)) !== reference.murmur3(key, 0x9747b28cn),
    );
    expect(wrong).toEqual([]);
  });
});

it("fmix is the reference's", () => {
  const chance = seeded(4);
  const words = [0, 1, 0xffffffff, ...Array.from({ length: 1000 }, () => chance.word())];
  expect(words.filter((word) => BigInt(fmix(word)) !== reference.fmix(BigInt(word)))).toEqual([]);
});
