import { describe, expect, it } from "vitest";
import type { Pool } from "../../src/model/pool.ts";
import { ketama } from "../../src/policies/ketama.ts";
import { testCore } from "../support/core.ts";
import { seeded } from "../support/seeded.ts";
import { policyContract } from "./contract.ts";
import { poolOf, standingOf, toolsFor } from "./pool.ts";

/**
 * Beside the draw of the keys, five standard deviations of the arcs: of N points as if at random a pod of 160·w has a share
 * whose variance is about share·(1 − share)/N, and N is at least 160/share.
 */
const arcs = (picks: number, share: number) => {
  const drawn = picks * share * (1 - share);
  const arc = (picks * share) ** 2 * ((1 - share) / 160);
  return 5 * Math.sqrt(drawn + arc);
};

policyContract("ketama", ketama, { options: {}, keyed: true, bound: arcs });
policyContract("ketama with what places unkeyed requests", ketama, {
  options: { by: "$request_uri" },
  keyed: true,
  bound: arcs,
});

/** A pool of these addresses. */
function at(addresses: readonly string[], weights: readonly number[] = addresses.map(() => 1)): Pool {
  const pool = poolOf(weights);
  const pods = pool.pods.map((pod, i) => {
    const url = `http://${addresses[i]}`;
    return { ...pod, url, authority: new URL(url).host };
  });
  return { ...pool, pods };
}

const build = (pool: Pool, options: object = {}) =>
  ketama.build(pool.pods, ketama.options.parse(options), toolsFor(pool));

describe("ketama", () => {
  it("knows pods by ip and port, the port of the scheme too", () => {
    const pool = at(["10.42.0.3:80", "10.42.0.8:80", "10.42.0.13:80"]);
    expect(pool.pods[0]!.authority).toBe("10.42.0.3");
    const ring = testCore().ketama(["10.42.0.3:80", "10.42.0.8:80", "10.42.0.13:80"].map(unit));
    const picker = build(pool);
    const chance = seeded(1);
    for (let i = 0; i < 200; i++) {
      const key = chance.text(9);
      expect(picker.pick({ key, word: 0 }, standingOf(pool.pods))).toBe(ring.find(key));
    }
  });

  it("goes by what is made of an unkeyed request, whatever the key", () => {
    const pool = at(["10.1.0.11:8080", "10.1.0.12:8080", "10.1.0.13:8080"]);
    const picker = build(pool, { by: "$host" });
    for (const text of ["/armud", "", "u1"]) {
      const given = picker.pick({ key: "another", by: text, word: 7 }, standingOf(pool.pods));
      expect(given).toBe(picker.pick({ key: text, word: 9 }, standingOf(pool.pods)));
    }
  });

  it("holds keys off a pod in slow start by its share, always the same ones, and gives them to the next on the ring", () => {
    const pool = at(["10.1.0.11:8080", "10.1.0.12:8080", "10.1.0.13:8080"]);
    const picker = build(pool);
    const keys = Array.from({ length: 3000 }, (_, i) => `key-${i}`);
    const standing = standingOf(pool.pods);
    const homes = keys.map((key) => picker.pick({ key, word: 0 }, standing));
    const second = keys.map((key) => picker.pick({ key, word: 0 }, standingOf(pool.pods, [1])));
    const slow = Uint32Array.of(0xffffffff, 0x40000000, 0xffffffff);
    const slowed = () => keys.map((key) => picker.pick({ key, word: 0 }, { ...standing, slow }));
    const found = slowed();
    expect(slowed()).toEqual(found);
    const own = keys.map((_, i) => i).filter((i) => homes[i] === 1);
    for (const [i] of keys.entries()) if (homes[i] !== 1) expect(found[i]).toBe(homes[i]);
    for (const i of own) expect([1, second[i]]).toContain(found[i]);
    const kept = own.filter((i) => found[i] === 1).length;
    expect(Math.abs(kept - own.length / 4)).toBeLessThanOrEqual(5 * Math.sqrt((own.length * 3) / 16));
  });
});

describe("ketama with subsets", () => {
  const seven = at([3, 8, 13, 18, 23, 28, 33].map((last) => `10.42.0.${last}:80`));
  const members = (picker: ReturnType<typeof build>, key: string, out: readonly number[] = []) => {
    const chance = seeded(2);
    const standing = standingOf(seven.pods, out);
    const picks = Array.from({ length: 200 }, () => picker.pick({ key, word: chance.word() }, standing));
    return [...new Set(picks)].sort((a, b) => a - b);
  };

  it("sends a key to one of its subset, as ingress-nginx cuts them, the last filled up from the first pods", () => {
    const picker = build(seven, { subset: 3 });
    // Figures of an ingress-nginx with `upstream-hash-by-subset-size: 3`.
    expect(members(picker, "/v2/img/img/img?id=538")).toEqual([0, 1, 6]);
    expect(members(picker, "/armud")).toEqual([3, 4, 5]);
    expect(members(picker, "user-20466")).toEqual([0, 1, 2]);
  });

  it("draws inside by weight, a pod that stands there twice twice as often", () => {
    const pool = at(["10.1.0.11:80", "10.1.0.12:80"]);
    const picker = build(pool, { subset: 3 });
    const chance = seeded(3);
    const standing = standingOf(pool.pods);
    const first = Array.from({ length: 9000 }, () =>
      picker.pick({ key: "a", word: chance.word() }, standing),
    ).filter((index) => index === 0).length;
    expect(Math.abs(first - 6000)).toBeLessThanOrEqual(5 * Math.sqrt(2000));
  });

  it("leaves everybody else's subset as it is when a pod is out, and passes a subset that is out whole", () => {
    const picker = build(seven, { subset: 3 });
    expect(members(picker, "/armud", [4])).toEqual([3, 5]);
    expect(members(picker, "/v2/img/img/img?id=538", [4])).toEqual([0, 1, 6]);
    const other = members(picker, "/armud", [3, 4, 5]);
    expect([
      [0, 1, 2],
      [0, 1, 6],
    ]).toContainEqual(other);
    expect(picker.pick({ key: "a", word: 1 }, standingOf(seven.pods, [0, 1, 2, 3, 4, 5, 6]))).toBe(-1);
  });

  it("has no place for pods without weight, and nobody where there are none", () => {
    const pool = at(["10.1.0.11:80", "10.1.0.12:80", "10.1.0.13:80"], [1, 0, 1]);
    const picker = build(pool, { subset: 1 });
    const picks = Array.from({ length: 300 }, (_, i) =>
      picker.pick({ key: `${i}`, word: 0 }, standingOf(pool.pods)),
    );
    expect(new Set(picks)).toEqual(new Set([0, 2]));
    const empty = at([]);
    expect(build(empty, { subset: 2 }).pick({ key: "a", word: 0 }, standingOf([]))).toBe(-1);
  });

  it("answers the same once it was freed", () => {
    const picker = build(seven, { subset: 2 });
    const before = members(picker, "key");
    picker.free?.();
    expect(members(picker, "key")).toEqual(before);
  });
});

function unit(id: string) {
  return { id, weight: 1 };
}
