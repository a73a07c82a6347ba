// The memory map. Each offset follows from the last; nothing else in this folder names an address.
//
//   0           unused, so that no pointer is 0
//   KEY         the key buffer: the bytes that the next hash reads
//   REGIONS     from here on memory is handed out by the caller, in regions aligned to 16 bytes:
//               a table (below), a ladder (f32 a slot), the scratch of a build (below)

export const KEY: usize = 1024;
export const KEY_BYTES: usize = 64 * 1024;
export const REGIONS: usize = KEY + KEY_BYTES;

/** What a slot holds in owners, memo and race while no pod has it. */
export const NOBODY: u32 = 0xffff;

/** A lane of the pods is padded to whole vectors of four. */
export function lanes(pods: u32): u32 {
  return (pods + 3) & ~3;
}

function aligned(bytes: usize): usize {
  return (bytes + 15) & ~15;
}

// A table: a head of u32 fields, owners (u16 a slot), memo (u16 a slot), then the lanes (4 bytes a pod each).
const HEAD_BITS: usize = 0;
const HEAD_PODS: usize = HEAD_BITS + 4;
const HEAD_LADDER: usize = HEAD_PODS + 4;
const OWNERS: usize = 16;

const LANES: u32 = 7;

/** Bytes of a table of `pods` pods and 2^bits slots. */
export function tableBytes(pods: u32, bits: u32): usize {
  return aligned(OWNERS + (<usize>4 << bits) + <usize>lanes(pods) * 4 * LANES);
}

export function setHead(table: usize, ladder: usize, pods: u32, bits: u32): void {
  store<u32>(table, bits, HEAD_BITS);
  store<u32>(table, pods, HEAD_PODS);
  store<u32>(table, <u32>ladder, HEAD_LADDER);
}

// @ts-ignore: decorator
@inline export function bitsOf(table: usize): u32 {
  return load<u32>(table, HEAD_BITS);
}

// @ts-ignore: decorator
@inline export function podsOf(table: usize): u32 {
  return load<u32>(table, HEAD_PODS);
}

// @ts-ignore: decorator
@inline export function ladderOf(table: usize): usize {
  return load<u32>(table, HEAD_LADDER);
}

// @ts-ignore: decorator
@inline export function ownersOf(table: usize): usize {
  return table + OWNERS;
}

// @ts-ignore: decorator
@inline export function memoOf(table: usize): usize {
  return ownersOf(table) + (<usize>2 << bitsOf(table));
}

// @ts-ignore: decorator
@inline function laneOf(table: usize, lane: u32): usize {
  return memoOf(table) + (<usize>2 << bitsOf(table)) + <usize>(lane * lanes(podsOf(table))) * 4;
}

/** The constants a, b, c of the pod's permutation of the slots. */
// @ts-ignore: decorator
@inline export function laneA(table: usize): usize {
  return laneOf(table, 0);
}
// @ts-ignore: decorator
@inline export function laneB(table: usize): usize {
  return laneOf(table, 1);
}
// @ts-ignore: decorator
@inline export function laneC(table: usize): usize {
  return laneOf(table, 2);
}
/** Gate: the pod may take a slot only at a rank below it. 0 shuts it, 2^bits opens it, padding has 0. */
// @ts-ignore: decorator
@inline export function laneGate(table: usize): usize {
  return laneOf(table, 3);
}
/** f32(1 / weight). */
// @ts-ignore: decorator
@inline export function laneInverse(table: usize): usize {
  return laneOf(table, 4);
}
/** The second hash of the id: breaks ties, and places slow start. */
// @ts-ignore: decorator
@inline export function laneSecond(table: usize): usize {
  return laneOf(table, 5);
}
/** The weight, u32. */
// @ts-ignore: decorator
@inline export function laneWeight(table: usize): usize {
  return laneOf(table, 6);
}

// The scratch of a build: best time (f32 a slot), stack of slots (u32 a slot), first owner (u16 a slot), three lanes,
// and one heap of ranks a pod, together at most the sum of the quotas: 11·M/10 + a rounding up for each pod.

/** Bytes of the scratch in which a table of that size is built. */
export function scratchBytes(pods: u32, bits: u32): usize {
  const slots: usize = <usize>1 << bits;
  return aligned(slots * 10 + <usize>lanes(pods) * 12 + (slots * 11 / 10 + 1 + pods) * 4);
}

// @ts-ignore: decorator
@inline export function scratchTimes(scratch: usize): usize {
  return scratch;
}
// @ts-ignore: decorator
@inline export function scratchStack(scratch: usize, bits: u32): usize {
  return scratchTimes(scratch) + (<usize>4 << bits);
}
// @ts-ignore: decorator
@inline export function scratchFirst(scratch: usize, bits: u32): usize {
  return scratchStack(scratch, bits) + (<usize>4 << bits);
}
/** How many more slots the pod may hold; its heap is full at 0. */
// @ts-ignore: decorator
@inline export function scratchRoom(scratch: usize, bits: u32): usize {
  return scratchFirst(scratch, bits) + (<usize>2 << bits);
}
/** Slots that the pod may hold in all. */
// @ts-ignore: decorator
@inline export function scratchQuota(scratch: usize, pods: u32, bits: u32): usize {
  return scratchRoom(scratch, bits) + <usize>lanes(pods) * 4;
}
/** Where the pod's heap begins. */
// @ts-ignore: decorator
@inline export function scratchHeap(scratch: usize, pods: u32, bits: u32): usize {
  return scratchQuota(scratch, pods, bits) + <usize>lanes(pods) * 4;
}
// @ts-ignore: decorator
@inline export function scratchHeaps(scratch: usize, pods: u32, bits: u32): usize {
  return scratchHeap(scratch, pods, bits) + <usize>lanes(pods) * 4;
}
