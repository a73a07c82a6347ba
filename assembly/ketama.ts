import { CRC, KEY } from "./layout";
import { addUp, bytesOf, count, openPoints, outsOf, podsOf, put, seek } from "./ring";

// The ring of ketama as nginx has it, and lua-resty-balancer and ingress-nginx after it: a pod of weight w has 160·w points,
// each the CRC-32 of its id followed by the four bytes of its last point (little-endian, 0 before the first). A key goes by
// its CRC-32.
//
// Behind the outs of the ring stand two lanes of the pods (u32 each): the CRC that its points continue, its points.
const LANES: u32 = 3;

/** Bytes of a ring. */
export function ringBytes(points: u32, pods: u32): usize {
  return bytesOf<u32>(points, pods, LANES);
}

// @ts-ignore: decorator
@inline function basesOf(ring: usize): usize {
  return outsOf(ring) + (<usize>podsOf(ring) << 2);
}
// @ts-ignore: decorator
@inline function sharesOf(ring: usize): usize {
  return basesOf(ring) + (<usize>podsOf(ring) << 2);
}

/** Four tables of CRC-32 (IEEE 802.3), so that four bytes cost one step. */
function layCrc(): void {
  for (let byte: u32 = 0; byte < 256; byte++) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (0xedb88320 & (0 - (crc & 1)));
    store<u32>(CRC + (<usize>byte << 2), crc);
  }
  for (let at: usize = CRC + 1024; at < CRC + 4096; at += 4) {
    const before = load<u32>(at - 1024);
    store<u32>(at, (before >>> 8) ^ load<u32>(CRC + (<usize>(before & 255) << 2)));
  }
}

// @ts-ignore: decorator
@inline function step(crc: u32, word: u32): u32 {
  const x = crc ^ word;
  return (
    load<u32>(CRC + (<usize>(x & 255) << 2), 3072) ^
    load<u32>(CRC + (<usize>((x >>> 8) & 255) << 2), 2048) ^
    load<u32>(CRC + (<usize>((x >>> 16) & 255) << 2), 1024) ^
    load<u32>(CRC + (<usize>(x >>> 24) << 2))
  );
}

function unfinished(length: u32): u32 {
  // Its second entry is no 0.
  if (load<u32>(CRC, 4) == 0) layCrc();
  let crc: u32 = 0xffffffff;
  let at: usize = KEY;
  for (const end = KEY + (length & ~3); at < end; at += 4) crc = step(crc, load<u32>(at));
  for (const end: usize = KEY + length; at < end; at++) {
    crc = (crc >>> 8) ^ load<u32>(CRC + (<usize>((crc ^ load<u8>(at)) & 255) << 2));
  }
  return crc;
}

/** CRC-32 of the first bytes of the key buffer. */
export function crc32(length: u32): u32 {
  return ~unfinished(length);
}

/** Makes a ring of so many points in all; then each pod is to be seated. */
export function openRing(ring: usize, points: u32, pods: u32): void {
  openPoints<u32>(ring, points, pods, LANES);
}

/** Seats a pod, whose id lies in the key buffer. */
export function seatPoints(ring: usize, index: u32, length: u32, points: u32): void {
  store<u32>(basesOf(ring) + (<usize>index << 2), unfinished(length));
  store<u32>(sharesOf(ring) + (<usize>index << 2), points);
}

/** Puts the points of all pods in order. */
export function buildRing(ring: usize): void {
  for (let pod: u32 = 0; pod < podsOf(ring); pod++) {
    const base = load<u32>(basesOf(ring) + (<usize>pod << 2));
    let point: u32 = 0;
    for (let left = load<u32>(sharesOf(ring) + (<usize>pod << 2)); left > 0; left--) {
      point = ~step(base, point);
      count<u32>(ring, point);
    }
  }
  addUp<u32>(ring);
  for (let pod: u32 = 0; pod < podsOf(ring); pod++) {
    const base = load<u32>(basesOf(ring) + (<usize>pod << 2));
    let point: u32 = 0;
    for (let left = load<u32>(sharesOf(ring) + (<usize>pod << 2)); left > 0; left--) {
      point = ~step(base, point);
      put<u32>(ring, point, pod);
    }
  }
}

/** The pod of a hash; NOBODY when all are out. */
export function onRing(ring: usize, hash: u32): u32 {
  return seek<u32>(ring, hash);
}
