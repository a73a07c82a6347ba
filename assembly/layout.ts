// The memory map. Each offset follows from the last; nothing else in this folder names an address of a table.
//
//   0           unused, so that no pointer is 0
//   HASH        xxHash64 of the last key that was hashed by it, u64
//   KEY         the key buffer: the bytes that the next hash reads
//   CRC         the tables of CRC-32, laid when they are first needed (ketama.ts)
//   REGIONS     from here on memory is handed out by the caller, in regions aligned to 16 bytes: a table (below), its race
//               (below), a ladder (f32 a slot), the scratch of a build (below), trees (least.ts), rings (ring.ts),
//               Maglev tables (maglev.ts)

export const HASH: usize = 16;
export const KEY: usize = 1024;
export const KEY_BYTES: usize = 64 * 1024;
export const CRC: usize = KEY + KEY_BYTES;
export const REGIONS: usize = CRC + 4096;

/** What a slot holds in owners, memo and race while no pod has it. */
export const NOBODY: u32 = 0xffff;

/** A lane of the pods is padded to whole vectors of four. */
export function lanes(pods: u32): u32 {
  return (pods + 3) & ~3;
}

export function aligned(bytes: usize): usize {
  return (bytes + 15) & ~15;
}

// A table: a head, owners (u16 a slot), memo (u16 a slot), then the lanes (4 bytes a pod each, with room for some more
// pods than are seated).
const HEAD_BITS: usize = 0;
const HEAD_PODS: usize = HEAD_BITS + 4;
const HEAD_LADDER: usize = HEAD_PODS + 4;
const HEAD_ROOM: usize = HEAD_LADDER + 4;
/** Σw of the pods that are not out, f64. */
export const HEAD_WEIGHT: usize = HEAD_ROOM + 4;
/** Requests in flight at the pods that are not out, f64. */
export const HEAD_INFLIGHT: usize = HEAD_WEIGHT + 8;
const OWNERS: usize = HEAD_INFLIGHT + 8;

/** How many lanes a table has. */
export const LANES: u32 = 11;

/** Bytes of a table of 2^bits slots with room for `room` pods. */
export function tableBytes(room: u32, bits: u32): usize {
  return aligned(OWNERS + (<usize>4 << bits) + <usize>lanes(room) * 4 * LANES);
}

export function setHead(table: usize, ladder: usize, pods: u32, bits: u32, room: u32): void {
  store<u32>(table, bits, HEAD_BITS);
  store<u32>(table, pods, HEAD_PODS);
  store<u32>(table, <u32>ladder, HEAD_LADDER);
  store<u32>(table, lanes(room), HEAD_ROOM);
}

export function setPods(table: usize, pods: u32): void {
  store<u32>(table, pods, HEAD_PODS);
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

/** A lane by its number. */
// @ts-ignore: decorator
@inline export function laneOf(table: usize, lane: u32): usize {
  return memoOf(table) + (<usize>2 << bitsOf(table)) + <usize>(lane * load<u32>(table, HEAD_ROOM)) * 4;
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
/** The inverses of b and c modulo 2^32. */
// @ts-ignore: decorator
@inline export function laneBackB(table: usize): usize {
  return laneOf(table, 7);
}
// @ts-ignore: decorator
@inline export function laneBackC(table: usize): usize {
  return laneOf(table, 8);
}
/** Slow start: the share of keys, of 2^32, that the pod takes; all at 2^32 − 1. */
// @ts-ignore: decorator
@inline export function laneThreshold(table: usize): usize {
  return laneOf(table, 9);
}
/** Requests in flight, u32. */
// @ts-ignore: decorator
@inline export function laneInflight(table: usize): usize {
  return laneOf(table, 10);
}

// A race: what the table would be without quotas; time (f32 a slot), first owner (u16 a slot). Kept, it makes a change of
// one pod cheap.

/** Bytes of a race over 2^bits slots. */
export function raceBytes(bits: u32): usize {
  return <usize>6 << bits;
}

// @ts-ignore: decorator
@inline export function timesOf(race: usize): usize {
  return race;
}
// @ts-ignore: decorator
@inline export function firstOf(race: usize, bits: u32): usize {
  return race + (<usize>4 << bits);
}

// The scratch of a build: a stack of slots (u32 a slot), two lanes.

/** Bytes of the scratch in which a table is built or settled. */
export function scratchBytes(room: u32, bits: u32): usize {
  return aligned((<usize>4 << bits) + <usize>lanes(room) * 8);
}

// @ts-ignore: decorator
@inline export function scratchStack(scratch: usize): usize {
  return scratch;
}
/** How many more slots the pod may hold, i32; below 0 it holds too many. */
// @ts-ignore: decorator
@inline export function scratchRoom(scratch: usize, bits: u32): usize {
  return scratch + (<usize>4 << bits);
}
/** The rank at which the pod's next slice of the race begins. */
// @ts-ignore: decorator
@inline export function scratchCursor(scratch: usize, bits: u32, pods: u32): usize {
  return scratchRoom(scratch, bits) + <usize>lanes(pods) * 4;
}
