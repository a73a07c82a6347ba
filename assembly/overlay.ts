import { fmix } from "./hash";
import {
  bitsOf,
  HEAD_INFLIGHT,
  HEAD_WEIGHT,
  laneGate,
  laneInflight,
  laneSecond,
  laneThreshold,
  laneWeight,
  memoOf,
  NOBODY,
  ownersOf,
  podsOf,
} from "./layout";
import { best } from "./scan";
import { slotOf } from "./table";

// What changes by the minute lies over the table, which stays as it is.

/** Probes of other slots before the next ones are taken in turn. */
const PROBES: u32 = 15;

/** Nobody is out. */
export function openGates(table: usize): void {
  const gates = laneGate(table);
  for (let i: u32 = 0; i < podsOf(table); i++) store<u32>(gates + (<usize>i << 2), 1 << bitsOf(table));
}

// @ts-ignore: decorator
@inline function isOut(table: usize, index: u32): bool {
  return load<u32>(laneGate(table) + (<usize>index << 2)) == 0;
}

/** Drops what was remembered, as other pods are out now, and sums up weight and requests in flight of those that are not. */
export function forget(table: usize): void {
  memory.fill(memoOf(table), 0xff, <usize>2 << bitsOf(table));
  let weight: f64 = 0;
  let inflight: f64 = 0;
  for (let i: u32 = 0; i < podsOf(table); i++) {
    if (isOut(table, i)) continue;
    weight += load<u32>(laneWeight(table) + (<usize>i << 2));
    inflight += load<u32>(laneInflight(table) + (<usize>i << 2));
  }
  store<f64>(table, weight, HEAD_WEIGHT);
  store<f64>(table, inflight, HEAD_INFLIGHT);
}

/** Whether a pod is out, and the share of keys that it takes, of 2^32. Call {@link forget} once after the last of a round. */
export function setOut(table: usize, index: u32, out: u32, threshold: u32): void {
  store<u32>(laneGate(table) + (<usize>index << 2), out != 0 ? 0 : 1 << bitsOf(table));
  store<u32>(laneThreshold(table) + (<usize>index << 2), threshold);
}

/** How many requests a pod has in flight. */
export function setInflight(table: usize, index: u32, inflight: u32): void {
  const at = laneInflight(table) + (<usize>index << 2);
  const before = load<u32>(at);
  store<u32>(at, inflight);
  if (isOut(table, index)) return;
  store<f64>(table, load<f64>(table, HEAD_INFLIGHT) + <f64>inflight - <f64>before, HEAD_INFLIGHT);
}

/**
 * Step 1, of a slot whose owner is out: its next preference among the pods that are not, without quota. A rehash would
 * move the same keys a second time when the table is built again without the pod. NOBODY when all are out.
 */
export function standIn(table: usize, hash: u32): u32 {
  const slot = slotOf(table, hash);
  const memo = memoOf(table) + (<usize>slot << 1);
  const known: u32 = load<u16>(memo);
  if (known != NOBODY) return known;
  const found = best(table, slot);
  store<u16>(memo, <u16>found);
  return found;
}

/**
 * Whether a pod takes one more: in slow start only the keys below its threshold, and never more than 1.25 times its share
 * of all requests in flight, this one included (Mirrokni, Thorup, Zadimoghaddam: consistent hashing with bounded loads).
 * The products are exact below 2^53.
 */
// @ts-ignore: decorator
@inline function takes(table: usize, index: u32, hash: u32): bool {
  const at = <usize>index << 2;
  const threshold = load<u32>(laneThreshold(table) + at);
  if (threshold != u32.MAX_VALUE && fmix(hash ^ load<u32>(laneSecond(table) + at)) >= threshold) return false;
  const mine = 4 * load<f64>(table, HEAD_WEIGHT) * <f64>load<u32>(laneInflight(table) + at);
  return mine < 5 * (load<f64>(table, HEAD_INFLIGHT) + 1) * <f64>load<u32>(laneWeight(table) + at);
}

// @ts-ignore: decorator
@inline function welcome(table: usize, index: u32, hash: u32): bool {
  return !isOut(table, index) && takes(table, index, hash);
}

/** Whether there is a pod at all that takes the key: else a search of all slots would be in vain. */
function anybody(table: usize, hash: u32): bool {
  for (let i: u32 = 0; i < podsOf(table); i++) if (welcome(table, i, hash)) return true;
  return false;
}

/**
 * The pod for a new session, with all that lies over the table: the slot's own or its stand-in (1) when it takes the key
 * (2), else the first that does of 15 slots drawn by the hash (3) and of the next slots in turn (4), else that of 1 (5).
 * NOBODY when all are out.
 */
export function place(table: usize, hash: u32): u32 {
  const owners = ownersOf(table);
  const slot = slotOf(table, hash);
  const owner: u32 = load<u16>(owners + (<usize>slot << 1));
  const home = isOut(table, owner) ? standIn(table, hash) : owner;
  if (home == NOBODY || takes(table, home, hash)) return home;
  for (let j: u32 = 1; j <= PROBES; j++) {
    const probe = slotOf(table, fmix(hash + j * 0x9e3779b9));
    const found: u32 = load<u16>(owners + (<usize>probe << 1));
    if (welcome(table, found, hash)) return found;
  }
  if (!anybody(table, hash)) return home;
  const mask: u32 = (1 << bitsOf(table)) - 1;
  for (let next = (slot + 1) & mask; next != slot; next = (next + 1) & mask) {
    const found: u32 = load<u16>(owners + (<usize>next << 1));
    if (welcome(table, found, hash)) return found;
  }
  return home;
}
