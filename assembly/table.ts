import {
  bitsOf,
  KEY,
  laneA,
  laneB,
  laneC,
  laneGate,
  laneInverse,
  lanes,
  laneSecond,
  laneWeight,
  ownersOf,
  podsOf,
  setHead,
} from "./layout";
import { wyhash32 } from "./hash";
import { forget } from "./overlay";
import { settle } from "./quota";
import { race } from "./race";

// The table: a pure function of (pod ids, weights). Take all pairs (pod, slot) in order of (time, tie, pod, slot); a pair
// is assigned if the slot is free and the pod below its quota.

/** Makes a table of `pods` pods (1 to 65,534) and 2^bits slots at `table`; seat every pod, then build. */
export function open(table: usize, ladder: usize, pods: u32, bits: u32): void {
  setHead(table, ladder, pods, bits);
  // Padding must lose every comparison: its gate is 0. The other lanes only have to be numbers.
  for (let i = pods; i < lanes(pods); i++) {
    const at = <usize>i << 2;
    store<u32>(laneA(table) + at, 0);
    store<u32>(laneB(table) + at, 1);
    store<u32>(laneC(table) + at, 1);
    store<u32>(laneGate(table) + at, 0);
    store<f32>(laneInverse(table) + at, 1);
    store<u32>(laneSecond(table) + at, 0);
    store<u32>(laneWeight(table) + at, 0);
  }
}

/** Fills the table from the seated pods; the scratch holds nothing before or after. */
export function build(table: usize, scratch: usize): void {
  race(table, scratch);
  settle(table, scratch);
  const gates = laneGate(table);
  for (let i: u32 = 0; i < podsOf(table); i++) store<u32>(gates + (<usize>i << 2), 1 << bitsOf(table));
  forget(table);
}

/** The slot of a hash: its upper bits. */
// @ts-ignore: decorator
@inline export function slotOf(table: usize, hash: u32): u32 {
  return hash >>> (32 - bitsOf(table));
}

/** The pod that owns the slot of a hash. */
export function owner(table: usize, hash: u32): u32 {
  return load<u16>(ownersOf(table) + (<usize>slotOf(table, hash) << 1));
}

/** The pod that owns the slot of the key in the key buffer. */
export function lookup(table: usize, length: u32): u32 {
  return owner(table, wyhash32(KEY, length));
}
