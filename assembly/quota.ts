import {
  bitsOf,
  laneGate,
  laneWeight,
  ownersOf,
  podsOf,
  scratchFirst,
  scratchHeap,
  scratchHeaps,
  scratchQuota,
  scratchRoom,
  scratchStack,
} from "./layout";
import { totalWeight } from "./race";
import { rank, slotAt } from "./pod";
import { best } from "./scan";

// Slots and pods rank each other by the same pairs, so there is one stable matching, and deferred acceptance finds it in
// any order of work: a slot asks its best pod; a full pod keeps the better of that slot and the worst it holds; the slot
// that loses asks the next. A pod's own order is by rank, as time grows strictly with it.

/** A heap of ranks, the greatest at its root. */
function sink(heap: usize, size: u32, from: u32): void {
  const value = load<u32>(heap + (<usize>from << 2));
  let at = from;
  let child: u32 = 2 * at + 1;
  while (child < size) {
    let greater = load<u32>(heap + (<usize>child << 2));
    if (child + 1 < size) {
      const right = load<u32>(heap + (<usize>(child + 1) << 2));
      if (right > greater) {
        greater = right;
        child++;
      }
    }
    if (greater <= value) break;
    store<u32>(heap + (<usize>at << 2), greater);
    at = child;
    child = 2 * at + 1;
  }
  store<u32>(heap + (<usize>at << 2), value);
}

/** quota = ceil(11·M·w / (10·W)), at most M: a pod cannot hold more slots than there are. */
function openHeaps(table: usize, scratch: usize): void {
  const bits = bitsOf(table);
  const pods = podsOf(table);
  const room = scratchRoom(scratch, bits);
  const quota = scratchQuota(scratch, pods, bits);
  const heap = scratchHeap(scratch, pods, bits);
  const divisor = 10 * totalWeight(table);
  let next = scratchHeaps(scratch, pods, bits);
  for (let i: u32 = 0; i < pods; i++) {
    const at = <usize>i << 2;
    const share = (<u64>11 << bits) * <u64>load<u32>(laneWeight(table) + at);
    const allowed = min<u32>(<u32>((share + divisor - 1) / divisor), 1 << bits);
    store<u32>(room + at, allowed);
    store<u32>(quota + at, allowed);
    store<u32>(heap + at, <u32>next);
    next += <usize>allowed << 2;
  }
}

/**
 * Offers a slot to a pod.
 * @returns the slot that is left without a pod: the worst that the pod held, or the same one; -1 when there was room
 */
function offer(table: usize, scratch: usize, index: u32, slot: u32): i32 {
  const bits = bitsOf(table);
  const pods = podsOf(table);
  const at = <usize>index << 2;
  const room = scratchRoom(scratch, bits) + at;
  const size = load<u32>(scratchQuota(scratch, pods, bits) + at);
  const heap: usize = load<u32>(scratchHeap(scratch, pods, bits) + at);
  const gate = laneGate(table) + at;
  const place = rank(table, index, slot);
  const left = load<u32>(room);
  if (left > 0) {
    store<u32>(heap + (<usize>(size - left) << 2), place);
    store<u32>(room, left - 1);
    store<u16>(ownersOf(table) + (<usize>slot << 1), <u16>index);
    if (left == 1) {
      for (let i = <i32>(size >> 1) - 1; i >= 0; i--) sink(heap, size, i);
      store<u32>(gate, load<u32>(heap));
    }
    return -1;
  }
  const worst = load<u32>(heap);
  if (place > worst) return slot;
  store<u32>(heap, place);
  sink(heap, size, 0);
  store<u32>(gate, load<u32>(heap));
  store<u16>(ownersOf(table) + (<usize>slot << 1), <u16>index);
  return slotAt(table, index, worst);
}

/** From the first owners in the scratch to the owners of the table, no pod above its quota. Leaves the gates moved. */
export function settle(table: usize, scratch: usize): void {
  const bits = bitsOf(table);
  const slots: u32 = 1 << bits;
  const first = scratchFirst(scratch, bits);
  const stack = scratchStack(scratch, bits);
  let height: usize = 0;
  openHeaps(table, scratch);
  for (let s: u32 = 0; s < slots; s++) {
    const loser = offer(table, scratch, load<u16>(first + (<usize>s << 1)), s);
    if (loser >= 0) store<u32>(stack + (height++ << 2), loser);
  }
  while (height > 0) {
    const slot = load<u32>(stack + (--height << 2));
    // The quotas add up to more than M and the slot is free, so some pod has room: never NOBODY.
    const loser = offer(table, scratch, best(table, slot), slot);
    if (loser >= 0) store<u32>(stack + (height++ << 2), loser);
  }
}
