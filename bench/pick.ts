import { consistentHash } from "../src/policies/consistent-hash.ts";
import { median } from "./gate.ts";
import { freshSids } from "./keys.ts";
import { calm, freshCore, podsOf, toolsOf } from "./pods.ts";

const PODS = 1000;
const PICKS = 100_000;
const ROUNDS = 9;

/** Nanoseconds of one consistent-hash pick among 1,000 pods of weight 1, by sids that were never seen before. */
export function measurePick(): number {
  const core = freshCore();
  const pods = podsOf(PODS);
  const picker = consistentHash.build(pods, {}, toolsOf(core, pods, 16));
  const standing = calm(pods);
  const seen = new Uint32Array(PODS);
  const rounds = Array.from({ length: ROUNDS }, () => {
    const sids = freshSids(PICKS);
    const start = process.hrtime.bigint();
    for (const key of sids) {
      const index = picker.pick({ key, word: 0 }, standing);
      seen[index] = seen[index]! + 1;
    }
    return Number(process.hrtime.bigint() - start) / PICKS;
  });
  if (core.traps > 0 || seen.some((count) => count === 0))
    throw new Error("the picks are not what they should be");
  // The first rounds compile; the rest outnumber them.
  return Math.round(median(rounds));
}
