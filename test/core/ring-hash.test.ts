import { describe, expect, it } from "vitest";
import { RingHash, ringOf } from "../../src/core/ring-hash.ts";
import { testCore } from "../support/core.ts";
import { hashOf, referenceRing } from "../support/reference/envoy.ts";
import { seeded } from "../support/seeded.ts";
import { vectors } from "../support/vectors.ts";
import { bare } from "./bare.ts";
import { host, hosts, local } from "./hosts.ts";

const total = (points: readonly number[]) => points.reduce((sum, each) => sum + each, 0);

describe("the ring of Envoy", () => {
  it("has the points of its own test: six hosts, twelve points", () => {
    const points: [bigint, number][] = [
      [833437586790550860n, 94],
      [928266305478181108n, 92],
      [1033482794131418490n, 90],
      [3551244743356806947n, 95],
      [3851675632748031481n, 93],
      [5583722120771150861n, 91],
      [6311230543546372928n, 91],
      [7700377290971790572n, 93],
      [13144177310400110813n, 95],
      [13444792449719432967n, 92],
      [15516499411664133160n, 94],
      [16117243373044804889n, 90],
    ];
    expect(ringOf([1, 1, 1, 1, 1, 1], 12)).toEqual([2, 2, 2, 2, 2, 2]);
    const look = bare((host) => new RingHash(host, local(1, 1, 1, 1, 1, 1), 12));
    for (const [i, [hash, port]] of points.entries()) {
      const next = points[(i + 1) % points.length]!;
      expect(look(hash - 1n)).toBe(port - 90);
      expect(look(hash)).toBe(port - 90);
      expect(look(hash + 1n)).toBe(next[1] - 90);
    }
    expect(look(0n)).toBe(4);
    expect(look(2n ** 64n - 1n)).toBe(4);
  });

  it("has as many points of each weight as Envoy's rule gives", () => {
    expect(ringOf([1, 1, 1, 1, 1], 1024)).toEqual([205, 205, 205, 205, 205]);
    expect(ringOf([1, 2], 1024)).toEqual([342, 684]);
    // More hosts than points: one each.
    expect(total(ringOf(new Array(3000).fill(1), 1024))).toBe(3000);
    expect(ringOf([0, 3, 0, 3], 4)).toEqual([0, 2, 0, 2]);
    expect(ringOf([0, 0], 1024)).toEqual([0, 0]);
    expect(total(ringOf([1, 1_000_000, 1_000_000, 1_000_000], 8_388_608))).toBeLessThanOrEqual(8_388_609);
    const chance = seeded(3);
    for (let round = 0; round < 30; round++) {
      const some = hosts(1 + chance.below(20), () => chance.below(9));
      if (some.every(({ weight }) => weight === 0)) continue;
      const minimum = 1 + chance.below(300);
      const ring = referenceRing(some, minimum);
      const counts = some.map((_, i) => ring.filter(({ pod }) => pod === i).length);
      expect(
        ringOf(
          some.map(({ weight }) => weight),
          minimum,
        ),
      ).toEqual(counts);
    }
  });

  it("tells points apart whose upper halves are equal", () => {
    const some = hosts(2);
    // Two of the 200,000, and in the order in which they are put the greater one comes first.
    const [less, greater] = ["10.0.0.1:8080_3000", "10.0.0.0:8080_20397"].map((point) => hashOf(point));
    expect(less! >> 32n).toBe(greater! >> 32n);
    const look = bare((host) => new RingHash(host, some, 200_000));
    expect(look(less!)).toBe(1);
    expect(look(less! + 1n)).toBe(0);
    expect(look(greater!)).toBe(0);
  });
});

interface Vectors {
  readonly hosts: readonly string[];
  readonly ring_hash: {
    readonly minimum_ring_size: number;
    readonly points_per_host: readonly number[];
    readonly first_points: readonly (readonly [string, string])[];
    readonly last_points: readonly (readonly [string, string])[];
    readonly vectors: readonly { readonly key: string; readonly hash: string; readonly host: string }[];
  };
}

const envoy = vectors<Vectors>("envoy.json");
if (envoy !== undefined) {
  const pods = envoy.hosts.map((address) => host(address));
  const { ring_hash: ring } = envoy;
  it("has every point and key of the ring that MOORING_VECTORS has", () => {
    expect(ringOf([1, 1, 1, 1, 1], ring.minimum_ring_size)).toEqual(ring.points_per_host);
    const look = bare((host) => new RingHash(host, pods, ring.minimum_ring_size));
    for (const [hash, id] of [...ring.first_points, ...ring.last_points])
      expect(envoy.hosts[look(BigInt(hash))]).toBe(id);
    const finder = testCore().ringHash(pods, ring.minimum_ring_size);
    for (const { key, hash, host } of ring.vectors) {
      expect(hashOf(key)).toBe(BigInt(hash));
      expect(envoy.hosts[finder.find(key)], key).toBe(host);
    }
  });
}
