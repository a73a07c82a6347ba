import { fmix } from "../src/core/hash.ts";
import { nextVersion } from "../src/policies/policy.ts";
import { ownersOf } from "./build.ts";
import { atMost, type Gate, told } from "./gate.ts";
import { freshKeys } from "./keys.ts";
import { calm, freshCore, podsOf } from "./pods.ts";

const BITS = 17;
const KEYS = 8_000_000;
const SIZES = [10, 100, 1000];

/** Keys of other pods that a change moves, percent of eight million; the worst of 10, 100 and 1,000 pods. */
export function measureMoves(): Gate[] {
  const scaled = SIZES.map(scaleIn);
  return [
    atMost(
      "extra keys moved by a health change, 2^17 slots",
      percent(Math.max(...SIZES.map(healthChange))),
      0,
      "%",
    ),
    atMost("extra keys moved by scale-in", percent(Math.max(...scaled)), 0.05, "%"),
    atMost("extra keys moved by scale-out", percent(Math.max(...SIZES.map(scaleOut))), 0.05, "%"),
    ...SIZES.map((count) => told(`peak/mean of eight million keys, ${count} pods`, peakOfKeys(count), "×")),
  ];
}

/** The most keys that a pod has, as a multiple of the mean: the table's own peak, and what chance adds to it. */
function peakOfKeys(count: number): number {
  const owners = ownersOf(freshCore().table(podsOf(count), BITS));
  const keys = new Uint32Array(count);
  for (let key = 0; key < KEYS; key++) {
    const owner = owners[fmix(key) >>> (32 - BITS)]!;
    keys[owner] = keys[owner]! + 1;
  }
  return Number(((Math.max(...keys) * count) / KEYS).toFixed(4));
}

function percent(share: number): number {
  return Number((share * 100).toFixed(4));
}

/** Real lookups of real keys while one pod is out, and once more when it is back. */
function healthChange(count: number): number {
  const core = freshCore();
  const pods = podsOf(count);
  const table = core.table(pods, BITS);
  const well = calm(pods);
  const gone = count >> 1;
  const ill = { ...well, out: well.out.with(gone, 1), live: count - 1, version: nextVersion() };
  let moved = 0;
  // A batch at a time: so many strings at once would be all that is measured.
  const batch = 50_000;
  const share = KEYS / SIZES.length;
  for (let done = 0; done < share; done += batch) {
    const keys = freshKeys(batch);
    const homes = keys.map((key) => table.lookup(key, well));
    for (let i = 0; i < batch; i++)
      if (table.lookup(keys[i]!, ill) !== homes[i] && homes[i] !== gone) moved++;
    for (let i = 0; i < batch; i++) if (table.lookup(keys[i]!, well) !== homes[i]) moved++;
  }
  return moved / share;
}

/** One pod leaves for good. */
function scaleIn(count: number): number {
  const pods = podsOf(count);
  const gone = count >> 1;
  return movedBetween(
    homes(count),
    homesOf(pods.toSpliced(gone, 1)),
    (id) => id === `web-${gone}`,
    () => false,
  );
}

/** One pod comes. */
function scaleOut(count: number): number {
  return movedBetween(
    homes(count),
    homes(count + 1),
    () => false,
    (id) => id === `web-${count}`,
  );
}

function homes(count: number): string[] {
  return homesOf(podsOf(count));
}

/** The id of the pod that has each slot. */
function homesOf(pods: readonly { id: string; weight: number }[]): string[] {
  return Array.from(ownersOf(freshCore().table(pods, BITS)), (owner) => pods[owner]!.id);
}

/** The share of keys that moved although their pod did not leave, and they did not go to the one that came. */
function movedBetween(
  before: readonly string[],
  after: readonly string[],
  left: (id: string) => boolean,
  came: (id: string) => boolean,
): number {
  const extra = Uint8Array.from(before, (id, slot) =>
    id !== after[slot] && !left(id) && !came(after[slot]!) ? 1 : 0,
  );
  let moved = 0;
  // A key's hash is any number of 32 bits, and its slot the upper bits.
  for (let key = 0; key < KEYS; key++) moved += extra[fmix(key) >>> (32 - BITS)]!;
  return moved / KEYS;
}
