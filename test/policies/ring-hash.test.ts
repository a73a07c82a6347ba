import { describe, expect, it } from "vitest";
import { ringHash } from "../../src/policies/ring-hash.ts";
import { testCore } from "../support/core.ts";
import { policyContract } from "./contract.ts";
import { addressed, envoyCases } from "./envoy.ts";
import { standingOf, toolsFor } from "./pool.ts";

/**
 * Beside the draw of the keys, five standard deviations of the arcs: of N points as if at random a pod has a share whose
 * variance is about share·(1 − share)/N. The least N of the contract is where most pods are out: the weights 1 and 5 have 54
 * of 1,053 points.
 */
const arcs = (picks: number, share: number) => {
  const drawn = picks * share * (1 - share);
  return 5 * Math.sqrt(drawn + (picks ** 2 * share * (1 - share)) / 54);
};

// A pod of one point of 15,000 has an arc whose length is exponential: 3,000 keys reach 3,000/18,000 of those pods, and of
// those of two points 1 − (15/18)²: 2,361 in all, give or take 42.
const reach = 2150;

policyContract("ring-hash", ringHash, { options: {}, keyed: true, bound: arcs, reach });
policyContract("ring-hash with what places unkeyed requests", ringHash, {
  options: { by: "$http_x_user", minimumRingSize: 2000 },
  keyed: true,
  bound: arcs,
  reach,
});

envoyCases("ring-hash", ringHash, (core, hosts) => core.ringHash(hosts, 1024));

describe("ring-hash", () => {
  it("has a ring as large as it is told", () => {
    const pool = addressed(["10.0.0.1:80", "10.0.0.2:80", "10.0.0.3:80"]);
    const small = ringHash.build(pool.pods, ringHash.options.parse({ minimumRingSize: 3 }), toolsFor(pool));
    const hosts = pool.pods.map(({ id, url }) => ({ id, address: `${url.slice(7)}:80`, weight: 1 }));
    const ring = testCore().ringHash(hosts, 3);
    for (let i = 0; i < 200; i++) {
      expect(small.pick({ key: `${i}`, word: 0 }, standingOf(pool.pods))).toBe(ring.find(`${i}`));
    }
  });

  it("says of a ring that is large what it costs", () => {
    const said = (weights: number[], minimumRingSize: number) =>
      ringHash.notice?.(weights, { minimumRingSize });
    expect(said([1, 2, 3], 1024)).toBeUndefined();
    expect(said([1, 1, 1, 1], 1 << 21)).toBeUndefined();
    expect(said([1, 1], 8_388_608)).toContain("8388608 points takes 96 MiB");
    // The lightest has one whole point, and the others as many more as they are heavier.
    expect(said([1, 1_000_000, 1_000_000, 1_000_000], 1024)).toContain("3000001 points");
  });
});
