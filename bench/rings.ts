import ConsistentHash from "consistent-hash";
import HashRing from "hashring";
import NodeHashRing from "node-hashring";
import { consistentHash } from "../src/policies/consistent-hash.ts";
import { atLeast, type Gate, told } from "./gate.ts";
import { freshKeys } from "./keys.ts";
import { Maglev } from "./maglev.ts";
import { calm, freshCore, podsOf, toolsOf } from "./pods.ts";
import { alone, type Case, sideBySide, times } from "./side.ts";

const PODS = 1000;
const KEYS = 20_000;
/** What npm offers, in the order in which it is measured. */
const RINGS = ["consistent-hash of npm", "node-hashring", "hashring, uncached"];

type Rounds = readonly number[];

/**
 * Nanoseconds of one pick of consistent-hash among 1,000 pods beside what npm offers, and Maglev by hand; all by fresh keys.
 * The answer has the rounds of ours, of Maglev, then of {@link RINGS}.
 */
export function measureRings(rounds: number): number[][] {
  const pods = podsOf(PODS);
  const ids = pods.map(({ id }) => id);
  const core = freshCore();
  const picker = consistentHash.build(pods, {}, toolsOf(core, pods, 16));
  const standing = calm(pods);
  const maglev = new Maglev(ids);
  const [points, md5, murmur] = [new ConsistentHash(), new HashRing(ids), new NodeHashRing(ids)];
  for (const id of ids) points.add(id);

  // Each has a loop of its own, so that V8 may compile every one of them for its own opponent.
  const results = sideBySide(
    [
      byKey((keys) => {
        let sum = 0;
        for (const key of keys) sum += picker.pick({ key, word: 0 }, standing);
        return sum;
      }),
      byKey((keys) => {
        let sum = 0;
        for (const key of keys) sum += maglev.lookup(key);
        return sum;
      }),
      byKey((keys) => {
        let sum = 0;
        for (const key of keys) if (points.get(key) !== undefined) sum++;
        return sum;
      }),
      byKey((keys) => {
        let sum = 0;
        for (const key of keys) if (murmur.findNode(key) !== undefined) sum++;
        return sum;
      }),
      byKey((keys) => {
        let sum = 0;
        for (const key of keys) if (md5.get(key) !== undefined) sum++;
        return sum;
      }, KEYS / 10),
    ],
    rounds,
  );
  if (core.traps > 0) throw new Error("the core trapped");
  return results;
}

/** @param results of {@link measureRings}, the rounds of several processes together */
export function ringGates(results: readonly (readonly number[])[]): Gate[] {
  const [ours, hand, ...rings] = results as [Rounds, Rounds, ...Rounds[]];
  const fastest = rings.reduce((best, ring) => (alone(ring) < alone(best) ? ring : best));
  const ratio = (above: readonly number[]) => times(above, ours);
  return [
    atLeast("pick vs the fastest npm ring, 1,000 pods", ratio(fastest), 3.5, "×"),
    atLeast("pick vs hashring, uncached", ratio(rings[2]!), 40, "×"),
    atLeast("pick vs Maglev by hand in JavaScript", ratio(hand), 0.85, "×"),
    told("its pick", Math.round(alone(ours)), "ns"),
    told("Maglev by hand", Math.round(alone(hand)), "ns"),
    ...RINGS.map((name, i) => told(name, Math.round(alone(rings[i]!)), "ns")),
  ];
}

function byKey(loop: (keys: readonly string[]) => number, count = KEYS): Case {
  return {
    count,
    prepare() {
      const keys = freshKeys(count);
      return () => {
        if (loop(keys) === 0) throw new Error("nobody was picked");
      };
    },
  };
}
