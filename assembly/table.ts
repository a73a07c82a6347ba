import { bitsOf, KEY, lanes, ownersOf, setHead } from "./layout";
import { wyhash32 } from "./hash";
import { leaveEmpty } from "./pod";
import { settle } from "./quota";
import { run } from "./race";

// The table: a pure function of (pod ids, weights). Take all pairs (pod, slot) in order of (time, tie, pod, slot); a pair
// is assigned if the slot is free and the pod below its quota.

/** Makes a table of 2^bits slots with room for `room` pods, of which the first `pods` (1 to 65,534) are to be seated. */
export function open(table: usize, ladder: usize, pods: u32, bits: u32, room: u32): void {
  setHead(table, ladder, pods, bits, room);
  for (let i = pods; i < lanes(room); i++) leaveEmpty(table, i);
}

/** Fills race and table from the seated pods; the scratch holds nothing before or after. */
export function build(table: usize, race: usize, scratch: usize): void {
  run(table, race, scratch);
  settle(table, race, scratch);
}

/** The slot of a hash: its upper bits. */
// @ts-ignore: decorator
@inline export function slotOf(table: usize, hash: u32): u32 {
  return hash >>> (32 - bitsOf(table));
}

/** The pod that owns the slot of a hash. */
// @ts-ignore: decorator
@inline export function owner(table: usize, hash: u32): u32 {
  return load<u16>(ownersOf(table) + (<usize>slotOf(table, hash) << 1));
}

/** The pod that owns the slot of the key in the key buffer. */
export function lookup(table: usize, length: u32): u32 {
  return owner(table, wyhash32(KEY, length));
}
