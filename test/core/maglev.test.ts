import { describe, expect, it } from "vitest";
import type { Host } from "../../src/core/core.ts";
import { Maglev } from "../../src/core/maglev.ts";
import { testCore } from "../support/core.ts";
import { referenceMaglev } from "../support/reference/envoy.ts";
import { seeded } from "../support/seeded.ts";
import { vectors } from "../support/vectors.ts";
import { bare } from "./bare.ts";
import { host, hosts, local } from "./hosts.ts";

const slotsOf = (pods: readonly Host[], size: number) => {
  const look = bare((host) => new Maglev(host, pods, size));
  return Array.from({ length: size }, (_, slot) => look(BigInt(slot)));
};

describe("the Maglev table of Envoy", () => {
  it("has the slots of its own tests", () => {
    expect(slotsOf(local(1, 1, 1, 1, 1, 1), 7)).toEqual([2, 4, 0, 1, 5, 0, 3]);
    const names = [90, 91, 92, 93, 94, 95].map((name) => host(`${name}`));
    expect(slotsOf(names, 7)).toEqual([2, 5, 0, 3, 4, 1, 0]);
    expect(slotsOf(local(1, 2), 17)).toEqual([1, 0, 0, 1, 0, 1, 1, 0, 1, 1, 1, 1, 1, 0, 1, 0, 1]);
  });

  it("begins with these slots for five hosts, and gives them equal parts", () => {
    const five = [1, 2, 3, 4, 5].map((last) => host(`10.0.0.${last}:8080`));
    const slots = slotsOf(five, 65_537);
    expect(slots.slice(0, 16)).toEqual([2, 2, 2, 3, 0, 3, 0, 1, 0, 2, 2, 4, 1, 4, 1, 4]);
    const counts = five.map((_, i) => slots.filter((slot) => slot === i).length);
    expect(counts).toEqual([13_108, 13_108, 13_107, 13_107, 13_107]);
  });

  it("is the reference's for any weights, whatever the rounding", () => {
    const chance = seeded(4);
    for (const size of [2, 3, 17, 251, 1009, 4099]) {
      for (let round = 0; round < 6; round++) {
        const most = [3, 100, 1_000_000][round % 3]!;
        const some = hosts(1 + chance.below(40), () => chance.below(most));
        some[0]!.weight = 7;
        expect(slotsOf(some, size), `${size}: ${some.map(({ weight }) => weight)}`).toEqual(
          referenceMaglev(some, size),
        );
      }
    }
  });
});

interface Vectors {
  readonly hosts: readonly string[];
  readonly maglev: {
    readonly table_size: number;
    readonly slots_per_host: readonly number[];
    readonly first_slots: readonly number[];
    readonly vectors: readonly { readonly key: string; readonly slot: number; readonly host: string }[];
  };
}

const envoy = vectors<Vectors>("envoy.json");
if (envoy !== undefined) {
  const pods = envoy.hosts.map((address) => host(address));
  const { maglev } = envoy;
  it("has every slot and key of the Maglev table that MOORING_VECTORS has", () => {
    const slots = slotsOf(pods, maglev.table_size);
    expect(slots.slice(0, maglev.first_slots.length)).toEqual(maglev.first_slots);
    expect(pods.map((_, i) => slots.filter((slot) => slot === i).length)).toEqual(maglev.slots_per_host);
    const finder = testCore().maglev(pods, maglev.table_size);
    for (const { key, slot, host } of maglev.vectors) {
      expect(slots[slot]).toBe(envoy.hosts.indexOf(host));
      expect(envoy.hosts[finder.find(key)], key).toBe(host);
    }
  });
}
