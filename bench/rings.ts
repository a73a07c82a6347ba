import ConsistentHash from "consistent-hash";
import HashRing from "hashring";
import NodeHashRing from "node-hashring";
import { consistentHash } from "../src/policies/consistent-hash.ts";
import { atLeast, type Gate, told } from "./gate.ts";
import { freshKeys } from "./keys.ts";
import { Maglev } from "./maglev.ts";
import { calm, freshCore, podsOf, toolsOf } from "./pods.ts";
import { type Case, sideBySide, steady, times } from "./side.ts";

const PODS = 1000;
const KEYS = 20_000;

/** One pick of consistent-hash among 1,000 pods beside what npm offers, and Maglev by hand; all by fresh keys. */
export function measureRings(rounds: number): Gate[] {
  const pods = podsOf(PODS);
  const ids = pods.map(({ id }) => id);
  const core = freshCore();
  const picker = consistentHash.build(pods, {}, toolsOf(core, pods, 16));
  const standing = calm(pods);
  let seen = 0;
  const maglev = new Maglev(ids);
  const [points, md5, murmur] = [new ConsistentHash(), new HashRing(ids), new NodeHashRing(ids)];
  for (const id of ids) points.add(id);

  // Each has a loop of its own, so that V8 may compile every one of them for its own opponent.
  const results = sideBySide(
    [
      byKey((keys) => {
        for (const key of keys) seen += picker.pick({ key, word: 0 }, standing);
      }),
      byKey((keys) => {
        for (const key of keys) seen += maglev.lookup(key);
      }),
      byKey((keys) => {
        for (const key of keys) if (points.get(key) !== undefined) seen++;
      }),
      byKey((keys) => {
        for (const key of keys) if (murmur.findNode(key) !== undefined) seen++;
      }),
      byKey((keys) => {
        for (const key of keys) if (md5.get(key) !== undefined) seen++;
      }, KEYS / 10),
    ],
    rounds,
  );
  if (core.traps > 0 || seen === 0) throw new Error("the picks are not what they should be");
  const [ours, hand, ...rings] = results as [number[], number[], ...number[][]];
  const fastest = rings.reduce((best, ring) => (steady(ring) < steady(best) ? ring : best));
  const ratio = (above: readonly number[]) => times(above, ours);
  return [
    atLeast("pick vs the fastest npm ring, 1,000 pods", ratio(fastest), 3.5, "×"),
    atLeast("pick vs hashring, uncached", ratio(rings[2]!), 40, "×"),
    atLeast("pick vs Maglev by hand in JavaScript", ratio(hand), 0.85, "×"),
    told("its pick", Math.round(steady(ours)), "ns"),
    told("Maglev by hand", Math.round(steady(hand)), "ns"),
    told("consistent-hash of npm", Math.round(steady(rings[0]!)), "ns"),
    told("node-hashring", Math.round(steady(rings[1]!)), "ns"),
    told("hashring, uncached", Math.round(steady(rings[2]!)), "ns"),
  ];
}

function byKey(loop: (keys: readonly string[]) => void, count = KEYS): Case {
  return {
    count,
    prepare() {
      const keys = freshKeys(count);
      return () => loop(keys);
    },
  };
}
