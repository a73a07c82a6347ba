import { describe, expect, it } from "vitest";
import type { Core, Envoy, Host } from "../../src/core/core.ts";
import type { Pool } from "../../src/model/pool.ts";
import type { Policy } from "../../src/policies/policy.ts";
import { testCore } from "../support/core.ts";
import { seeded } from "../support/seeded.ts";
import { poolOf, standingOf, toolsFor } from "./pool.ts";

/** A pool of these addresses. */
export function addressed(addresses: readonly string[]): Pool {
  const pool = poolOf(addresses.map(() => 1));
  const pods = pool.pods.map((pod, i) => {
    const url = `http://${addresses[i]}`;
    return { ...pod, url: url.replace(/:80$/, ""), authority: new URL(url).host };
  });
  return { ...pool, pods };
}

/** What the policies after Envoy have in common; `build` is what they are to be like with default options. */
export function envoyCases<Options>(
  name: string,
  policy: Policy<Options>,
  build: (core: Core, hosts: readonly Host[]) => Envoy,
): void {
  const picker = (pool: Pool, options: object = {}) =>
    policy.build(pool.pods, policy.options.parse(options), toolsFor(pool));

  describe(`${name}: like Envoy`, () => {
    const three = ["10.42.0.3:80", "10.42.0.8:8080", "[fd00::7]:80"];
    const pool = addressed(three);
    const hosts = build(
      testCore(),
      three.map((address) => ({ id: address, address, weight: 1 })),
    );

    it("knows pods by ip and port, the port of the scheme too", () => {
      expect(pool.pods.map(({ authority }) => authority)).toEqual([
        "10.42.0.3",
        "10.42.0.8:8080",
        "[fd00::7]",
      ]);
      const chance = seeded(1);
      const own = picker(pool);
      for (let i = 0; i < 200; i++) {
        const key = chance.text(9);
        expect(own.pick({ key, word: 0 }, standingOf(pool.pods))).toBe(hosts.find(key));
      }
    });

    it("goes by what is made of an unkeyed request, byte for byte, and by chance where that is nothing", () => {
      const own = picker(pool, { by: "$http_x_user" });
      const pick = (by: string, key = "chance") => own.pick({ key, by, word: 1 }, standingOf(pool.pods));
      for (const text of ["alice", "Müller", "日本", "x"]) {
        const bytes = String.fromCharCode(...new TextEncoder().encode(text));
        expect(pick(bytes), text).toBe(hosts.find(text));
      }
      const byChance = Array.from({ length: 60 }, (_, i) => pick("", `${i}`));
      expect(new Set(byChance)).toEqual(new Set([0, 1, 2]));
    });

    it("takes several things one by one, and goes by chance where there are none", () => {
      const own = picker(pool, { by: ["$http_x_user", "$http_x_region"] });
      const pick = (by: readonly string[], key = "chance") =>
        own.pick({ key, by, word: 1 }, standingOf(pool.pods));
      const chance = seeded(5);
      for (let i = 0; i < 100; i++) {
        const [a, b] = [chance.text(9), chance.text(4)];
        expect(pick([a, b])).toBe(hosts.find([a, b]));
        expect(pick([a])).toBe(hosts.find(a));
      }
      expect(pick(["M\xc3\xbcller", "x"])).toBe(hosts.find(["Müller", "x"]));
      const byChance = Array.from({ length: 60 }, (_, i) => pick([], `${i}`));
      expect(new Set(byChance)).toEqual(new Set([0, 1, 2]));
    });

    it("says of what is to be hashed what is wrong, and where", () => {
      const wrong = (by: unknown) => {
        const parsed = policy.options.safeParse({ by });
        return parsed.success
          ? []
          : parsed.error.issues.map(({ path, message }) => [...path, message.split("\n")[0]]);
      };
      expect(wrong("$http_x_user")).toEqual([]);
      expect(wrong(["$http_x_user", "$arg_b"])).toEqual([]);
      expect(wrong("a b")).toEqual([["by", "what is hashed may not be written so"]]);
      expect(wrong(["$uri", "$unheard", 1])).toEqual([
        ["by", 1, "there is no variable $unheard here"],
        ["by", 2, "expected a text with variables, or a list of such"],
      ]);
      expect(wrong([])).toEqual([["by", "has 0 things to hash"]]);
      expect(wrong(new Array(9).fill("$uri"))).toEqual([["by", "has 9 things to hash"]]);
      expect(wrong({})).toEqual([["by", "expected a text with variables, or a list of such"]]);
    });

    it("holds keys off a pod in slow start by its share, always the same ones, and gives them to the next", () => {
      const own = picker(pool);
      const keys = Array.from({ length: 3000 }, (_, i) => `key-${i}`);
      const standing = standingOf(pool.pods);
      const homes = keys.map((key) => own.pick({ key, word: 0 }, standing));
      const second = keys.map((key) => own.pick({ key, word: 0 }, standingOf(pool.pods, [1])));
      const slow = Uint32Array.of(0xffffffff, 0x40000000, 0xffffffff);
      const slowed = () => keys.map((key) => own.pick({ key, word: 0 }, { ...standing, slow }));
      const found = slowed();
      expect(slowed()).toEqual(found);
      const held = keys.map((_, i) => i).filter((i) => homes[i] === 1);
      for (const [i] of keys.entries()) if (homes[i] !== 1) expect(found[i]).toBe(homes[i]);
      for (const i of held) expect([1, second[i]]).toContain(found[i]);
      const kept = held.filter((i) => found[i] === 1).length;
      expect(Math.abs(kept - held.length / 4)).toBeLessThanOrEqual(5 * Math.sqrt((held.length * 3) / 16));
    });
  });
}
