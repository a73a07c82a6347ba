import { HASH, KEY } from "./layout";
import { addUp, bytesOf, count, openPoints, put, seek } from "./ring";
import { xx64 } from "./xxhash";

// The ring of Envoy's RING_HASH: a pod's points are xxHash64 of `address_0`, `address_1`, …; how many it has is the caller's rule. A
// key goes by its xxHash64.

/** Bytes of a ring. */
export function wideBytes(points: u32, pods: u32): usize {
  return bytesOf<u64>(points, pods, 1);
}

/** Makes a ring of so many points in all; then those of each pod are to be counted, summed up, and put. */
export function openWide(ring: usize, points: u32, pods: u32): void {
  openPoints<u64>(ring, points, pods, 1);
}

/** A point by its number; the address and `_` lie in the key buffer, and room behind them. */
function pointAt(length: u32, index: u32): u64 {
  let digits: u32 = 1;
  for (let rest = index / 10; rest > 0; rest /= 10) digits++;
  let rest = index;
  for (let at = KEY + length + digits - 1; at >= KEY + length; at--, rest /= 10) store<u8>(at, <u8>(48 + (rest % 10)));
  return xx64(length + digits, 0);
}

export function sumPoints(ring: usize): void {
  addUp<u64>(ring);
}

/** Counts the points of a pod, whose address and `_` lie in the key buffer, or puts them. */
export function putPoints(ring: usize, index: u32, length: u32, points: u32, puts: bool): void {
  for (let i: u32 = 0; i < points; i++) {
    const point = pointAt(length, i);
    if (puts) put<u64>(ring, point, index);
    else count<u64>(ring, point);
  }
}

/** The pod of the key that was hashed last; NOBODY when all are out. */
export function onWide(ring: usize): u32 {
  return seek<u64>(ring, load<u64>(HASH));
}
