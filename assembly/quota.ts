import {
  bitsOf,
  firstOf,
  laneA,
  laneBackB,
  laneBackC,
  laneGate,
  laneWeight,
  ownersOf,
  podsOf,
  scratchRoom,
  scratchStack,
} from "./layout";
import { forget, openGates } from "./overlay";
import { slotAt } from "./pod";
import { totalWeight } from "./race";
import { best } from "./scan";

// Slots and pods rank each other by the same pairs, so there is one stable matching, and deferred acceptance finds it in
// any order of work: a slot asks its best pod; a full pod keeps the better of that slot and the worst it holds; the slot
// that loses asks the next. A pod's own order is by rank, as time grows strictly with it.

let height: usize = 0;

// @ts-ignore: decorator
@inline function push(scratch: usize, slot: u32): void {
  store<u32>(scratchStack(scratch) + (height++ << 2), slot);
}

/** 10·Σw, for as long as a table is settled. */
let divisor: u64 = 1;

/** ceil(11·M·w / (10·W)), at most M: a pod cannot hold more slots than there are. */
function quota(table: usize, index: u32): u32 {
  const bits = bitsOf(table);
  const share = (<u64>11 << bits) * <u64>load<u32>(laneWeight(table) + (<usize>index << 2));
  return min<u32>(<u32>((share + divisor - 1) / divisor), 1 << bits);
}

/** How much of its quota the race has left to each pod. */
function countRoom(table: usize, race: usize, scratch: usize): void {
  const bits = bitsOf(table);
  const room = scratchRoom(scratch, bits);
  for (let i: u32 = 0; i < podsOf(table); i++) store<u32>(room + (<usize>i << 2), quota(table, i));
  const first = firstOf(race, bits);
  const end = first + (<usize>2 << bits);
  for (let owner = first; owner < end; owner += 2) {
    const held = room + (<usize>load<u16>(owner) << 2);
    store<i32>(held, load<i32>(held) - 1);
  }
}

/** Walks up the order of a pod that is full: passes `keep` of its slots, shuts the gate at the last, pushes `drop` more. */
function fill(table: usize, scratch: usize, index: u32, keep: u32, drop: u32): void {
  const at = <usize>index << 2;
  const bits = bitsOf(table);
  const slots: u32 = 1 << bits;
  const mask = slots - 1;
  const half = (bits + 1) >> 1;
  const owners = ownersOf(table);
  const a = load<u32>(laneA(table) + at);
  const b = load<u32>(laneBackB(table) + at);
  const c = load<u32>(laneBackC(table) + at);
  const all = keep + drop;
  let product: u32 = 0;
  let passed: u32 = 0;
  for (let r: u32 = 0; passed < all; r++, product += c) {
    let x = product & mask;
    x ^= x >>> half;
    const s = ((x * b) & mask) ^ a;
    if (load<u16>(owners + (<usize>s << 1)) != <u16>index) continue;
    passed++;
    if (passed == keep) store<u32>(laneGate(table) + at, r);
    else if (passed > keep) push(scratch, s);
  }
}

/** Gives a slot to a full pod that prefers it to the worst that it holds, and pushes that one. */
function replaceWorst(table: usize, scratch: usize, index: u32, slot: u32): void {
  const owners = ownersOf(table);
  const gate = laneGate(table) + (<usize>index << 2);
  let worst = load<u32>(gate);
  push(scratch, slotAt(table, index, worst));
  store<u16>(owners + (<usize>slot << 1), <u16>index);
  do {
    worst--;
  } while (load<u16>(owners + (<usize>slotAt(table, index, worst) << 1)) != <u16>index);
  store<u32>(gate, worst);
}

/** From the race to the owners of the table, no pod above its quota. */
export function settle(table: usize, race: usize, scratch: usize): void {
  const bits = bitsOf(table);
  const pods = podsOf(table);
  const owners = ownersOf(table);
  const room = scratchRoom(scratch, bits);
  height = 0;
  divisor = 10 * totalWeight(table);
  openGates(table);
  countRoom(table, race, scratch);
  memory.copy(owners, firstOf(race, bits), <usize>2 << bits);
  for (let i: u32 = 0; i < pods; i++) {
    const at = <usize>i << 2;
    const left = load<i32>(room + at);
    if (left > 0) continue;
    fill(table, scratch, i, quota(table, i), -left);
    store<i32>(room + at, 0);
  }
  while (height > 0) {
    const slot = load<u32>(scratchStack(scratch) + (--height << 2));
    // The quotas add up to more than M and the slot is free, so some pod has room: never NOBODY.
    const index = best(table, slot);
    const left = room + (<usize>index << 2);
    if (load<i32>(left) == 0) {
      replaceWorst(table, scratch, index, slot);
      continue;
    }
    store<u16>(owners + (<usize>slot << 1), <u16>index);
    store<i32>(left, load<i32>(left) - 1);
    if (load<i32>(left) == 0) fill(table, scratch, index, quota(table, index), 0);
  }
  openGates(table);
  forget(table);
}
