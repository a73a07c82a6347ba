import { describe, expect, it } from "vitest";
import { Core } from "../../src/core/core.ts";
import { crc32 } from "../../src/core/hash.ts";
import { pointsOf } from "../../src/core/ketama.ts";
import { coreBytes, testCore } from "../support/core.ts";
import { ReferenceKetama } from "../support/reference/ketama.ts";
import { seeded } from "../support/seeded.ts";
import { vectors } from "../support/vectors.ts";
import { standing } from "./standing.ts";
import { trapping } from "./trapping.ts";

const FUNCTIONS = ["ringBytes", "openRing", "seatPoints", "buildRing", "onRing", "crc32", "outsOf"];

function pods(count: number, weight: (i: number) => number = () => 1) {
  return Array.from({ length: count }, (_, i) => ({
    id: `10.0.${i >> 8}.${i & 255}:8080`,
    weight: weight(i),
  }));
}

const keys = (count: number, seed = 1) => {
  const chance = seeded(seed);
  return Array.from({ length: count }, (_, i) => chance.text(i % 70));
};

describe("the ring of ketama", () => {
  it("has CRC-32 as everybody has it", () => {
    const core = testCore();
    for (const [text, crc] of [
      ["", 0],
      ["123456789", 0xcbf43926],
      ["The quick brown fox jumps over the lazy dog", 0x414fa339],
    ] as const) {
      expect(core.crc32(text)).toBe(crc);
      expect(crc32(new TextEncoder().encode(text))).toBe(crc);
    }
    const long = "é".repeat(40_000);
    expect(core.crc32(long)).toBe(crc32(new TextEncoder().encode(long)));
  });

  it("gives 100,000 keys to pods as lua-resty-balancer does", () => {
    // Its own test: weights of 10, 2 and 1 and keys 1 to 100,000.
    const weights = { server1: 10, server2: 2, server3: 1 };
    const ring = testCore().ketama(Object.entries(weights).map(([id, weight]) => ({ id, weight })));
    const counts = [0, 0, 0];
    for (let key = 1; key <= 100_000; key++) counts[ring.find(String(key))]!++;
    expect(counts).toEqual([77_075, 14_743, 8_182]);
  });

  it("sends keys of an ingress-nginx to the pods that it sent them to", () => {
    const three = ["10.1.0.11:8080", "10.1.0.12:8080", "10.1.0.13:8080"];
    const ring = testCore().ketama(three.map((id) => ({ id, weight: 1 })));
    const found = (key: string) => three[ring.find(key)];
    expect(found("1757698459.933.11660.565530")).toBe("10.1.0.13:8080");
    expect(found("1735755933.88369.842884")).toBe("10.1.0.11:8080");
    expect(found("1750491988.316.2333.423486")).toBe("10.1.0.12:8080");
    expect(found("foo")).toBe("10.1.0.12:8080");
    expect(found("")).toBe("10.1.0.12:8080");
  });

  it("is the reference's for any pods, weights and keys, and for any that are out", () => {
    const chance = seeded(2);
    for (let round = 0; round < 12; round++) {
      const some = pods(1 + chance.below(30), () => chance.below(4));
      const ring = testCore().ketama(some);
      const reference = new ReferenceKetama(some);
      for (const share of [0, 0.3, 0.9, 1]) {
        const out = new Set(some.map((_, i) => i).filter(() => chance.fraction() < share));
        const now = standing(some, ...[...out].map((i) => some[i]!.id));
        for (const key of keys(20, chance.word())) expect(ring.find(key, now)).toBe(reference.find(key, out));
        for (const hash of [0, 1, 0xffffffff]) expect(ring.at(hash, now)).toBe(reference.at(hash, out));
      }
      for (const key of keys(10)) expect(ring.find(key)).toBe(reference.find(key));
    }
  });

  it("takes a point itself, and gives points that are equal to the pod that comes first", () => {
    const some = [...pods(3), { id: "10.0.0.1:8080", weight: 1 }];
    const ring = testCore().ketama(some);
    const reference = new ReferenceKetama(some);
    // A pod's first point is the CRC-32 of its id and four zeros.
    for (const [i, { id }] of pods(3).entries()) expect(ring.find(`${id}\0\0\0\0`)).toBe(i);
    for (const key of keys(300)) {
      expect(ring.find(key)).toBe(reference.find(key));
      expect(ring.find(key)).not.toBe(3);
      expect(ring.find(key, standing([...pods(3), { id: "x", weight: 1 }], "10.0.0.1:8080"))).toBe(
        reference.find(key, new Set([1])),
      );
    }
  });

  it("has nobody where there are no pods, or none of weight, or all are out", () => {
    const core = testCore();
    expect(core.ketama([]).find("a")).toBe(-1);
    expect(core.ketama(pods(3, () => 0)).find("a")).toBe(-1);
    const ring = core.ketama(pods(3));
    const all = pods(3).map(({ id }) => id);
    expect(ring.find("a", standing(pods(3), ...all))).toBe(-1);
    expect(ring.at(5, { out: Uint8Array.of(1, 1, 1), live: 1, version: -1 })).toBe(-1);
    expect(core.traps).toBe(0);
  });

  it("is bounded: weights that would make more than two million points have their shares of those", () => {
    expect(pointsOf([1, 0, 3])).toEqual([160, 0, 480]);
    expect(pointsOf(pods(10_000).map(({ weight }) => weight))[9_999]).toBe(160);
    const points = pointsOf([1_000_000, 1, 0, 3_000_000]);
    expect(points[1]).toBe(1);
    expect(points[2]).toBe(0);
    expect(points[3]! / points[0]!).toBeCloseTo(3, 4);
    expect(points.reduce((sum, each) => sum + each, 0)).toBeLessThanOrEqual(2 ** 21 + 4);
    const core = testCore();
    const ring = core.ketama(pods(2, (i) => [1_000_000, 3_000_000][i]!));
    expect(core.bytes).toBeLessThan(20 << 20);
    const first = keys(4000, 3).filter((key) => ring.find(key) === 0).length;
    // A quarter: five standard deviations are 137.
    expect(Math.abs(first - 1000)).toBeLessThanOrEqual(137);
  });

  it("gives its memory back, and answers the same without it, or where there is none", () => {
    const some = pods(40, (i) => i % 3);
    const core = testCore();
    const ring = core.ketama(some);
    const held = core.bytes;
    const out = standing(some, some[1]!.id, some[2]!.id, some[4]!.id);
    const before = keys(60).map((key) => [ring.find(key), ring.find(key, out)]);
    ring.free();
    ring.free();
    expect(keys(60).map((key) => [ring.find(key), ring.find(key, out)])).toEqual(before);
    for (let i = 0; i < 100; i++) core.ketama(some).free();
    expect(core.bytes).toBe(held);
    const tight = testCore(128 << 10).ketama(pods(1000));
    expect(keys(5).map((key) => tight.find(key))).toEqual(
      keys(5).map((key) => core.ketama(pods(1000)).find(key)),
    );
  });

  it.each(FUNCTIONS)("answers the same when %s traps", (name) => {
    const core = new Core(new WebAssembly.Module(trapping(coreBytes(), name)));
    const some = pods(9, (i) => 1 + (i % 2));
    const ring = core.ketama(some);
    const reference = new ReferenceKetama(some);
    const now = standing(some, some[3]!.id);
    for (const key of keys(30)) expect(ring.find(key, now)).toBe(reference.find(key, new Set([3])));
    expect(core.traps).toBeGreaterThan(0);
    ring.free();
  });
});

interface Balanced {
  readonly cases: readonly {
    readonly set: string;
    readonly endpoints: readonly string[];
    readonly vectors: readonly { readonly cookie_value: string; readonly endpoint: string }[];
  }[];
}

const balanced = vectors<Balanced>("ingress-nginx/balanced.json");
if (balanced !== undefined) {
  it.each(balanced.cases)("sends what an ingress-nginx of $set pods sent", ({ endpoints, vectors: all }) => {
    const ring = testCore().ketama(endpoints.map((id) => ({ id, weight: 1 })));
    for (const { cookie_value, endpoint } of all) {
      const key = cookie_value.split("|").find((part) => part !== "") ?? "";
      expect(endpoints[ring.find(key)], cookie_value).toBe(endpoint);
    }
  });
}
